"""Each shilling can be followed from the answer to the receipt.

The path can be printed on paper that proves itself.
"""

from datetime import UTC, datetime

import pytest

from gateway.payments.ledger.statement import differences
from gateway.store.ledger import statements, traces


@pytest.fixture
async def amina(town):
    """Amina earned KES 30 with two answers, and was paid 20 of them."""
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?", price="15.00")
    for words in ("WORK", "1", "2", "PAY 20"):
        await amina.texts(words)
    await town.pays_out()
    return amina


async def printed(town) -> str:
    worker = await town.value("select id from worker")
    scope = await statements.scope_for(town.rt.db, worker, None, datetime.now(UTC).date())
    return await statements.statement(town.rt.db, scope)


async def test_every_shilling_of_a_payout_names_its_answer_and_its_receipt(town, amina):
    payout = await town.rt.db.row("select ref, receipt from payout")
    links = await traces.of_payout(town.rt.db, payout["ref"])
    # each worker has an order of her own
    first, second = [task for task, _ in await amina.answers()]
    assert [(x.answer["task"], x.amount_minor, x.fate) for x in links] == [
        (first, 1500, "paid"),
        (second, 500, "paid"),
    ]
    assert {x.payout["receipt"] for x in links} == {payout["receipt"]}
    assert f"receipt {payout['receipt']}" in traces.trace_line(links[0])

    second = await town.value("select max(id) from answer")
    fates = [(x.amount_minor, x.fate) for x in await traces.of_answer(town.rt.db, second)]
    assert fates == [(500, "paid"), (1000, "owed")]
    assert await traces.of_payout(town.rt.db, "NOSUCH") == []
    assert await traces.of_answer(town.rt.db, 0) == []


async def test_money_that_came_back_pays_the_same_answers_again(town):
    chege = town.meets("chege", "+254712092040")  # the simulator knows no customer there
    await chege.texts("JOIN KIBERA")
    await chege.texts("YES")
    await town.posts_batch("Is it open?", price="15.00")
    for words in ("WORK", "1", "PAY"):
        await chege.texts(words)
    ref = await town.value("select ref from payout")
    assert [x.fate for x in await traces.of_payout(town.rt.db, ref)] == ["on_way"]
    await town.pays_out()
    assert await traces.of_payout(town.rt.db, ref) == []
    (owed,) = await traces.of_answer(town.rt.db, await town.value("select id from answer"))
    assert (owed.fate, owed.amount_minor) == ("owed", 1500)


async def test_a_statement_tells_all_and_is_known_again_later(town, amina):
    text = await printed(town)
    payout = await town.rt.db.row("select ref, receipt from payout")
    assert f"{payout['ref']} paid, receipt {payout['receipt']}" in text
    assert "In 30.00, out 20.00, balance 10.00 KES" in text
    assert "Checksum " in text
    # More happens; the paper from before stays genuine.
    await amina.texts("PAY")
    assert await statements.check_statement(town.rt.db, text) == []
    retyped = "\r\n".join(f"{line}   " for line in text.splitlines())
    assert await statements.check_statement(town.rt.db, retyped) == []


@pytest.mark.parametrize(
    ("was", "forged"),
    [("15.00", "16.00"), ("balance 10.00", "balance 90.00"), ("Answer", "Reward")],
)
async def test_a_forged_statement_is_told_by_line(town, amina, was, forged):
    wrong = await statements.check_statement(
        town.rt.db, (await printed(town)).replace(was, forged, 1)
    )
    assert wrong
    assert "the books say" in wrong[0]


async def test_a_line_taken_out_of_a_statement_is_seen(town, amina):
    text = await printed(town)
    shorter = "\n".join(x for x in text.splitlines() if "cash-out" not in x)
    assert differences(shorter, text)
    assert await statements.check_statement(town.rt.db, "Dear Sir, she earned a lot") != []
