"""The example of each command, printed at the end of its `--help`. A test parses and runs them all.

The names recur, so that the examples of one subject can be typed one after the other: the centre
KIBERA, its coordinator Grace (0711000001), the worker Amina (0711000002), and Asha, who decides
about money.
"""

from collections.abc import Mapping
from typing import Final

import typer
from rich.markup import escape

CLIENT: Final = "c_2336ea4baadfbdff84a2fff3"
PROJECT: Final = "p_5a1fbd27c0be14a6f2f0a1c9"
BATCH: Final = "b_d1a93dcb1fb9b8fa887c02bd"

EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "demo": ("demo --quick",),
    "up": ("up", "up --port 8080", "up --no-crowd"),
    "crowd": ("crowd",),
    "test-gateway": ("test-gateway",),
    "replay": (
        "replay --answers answers.csv --truth truth.csv --kind verification",
        "replay --answers answers.csv --kind verification --channel sms \\\n    --policy fixed:3 --limit-tasks 20",
        "replay --answers records.csv --kind entry --fields fields.json",
    ),
    "operators": ("operators --port 9000 --data-dir simulated",),
    "fill": ("fill --into past --answers 10000 --workers 100",),
    "bench": ("bench segments",),
    "doctor": ("doctor", "doctor --json -"),
    "api": ("api", "api --webhooks --port 8001", "api --clients --port 8002"),
    "runner": ("runner", "runner --heavy"),
    "ticker": ("ticker",),
    "migrate": ("migrate",),
    "backup": (
        "backup backup-1 --key-to keys/gateway.key",
        "backup backup-2 --without-key",
    ),
    "restore": ("restore backup-1 --key keys/gateway.key",),
    "secret": ("secret",),
    "channels": ("channels",),
    "channels kannel-conf": ("channels kannel-conf safaricom --out kannel.conf",),
    "weekly": ("weekly", "weekly --json -"),
    "inbox list": ("inbox list --limit 20",),
    "inbox show": ("inbox show 12",),
    "inbox replay": ("inbox replay 12", "inbox replay --all"),
    "inbox dismiss": ("inbox dismiss 12",),
    "outbox": ("outbox",),
    "archive": ("archive", "archive --dry-run", "archive --list"),
    "phrases check": ("phrases check",),
    "card print": ("card print 0711000002", "card print 0711000002 --html card.html"),
    "card verify": (
        "card verify 2Y3Q-HJES-GVF3 +254711000002 --trust kibera.json \\\n    --on 2026-11-30",
    ),
    "card revoke": ('card revoke 0711000002 --reason "the phone was stolen"',),
    "card key": ("card key --out kibera.json",),
    "card trust": ("card trust mathare.json",),
    "card distrust": ("card distrust mathare",),
    "card issuers": ("card issuers",),
    "lessons check": ("lessons check", "lessons check --folder lessons"),
    "sms count": (
        'sms count "Toi Market is next to Kibera." --suggest',
        "sms count --file question.txt --language sw --country KE",
    ),
    "qa aggregate": (
        "qa aggregate --answers answers.csv --out results.csv",
        "qa aggregate --answers answers.csv --truth truth.csv \\\n    --method dawid_skene",
        "qa aggregate --answers dates.csv --value date \\\n    --language sw --currency KES",
    ),
    "qa stopping": ("qa stopping --answers answers.csv --truth truth.csv",),
    "qa gold": ("qa gold --answers answers.csv --truth truth.csv --gold 20 --splits 20",),
    "qa explain": ("qa explain 266 --answers answers.csv",),
    "qa simulate": ("qa simulate --tasks 100 --workers 20 --skill 0.8",),
    "qa dry-run": (
        "qa dry-run --answers answers.csv --new-policy dynamic",
        f"qa dry-run --batch {BATCH} --new-policy dynamic",
    ),
    "qa rules": (f"qa rules {BATCH}",),
    "qa switch": (
        f'qa switch {BATCH} ce4e7bdbaca8 \\\n    --reason "two who agree are enough here" --by Wanjiku',
    ),
    "client add": ('client add "Kibera Mapping Trust"', "client add Kampala --currency UGX"),
    "client list": ("client list",),
    "client batches": (f"client batches {CLIENT}",),
    "client key add": (f"client key add {CLIENT} --days 90",),
    "client key list": (f"client key list {CLIENT}",),
    "client key revoke": (f"client key revoke {CLIENT} gw_9YSYK",),
    "client top-up": (f"client top-up {CLIENT} 500.00 --ref BANK-0412",),
    "client proof": (f"client proof {BATCH} --out proof.csv",),
    "recipes list": ("recipes list",),
    "recipes show": ("recipes show translate-text",),
    "recipes check": ("recipes check", "recipes check our-list.toml"),
    "project create": (
        f"project create {CLIENT} check-list Shops \\\n    --price 3.00 --set 'question=Is {{name}} open?'",
    ),
    "project file": (f"project file {PROJECT} shops.csv",),
    "project quote": (f"project quote {PROJECT}",),
    "project start": (f"project start {PROJECT}",),
    "project pause": (f"project pause {PROJECT}",),
    "project cancel": (f"project cancel {PROJECT}",),
    "project list": ("project list",),
    "project show": (f"project show {PROJECT}",),
    "project result": (f"project result {PROJECT} --out result.csv",),
    "project report": (f"project report {PROJECT} --out report.html",),
    "partner add": ('partner add KIBERA "Kibera Digital Centre"',),
    "partner list": ("partner list",),
    "partner show": ("partner show KIBERA",),
    "partner state": ('partner state KIBERA resting --because "moves to another building"',),
    "partner criterion": (
        "partner criterion KIBERA",
        'partner criterion KIBERA below_living_wage --figure 0.85 \\\n    --method "interviews of 40 hires" \\\n    --evidence "report 12" --checked-by Asha',
    ),
    "partner capacity": (
        "partner capacity KIBERA --language sw --language en \\\n    --workers 60 --answers 1500 --quota 0.5",
    ),
    "partner shares": (
        f"partner shares {BATCH}",
        f'partner shares {BATCH} \\\n    --accept --because "as proposed" --by Asha',
        f'partner shares {BATCH} \\\n    --set KIBERA=0.5 --because "they know these streets" --by Asha',
    ),
    "partner expense file": (
        'partner expense file KIBERA training 4500.00 --on 2026-11-12 \\\n    --document "receipt 118" --by Grace',
    ),
    "partner expense list": ("partner expense list KIBERA",),
    "partner expense check": ('partner expense check 1 --because "saw the receipt" --by Asha',),
    "partner expense refuse": ('partner expense refuse 2 --because "not a receipt" --by Asha',),
    "partner invoice draft": (
        "partner invoice draft KIBERA --to 2026-11-30",
        'partner invoice draft KIBERA --pay-in USD --rate 0.0077 \\\n    --rate-on 2026-11-30 --rate-source "Central Bank of Kenya"',
    ),
    "partner invoice list": ("partner invoice list KIBERA", "partner invoice list --unpaid"),
    "partner invoice show": ("partner invoice show KIBERA-2026-0001",),
    "partner invoice review": ("partner invoice review KIBERA-2026-0001 --by Asha",),
    "partner invoice reject": (
        'partner invoice reject KIBERA-2026-0001 \\\n    --because "a batch is missing" --by Asha',
    ),
    "partner invoice cancel": (
        'partner invoice cancel KIBERA-2026-0001 \\\n    --because "drafted too early" --by Asha',
    ),
    "partner invoice pay": (
        "partner invoice pay KIBERA-2026-0001 \\\n    --reference BANK-0977 --by Asha",
    ),
    "partner statement": (
        "partner statement KIBERA",
        "partner statement KIBERA --from 2026-11-01 --csv november.csv",
    ),
    "partner report": ("partner report", "partner report KIBERA --from 2026-07-01"),
    "coordinator add": ("coordinator add 0711000001 Grace --partner KIBERA",),
    "coordinator list": ("coordinator list",),
    "coordinator link": ("coordinator link 0711000001",),
    "coordinator links": ("coordinator links",),
    "coordinator revoke-link": ('coordinator revoke-link 1 --because "sent to a wrong number"',),
    "coordinator pin": ("coordinator pin 0711000001",),
    "coordinator cut-off": ('coordinator cut-off 0711000001 --because "phone stolen"',),
    "coordinator disable": (
        'coordinator disable 0711000001 --because "moved away" --to 0711000009',
    ),
    "worker expect": ("worker expect 0711000002 Amina --partner KIBERA",),
    "worker find": ("worker find Amina", "worker find 0711000002"),
    "worker show": ("worker show 0711000002",),
    "worker zone": ("worker zone 0711000002 Lubumbashi",),
    "moves list": ("moves list", "moves list --all"),
    "moves show": ("moves show 12",),
    "moves request": (
        'moves request Amina 0799000003 \\\n    --because "lost her SIM, came to the office"',
    ),
    "moves approve": ("moves approve 12 --by Asha",),
    "moves refuse": ('moves refuse 12 --by Asha --because "not her voice"',),
    "explain": (f"explain {BATCH} 4",),
    "fields": (f"fields {BATCH}",),
    "review list": ("review list",),
    "review staff list": ("review staff list",),
    "review staff add": ("review staff add 0711000002 --reason 'checked 200 records' --by Grace",),
    "review staff remove": (
        "review staff remove 0711000002 --reason 'trains others now' --by Grace",
    ),
    "audit next": (f"audit next {BATCH}",),
    "audit judge": (
        f"audit judge {BATCH} 7 yes --by Wanjiku",
        f"audit judge {BATCH} 8 --unclear --by Wanjiku",
    ),
    "batch history": (f"batch history {BATCH}", f"batch history {BATCH} --json -"),
    "batch exports": (f"batch exports {BATCH}",),
    "batch imports": (f"batch imports {BATCH}", f"batch imports {BATCH} --json -"),
    "batch preview": (f"batch preview {BATCH}", f"batch preview {BATCH} --tasks 3"),
    "batch quality": (f"batch quality {BATCH} --page quality.html",),
    "batch quote": (f"batch quote {BATCH}", f"batch quote {BATCH} --json -"),
    "review decide": (f"review decide {BATCH} 7 yes --by Wanjiku",),
    "appeals list": ("appeals list", "appeals list --decided"),
    "appeals show": ("appeals show A2222N",),
    "appeals decide": (
        'appeals decide A2222N --worker-right --by Asha \\\n    --reason "the shop moved in May"',
        'appeals decide A2222N --stands --by Asha \\\n    --reason "the sign says closed"',
    ),
    "reviewers": ("reviewers", "reviewers --days 90 --json -"),
    "gold list": (f"gold list {BATCH}",),
    "gold correct": (
        f'gold correct {BATCH} g3 house \\\n    --reason "it was torn down" --by Wanjiku',
    ),
    "options same": (
        f'options same {BATCH} kiosk shop \\\n    --reason "a kiosk is a shop in Kibera"',
    ),
    "options label": (
        f'options label {BATCH} kiosk kibanda \\\n    --language sw --misled --reason "it said duka"',
    ),
    "findings list": ("findings list",),
    "findings show": ("findings show 3",),
    "findings close": ('findings close 3 "she moved house; all is well"',),
    "payouts list": ("payouts list",),
    "payouts evidence": ("payouts evidence P7K2QX",),
    "payouts show": ("payouts show P7K2QX",),
    "payouts resolve": ("payouts resolve P7K2QX --as paid --receipt SIMO7R5DQB --by Asha",),
    "payouts arrivals": ("payouts arrivals",),
    "payouts release-run": (
        'payouts release-run P7K2QX --found missing --by Asha \\\n    --because "the portal shows another number"',
    ),
    "payouts person": ("payouts person Asha",),
    "payouts breaker": ("payouts breaker",),
    "payouts explain": ('payouts explain 4 --by Asha --because "a fee of the bank"',),
    "holds list": ("holds list",),
    "holds release": ("holds release P7K2QX --who Asha",),
    "approvals list": ("approvals list",),
    "batch allow-below-floor": (
        f'batch allow-below-floor {BATCH} \\\n    --by Asha --because "lessons, paid by a donor"',
    ),
    "fairness": ("fairness",),
    "batch pay": (f"batch pay {BATCH}",),
    "approvals prepare": ("approvals prepare --by Asha", "approvals prepare P7K2QX --by Asha"),
    "approvals show": ("approvals show 1",),
    "approvals approve": ("approvals approve 1 --code 9c0f4e2ab71d --by Juma",),
    "approvals refuse": ('approvals refuse P7K2QX --because "not her phone" --by Juma',),
    "approvals reversal": ("approvals reversal P7K2QX --whose worker --by Asha",),
    "persons list": ("persons list",),
    "persons add": ("persons add Juma --by Asha",),
    "persons rekey": ("persons rekey Juma --by Asha",),
    "persons disable": ('persons disable Juma --by Asha --because "left the organisation"',),
    "manual export": ("manual export bank --out today.csv",),
    "manual confirm": ("manual confirm bank paid.csv --by Grace",),
    "statements import": ("statements import mpesa yesterday.csv",),
    "impact": (
        "impact",
        "impact --from 2026-10-01 --html impact.html --pdf impact.pdf",
    ),
    "fairwork": ("fairwork --from 2026-01-01 --to 2026-12-31 --out fairwork.json",),
    "fairwork verify": ("fairwork verify fairwork.json",),
    "wind-down": ("wind-down --from backup-1 --key keys/gateway.key", "wind-down"),
    "wind-down statement": ("wind-down statement mpesa since-backup.csv --by Asha",),
    "wind-down nothing-since": (
        'wind-down nothing-since bank --because "it was stopped" --by Asha',
    ),
    "wind-down found": (
        "wind-down found",
        "wind-down found SIMO7R5DQB --provider mpesa --worker 7 --by Asha",
    ),
    "wind-down prepare": ("wind-down prepare --by Asha",),
    "wind-down owed": ("wind-down owed --csv owed.csv",),
    "wind-down check": ("wind-down check P7K2QX-4TJ8-9QN3",),
    "ledger audit": ("ledger audit",),
    "ledger seal": ("ledger seal",),
    "ledger verify": ("ledger verify", "ledger verify --statement amina.txt"),
    "ledger statement": ("ledger statement 7 --from 2026-11-01",),
    "ledger trace": ("ledger trace P7K2QX",),
    "ledger float": ("ledger float mpesa",),
    "ledger float-top-up": ("ledger float-top-up mpesa 50000 --receipt SIMO7R5DQB",),
    "ledger taxes": ("ledger taxes --month 2026-11 --csv taxes.csv",),
    "ledger tax-paid": ("ledger tax-paid KE WHT --month 2026-11 --reference KRA-1193",),
    "ledger adjust": ("ledger adjust 17",),
    "ledger disputes": ("ledger disputes",),
    "ledger decide": ("ledger decide WJGMWK --who Grace --uphold",),
    "ledger grants": ("ledger grants gateway_app",),
}


def add_examples(app: typer.Typer, above: tuple[str, ...] = ()) -> None:
    """Add examples at the end of the help of each command and group of `app`.

    A group shows the first example of its commands.
    """
    for command in app.registered_commands:
        name = command.name or getattr(command.callback, "__name__", "").replace("_", "-")
        command.epilog = epilog(" ".join((*above, name)))
    for group in app.registered_groups:
        path = (*above, group.name or "")
        group.epilog = epilog(" ".join(path))
        if group.typer_instance is not None:
            add_examples(group.typer_instance, path)


def epilog(command: str) -> str | None:
    """Return the end of a command's or group's help, or None, about which a test complains."""
    lines = EXAMPLES.get(command) or next(
        (lines for name, lines in EXAMPLES.items() if name.startswith(f"{command} ")), ()
    )
    if not lines:
        return None
    title = "Examples:" if len(lines) > 1 else "Example:"
    return escape("\n".join((title, *(f"gateway {line}" for line in lines))))
