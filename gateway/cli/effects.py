"""The effects of each command on a gateway. A test compares this table with all commands.

A command that reads makes no folder, no key and no server, and its database session is read-only. A
command that is not listed counts as one that writes.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from typer._click.globals import get_current_context  # typer has no public function for this


class Effect(StrEnum):
    """The possible effect of a command."""

    OFFLINE = "offline"
    """The command touches no gateway. It only computes or prints."""
    READS = "reads"
    """The command reads a running gateway."""
    REPORTS = "reports"
    """The command makes a document from a gateway that may have been stopped. Its servers are
    started while it runs, and its database session is read-only.
    """
    WRITES = "writes"
    """The command changes an existing gateway, whose servers are started while it runs."""
    MAKES = "makes"
    """The command makes a gateway if there is none."""
    SIMULATES = "simulates"
    """The command makes a gateway of its own, in a folder of its own."""


def _table(effect: Effect, *commands: str) -> dict[str, Effect]:
    return dict.fromkeys(commands, effect)


EFFECTS: Final[Mapping[str, Effect]] = {
    **_table(
        Effect.MAKES,
        "up",
        "api",
        "runner",
        "ticker",
        "crowd",
        "test-gateway",
        "migrate",
        "restore",
        "wind-down",
    ),
    **_table(Effect.SIMULATES, "demo", "replay", "bench", "operators", "fill"),
    **_table(
        Effect.OFFLINE,
        "channels kannel-conf",
        "ledger grants",
        "card verify",
        "lessons check",
        "phrases check",
        "recipes check",
        "recipes list",
        "recipes show",
        "qa aggregate",
        "qa explain",
        "qa gold",
        "qa simulate",
        "qa stopping",
        "secret",
        "sms count",
    ),
    **_table(
        Effect.READS,
        "appeals list",
        "appeals show",
        "card issuers",
        "card key",
        "approvals list",
        "approvals show",
        "audit next",
        "batch history",
        "batch exports",
        "batch imports",
        "batch pay",
        "batch preview",
        "batch quality",
        "batch quote",
        "channels",
        "client batches",
        "client key list",
        "client list",
        "client proof",
        "coordinator links",
        "coordinator list",
        "doctor",
        "explain",
        "fairness",
        "fields",
        "findings list",
        "findings show",
        "gold list",
        "holds list",
        "inbox list",
        "inbox show",
        "ledger audit",
        "ledger disputes",
        "ledger float",
        "ledger statement",
        "ledger taxes",
        "ledger trace",
        "ledger verify",
        "moves list",
        "moves show",
        "outbox",
        "partner expense list",
        "partner invoice list",
        "partner list",
        "partner show",
        "payouts arrivals",
        "payouts breaker",
        "payouts evidence",
        "payouts show",
        "payouts list",
        "persons list",
        "project list",
        "project show",
        "qa rules",
        "review list",
        "review staff list",
        "reviewers",
        "weekly",
        "worker find",
        "worker show",
    ),
    **_table(
        Effect.REPORTS,
        "fairwork verify",
        "impact",
        "partner invoice show",
        "partner report",
        "partner statement",
        "project report",
        "project result",
    ),
    **_table(
        Effect.WRITES,
        "appeals decide",
        "card distrust",
        "card print",
        "card revoke",
        "card trust",
        "approvals approve",
        "approvals prepare",
        "approvals refuse",
        "approvals reversal",
        "archive",
        "backup",
        "audit judge",
        "batch allow-below-floor",
        "client add",
        "client key add",
        "client key revoke",
        "client top-up",
        "coordinator add",
        "coordinator cut-off",
        "coordinator disable",
        "coordinator link",
        "coordinator pin",
        "coordinator revoke-link",
        "findings close",
        "gold correct",
        "holds release",
        "inbox dismiss",
        "inbox replay",
        "ledger adjust",
        "ledger decide",
        "ledger float-top-up",
        "ledger seal",
        "ledger tax-paid",
        "manual confirm",
        "manual export",
        "moves approve",
        "moves refuse",
        "moves request",
        "options label",
        "options same",
        "partner add",
        "partner capacity",
        "partner criterion",
        "partner expense check",
        "partner expense file",
        "partner expense refuse",
        "partner invoice cancel",
        "partner invoice draft",
        "partner invoice pay",
        "partner invoice reject",
        "partner invoice review",
        "partner shares",
        "partner state",
        "project cancel",
        "project create",
        "project file",
        "project pause",
        "project quote",
        "project start",
        "persons add",
        "persons disable",
        "persons rekey",
        "payouts explain",
        "payouts person",
        "payouts release-run",
        "payouts resolve",
        "qa dry-run",
        "qa switch",
        "review decide",
        "review staff add",
        "review staff remove",
        "statements import",
        "fairwork",
        # Both only read, but they must work on a gateway that has ended, whose servers are down.
        "wind-down check",
        "wind-down owed",
        "wind-down found",
        "wind-down nothing-since",
        "wind-down prepare",
        "wind-down statement",
        "worker expect",
        "worker zone",
    ),
}


def current() -> Effect:
    """Return the effect of the running command.

    Outside of any command, as in another program of the gateway, it is `writes`.
    """
    words, context = list[str](), get_current_context(silent=True)
    while context is not None and context.parent is not None:
        words.append(context.info_name or "")
        context = context.parent
    return EFFECTS.get(" ".join(reversed(words)), Effect.WRITES)
