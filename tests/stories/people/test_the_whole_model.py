# pyright: basic
"""The whole model on simulated phones: from two partners and one file to the impact report."""

from datetime import UTC, datetime

from gateway.base.ids import answer_ref
from gateway.payments.ledger.chart_of_accounts import Code
from gateway.steps.people import persons
from gateway.steps.people.appeals.decide import AppealDecision, decide_appeal
from gateway.steps.people.impact import impact_report
from gateway.steps.people.partners import invoicing, spending
from gateway.steps.people.partners.view import partner_view
from gateway.steps.people.register import add_coordinator
from gateway.store.people.partners import earnings, invoices, profiles
from tests.stories.people.test_a_partner import is_admitted, spent
from tests.stories.quality.test_five_steps import audits
from tests.support.projects import held_question, makes_project

WORKERS = 40
SHOPS = "name,town\n" + "".join(f"Shop {n},{'Kibera' if n % 2 else 'Mathare'}\n" for n in range(8))
PRICE, OF_PARTNER = 300, 101
KES = "KES"


async def work(town, people, key):
    """Let workers answer until no question is left for them; `key` tells a worker's key.

    All others dial for their questions, so that none is sent to them meanwhile.
    """
    names = [person.index for person in people]
    await town.rt.db.execute(
        "update worker set reach = 'ussd' where not msisdn_index = any ($1)", names
    )
    idle = 0
    while idle < 2:
        # The minutes in which a worker lets others go first are over.
        await town.rt.db.execute("update worker set yields_until = null")
        idle += 1
        for person in people:
            if await held_question(town, person) is None:
                await person.texts("WORK")
                await town.answers_bells()
            held = await held_question(town, person)
            if held is not None:
                await person.texts(key(person.name, held["text"]))
                idle = 0
        await town.ticks()


async def learns(person, *answers):
    """Go through a lesson to its practice, and answer it."""
    said = await person.texts("LEARN")
    while "Practice 1" not in (said or ""):
        said = await person.texts("1")
    for key in answers:
        said = await person.texts(key)
    return said


