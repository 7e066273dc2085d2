"""M-PESA is asked what it holds for us, and tells it later, on a path of the question's own."""
# pyright: basic

import json
from pathlib import Path

import pytest

from gateway.cli.doctor.operators import operators
from gateway.payments.ledger.postings import float_top_up
from gateway.simulator.faults import FaultPlan
from gateway.steps.payouts.floats.compare_floats import compare_float
from gateway.store.ledger import transfers
from gateway.store.payouts import float_queries, floats

BALANCE = Path(__file__).parents[2] / "payments/recorded/mpesa_balance.json"


@pytest.fixture
async def asked(town):
    """A town that asks M-PESA for its balance, and whose books know all of its float."""
    await float_queries.plan_queries(town.rt.db, ["mpesa"])
    funds = town.operators.books.funds()
    minor = funds.utility_minor + funds.charges_minor
    posting = float_top_up("mpesa", "opening", minor, "KES")
    accounts = [await town.rt.accounts.get(one) for one in (posting.debit, posting.credit)]
    async with town.rt.db.transaction() as db:
        await transfers.post(db, posting, *accounts)
    return town


async def goes_by(town, **time):
    await town.ticks(**time)
    await town.operators.daraja.post.settle()
    await town.answers_bells()


async def float_of(town):
    return await town.value("select float from provider_health where provider = 'mpesa'")


async def gap_of(town):
    return {row["provider"]: row["gap"] for row in await floats.gaps(town.rt.db)}.get("mpesa", 0)


async def questions(town):
    rows = town.operators.books.db.execute("SELECT count(*) FROM call WHERE kind = 'balance'")
    return rows.fetchone()[0]


async def earns_150(town, name):
    """The fee of KES 150 is KES 5."""
    person = await town.enrols(name)
    await town.posts_batch(f"Is {name} open?", f"Is {name} clean?", price="75.00")
    for words in ("WORK", "1", "1"):
        await person.texts(words)
    await town.answers_bells()
    return person


async def test_each_hour_and_to_the_cent_with_the_charges(asked):
    before = await questions(asked)
    await goes_by(asked)
    assert await float_of(asked) == asked.operators.books.funds().utility_minor
    amina = await earns_150(asked, "amina")
    await amina.texts("PAY")
    await asked.pays_out()
    assert await asked.count("transfer", "code = 14 and amount = 500") == 1
    await goes_by(asked, minutes=30)
    assert await questions(asked) == before + 1
    await goes_by(asked, minutes=31)
    assert await questions(asked) == before + 2
    assert await float_of(asked) == asked.operators.books.funds().utility_minor
    assert await gap_of(asked) == 0, "payments and charges are all in our books"
    found = await compare_float(asked.rt, "mpesa")
    assert found.gap_minor == 0


async def test_money_taken_at_the_portal_is_seen_within_the_hour(asked):
    await goes_by(asked)
    asked.operators.books.move_float(-700, "nobody told us")
    await goes_by(asked, minutes=61)
    assert await gap_of(asked) == -700
    assert any(
        "-700 minor units different from the gateway's books" in f.said
        for f in await operators(asked.rt)
    )
    asked.operators.books.move_float(700, "put right")
    await goes_by(asked, minutes=61)
    assert await gap_of(asked) == 0


async def test_only_the_newest_question_is_answered_once_and_soon(asked):
    """A caller that does not know the path, or comes late, or comes again, changes nothing."""
    body = BALANCE.read_bytes()
    lost = FaultPlan(seed=7, rates={"balance": {"result_lost": 1.0}})
    asked.operators.set_plan(lost)
    await goes_by(asked)
    assert await float_of(asked) is None

    async def posts(token, said=body):
        return (await asked.http.post(f"/hooks/p/{token}", content=said)).status_code

    async def paths():
        row = await asked.rt.db.row("select result_token, timeout_token from float_question")
        return row["result_token"], row["timeout_token"]

    first, timeout = await paths()
    assert await posts("0" * 32) == 404
    assert await posts(timeout) == 200
    assert (
        await posts(first, b'{"Result":{"ResultType":0,"ResultCode":2001,"ResultDesc":"no"}}')
        == 200
    )
    assert await float_of(asked) is None
    assert not await asked.count("provider_pause"), "that we may not ask for it stops no payment"
    asked.clock.advance(minutes=16)
    assert await posts(first) == 200
    assert await float_of(asked) is None, "it was true a while ago"
    assert any("and not answered" in f.said for f in await operators(asked.rt))

    await goes_by(asked, minutes=50)
    second, _ = await paths()
    assert await posts(first) == 404, "nobody's any more"
    assert await posts(second) == 200
    assert await float_of(asked) == 228_037_00
    again = json.loads(body)
    again["Result"]["ResultParameters"]["ResultParameter"][0]["Value"] = (
        "Utility Account|KES|1.00|1.00|0|0"
    )
    assert await posts(second, json.dumps(again).encode()) == 200
    assert await float_of(asked) == 228_037_00


async def test_what_waits_for_a_top_up_goes_on_within_five_minutes_of_it(asked):
    books = asked.operators.books
    before = books.funds().utility_minor
    books.move_float(1_000 - before, "drawn")
    try:
        await goes_by(asked)
        amina = await earns_150(asked, "amina")
        await amina.texts("PAY")
        await goes_by(asked)
        assert (await asked.value("select reason from payout")) == "waits: float"
        assert "topped up" in (await amina.messages())[-1]
        for _ in range(4):
            await goes_by(asked, minutes=6)
        books.move_float(100_000, "top-up")
        await goes_by(asked, minutes=5, seconds=1)
        await asked.pays_out()
        assert await asked.value("select state from payout") == "paid"
        assert await asked.count("payout") == 1, "never sent in vain"
    finally:
        books.move_float(before - books.funds().utility_minor, "back")