async def test_from_two_partners_and_a_file_to_the_impact_report(town):  # noqa: PLR0915  # one story
    rt = town.rt
    keys = {name: (await persons.add_person(rt, name)).key for name in ("Asha", "Juma")}

    # Two partners, each with a coordinator and twenty workers.
    await is_admitted(town)
    await add_coordinator(rt, "+254722000002", "Otieno", "en", "MATHARE")
    people = []
    for n in range(WORKERS):
        person = town.meets(f"w{n}")
        await person.joins(f"JOIN {'MATHARE' if n % 2 else 'KIBERA'}")
        people.append(person)
    assert await town.count("worker", "state = 'active'") == WORKERS

    # A worker learns first. It costs her nothing, and she passes.
    assert "you passed" in await learns(people[0], *"12312312")
    assert await people[0].balance_minor() == 0

    # A client sends a file. It becomes tasks, and comes back as a file.
    project = await makes_project(
        town.client,
        "check-list",
        SHOPS,
        question="Is {Name} in {town} open?",
        policy="fixed:3",
    )
    await project.changes("start")
    await town.answers_bells()
    await work(town, people, lambda _, text: "2" if "Shop 3" in text else "1")
    await town.ticks()
    assert (await project.shows())["state"] == "done"
    rows = await project.rows()
    assert [row["result"] for row in rows] == ["no" if n == 3 else "yes" for n in range(8)]
    assert "<svg" in (await project.asks("GET", "/report")).text

    # A careless worker misses hidden gold. She learns again, and her questions go on.
    gold = [{"id": f"g{n}", "text": f"Gold {n}?", "gold": "no"} for n in range(5)]
    taught = await town.posts_batch(
        "Task?",
        tasks=gold,
        gold_rate=0.1,
        policy="fixed:3",
        partner_price="1.01",
    )
    careless, careful = people[2], people[3:5]
    await work(town, [careless], lambda *_: "1")
    assert "text LEARN" in " ".join(await careless.messages())
    assert "you passed" in await learns(careless, *"21312312")
    await work(town, careful, lambda _, text: "2" if "Gold" in text else "1")
    await town.ticks()
    assert (await taught.shows())["state"] == "done"

    # She does not agree about one answer. Another person looks, and she was right.
    missed = await town.value(
        """select a.id from answer a join task t on t.id = a.task_id
           where a."right" = false and a.worker_id = $1 order by a.id limit 1""",
        await careless.id(),
    )
    ref = answer_ref(missed)
    assert 'Right: "No"' in await careless.texts(f"WHY {ref}")
    assert ref in await careless.texts(f"APPEAL {ref}")
    await town.ticks()
    done = await decide_appeal(
        rt, AppealDecision(ref, worker_right=True, by="Asha", reason="I was there")
    )
    await town.answers_bells()
    assert done.state == "upheld"
    assert "you were right" in (await careless.messages())[-1]

    # Doubtful tasks go to paid reviewers, a sample is audited, and the client accepts.
    checked = await town.posts_batch(
        *(f"Stall {n}?" for n in range(12)),
        policy="fixed:2",
        partner_price="1.01",
        review={"price": "10.00", "share": 1.0, "below": 0.6},
        audit={"promise": 0.5, "half_width": 0.2},
    )
    pair, reviewers = people[5:7], people[8:10]
    await work(
        town, pair, lambda name, text: "2" if name == "w6" and text.startswith("Stall 1?") else "1"
    )
    for person in reviewers:
        await rt.db.execute(
            """insert into skill (worker_id, kind, "right", wrong, gold_right, learned_at, answers)
               values ($1, 'verification', 40, 1, 40, now(), 40) on conflict (worker_id, kind)
               do update set "right" = 40, wrong = 1, gold_right = 40""",
            await person.id(),
        )
    await town.ticks()
    await work(town, reviewers, lambda *_: "1")
    await town.ticks()
    await audits(town, checked, set())
    await town.ticks()
    assert (await checked.shows())["state"] == "done"
    assert (await checked.results())["t2"]["rule"] in ("review", "audit")
    accepted = await town.client.asks(
        "POST", f"/batches/{checked.id}/accept", json={"by": "Client"}
    )
    assert accepted.json()["state"] == "accepted"
    report = (await town.client.asks("GET", f"/batches/{checked.id}/quality")).json()
    steps = {step["name"]: step for step in report["steps"]}
    assert steps["review"]["used"]
    assert steps["audit"]["used"]

    # Workers are paid.
    rich = [person for person in people if await person.balance_minor() >= 1000]
    assert len(rich) >= 2
    for person in rich:
        await person.texts("PAY")
    await town.pays_out()
    await town.ticks()
    paid = await town.value("select coalesce(sum(amount), 0)::bigint from payout where settled_at is not null")  # fmt: skip
    assert town.operator_books()["paid_minor"] == paid > 0
    assert town.operator_books()["duplicates"] == 0

    # Each partner spends on training, and is paid by an invoice that two persons have seen.
    for code in ("KIBERA", "MATHARE"):
        number = await spending.file_expense(rt, code, spent(town, "2.00", f"receipt {code}"), by="Otieno")  # fmt: skip
        await spending.check_filed(rt, number, by="Asha", key=keys["Asha"], because="seen")
        has = (await partner_view(rt, code, 100)).balances[0]
        made = await invoicing.draft(rt, code, KES, by="Otieno", because="of the month")
        assert made.amount_minor == has.payable_minor
        for name, key in keys.items():
            await invoicing.review(rt, made.number, by=name, key=key, because="right")
        payment = invoicing.Payment("bank", f"BANK {code}")
        await invoicing.pay(rt, made.number, payment, by="Juma", key=keys["Juma"], because="sent")
        partner = (await profiles.by_code(rt.db, code)).id
        assert (await earnings.balance(rt.db, partner, KES)).payable_minor == 0

    # The report tells what the ledger tells, to the cent.
    codes = {
        Code(row["code"]): row["amount"]
        for row in await rt.db.rows(
            "select code, sum(amount)::bigint as amount from transfer group by code"
        )
    }
    today = datetime.now(UTC).date()
    found = await impact_report(rt, today.replace(day=1), town.clock.now().date())
    figures = {one.key: one for section in found.sections for one in section.figures}
    wages = sum(codes.get(code, 0) for code in (Code.EARN, Code.BONUS, Code.FLOOR_TOP_UP))
    wages -= codes.get(Code.CORRECT_DOWN, 0)
    assert figures["wages.KES"].value == wages
    assert figures["paid_out.KES"].value == codes[Code.SETTLE] == paid
    earned = sum([await person.earned_minor() for person in people])
    assert wages == earned + codes.get(Code.BONUS, 0) - codes.get(Code.CORRECT_DOWN, 0)
    partners = sum(one.amount_minor for one in await invoices.listed(rt.db, "KIBERA"))
    partners += sum(one.amount_minor for one in await invoices.listed(rt.db, "MATHARE"))
    assert partners == codes[Code.PARTNER_PAID]
    spent_minor = (await project.shows())["money"]["spent_minor"]
    for batch in (taught, checked):
        spent_minor += (await batch.shows())["money"]["spent_minor"]
    assert figures["revenue.KES"].value == spent_minor + codes.get(Code.BONUS, 0)
    await town.has_right_books()
