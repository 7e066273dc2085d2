"""Money on its way to a phone: held, sent once, asked about, settled, told once."""

import asyncio

import pytest

from gateway.app import STEPS
from gateway.simulator.faults import FaultPlan
from gateway.steps.turns import load
from gateway.store.turns import inbox


@pytest.fixture
async def amina(town):
    """Amina has earned KES 30."""
    (amina,) = await town.earned("amina")
    return amina


async def paid_texts(amina):
    return [words for words in await amina.messages() if words.startswith("We sent you")]


async def test_pay_all_the_way(town, amina):
    reply = await amina.texts("PAY")
    assert "You asked for KES 30. Ref " in reply
    ref = reply.split("Ref ")[1][:6]
    assert await amina.balance_minor() == 0, "held at once"
    assert f"KES 30 is on its way. Ref {ref}" in await amina.texts("BAL")

    await town.pays_out()
    payout = await town.rt.db.row("select * from payout")
    assert payout["state"] == "paid"
    (told,) = await paid_texts(amina)
    assert payout["receipt"] in told
    assert ref in told
    assert town.operator_books() == {"paid_minor": 3000, "payouts": 1, "duplicates": 0}
    events = await town.rt.db.rows("select event from payout_event order by id")
    assert [row["event"] for row in events][:2] == ["request", "claim"]
    assert events[-1]["event"] == "paid"


async def test_a_reference_that_another_payout_has_is_not_given_again(town, amina, monkeypatch):
    """Six signs are 387 million references.

    Among a million payouts every 400th draw is one that is taken.
    """
    (zawadi,) = await town.earned("zawadi")
    taken = (await zawadi.texts("PAY")).split("Ref ")[1][:6]
    draws = iter([taken, taken])
    monkeypatch.setattr(load, "new_ref", lambda: next(draws, "FRESH2"))
    assert "You asked for KES 30. Ref FRESH2" in await amina.texts("PAY")
    await town.pays_out()
    assert town.operator_books() == {"paid_minor": 6000, "payouts": 2, "duplicates": 0}


async def test_the_operators_callback_is_a_hint_and_only_our_own_question_settles(town, amina):
    """An attacker who learns the address could post a callback.

    Nothing is believed that was not asked for.
    """
    town.operators.set_plan(FaultPlan(seed=7, rates={"b2c": {"result_lost": 1.0}}))
    await amina.texts("PAY")
    await town.ticks()
    payout = await town.rt.db.row("select * from payout")
    assert payout["state"] == "submitted", "accepted is not paid"
    success = {
        "Result": {
            "ResultType": 0,
            "ResultCode": 0,
            "ResultDesc": "The service request is processed successfully.",
            "OriginatorConversationID": payout["key"],
            "ConversationID": "AG_1",
            "TransactionID": "FORGED0001",
        }
    }
    answer = await town.http.post(f"/hooks/p/{payout['result_token']}", json=success)
    assert answer.status_code == 200
    assert await town.value("select state from payout") == "submitted"
    assert await paid_texts(amina) == []
    await town.pays_out()
    asked = town.operators.books.db.execute(
        "SELECT count(*) FROM call WHERE kind = 'status' AND key = ?", (payout["key"],)
    ).fetchone()
    assert asked[0] >= 1
    assert await town.value("select receipt from payout") != "FORGED0001"


async def test_pay_twice_is_one_payout(town, amina):
    await asyncio.gather(*(amina.sends("PAY") for _ in range(5)))
    assert await town.count("payout") == 1
    assert "already sending you KES 30" in await amina.texts("PAY")
    await town.pays_out()
    assert town.operator_books()["paid_minor"] == 3000
    assert len(await paid_texts(amina)) == 1
    assert "no money to cash out" in await amina.texts("PAY")


async def test_pay_by_sms_and_ussd_at_once_is_one_payout(town, amina):
    await amina.dials()
    await amina.presses("3")
    here = "*".join(amina.keys)
    await asyncio.gather(amina.steps(f"{here}*1"), amina.sends("PAY"), amina.sends("PAY 20"))
    assert await town.count("payout") == 1
    assert await amina.balance_minor() >= 0


async def test_a_part_of_it(town, amina):
    assert "KES 20" in await amina.texts("PAY 20")
    await town.pays_out()
    assert await amina.balance_minor() == 1000
    assert "KES 10" in (await paid_texts(amina))[0], "and she is told what is left"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("PAY 31", "we can send KES 30 at most"),
        ("PAY 9", "The least we can send is KES 10"),
        ("PAY 10.50", "whole amount"),
        ("PAY everything now", "did not understand the amount"),
    ],
)
async def test_an_amount_that_cannot_be_sent_is_explained_and_nothing_moves(
    town, amina, words, said
):
    assert said in await amina.texts(words)
    assert await town.count("payout") == 0
    assert await amina.balance_minor() == 3000


async def test_cash_out_by_ussd_asks_before_anything_is_sent(town, amina):
    await amina.dials()
    assert "Send KES 30 to this phone?" in await amina.presses("3")
    assert "Nothing was sent" in await amina.presses("2")
    assert await town.count("payout") == 0
    screen = await amina.presses("3", "1")
    assert "We are sending KES 30. Ref " in screen
    await town.pays_out()
    assert len(await paid_texts(amina)) == 1


@pytest.mark.parametrize(
    "fault", ["drop_after", "drop_before", "error_after", "error_before", "slow"]
)
async def test_whatever_happens_to_the_request_the_money_leaves_once(town, amina, fault):
    town.operators.set_plan(FaultPlan(seed=7, slow_s=0.05, rates={"b2c": {fault: 0.7}}))
    await amina.texts("PAY")
    await town.ticks()
    town.operators.set_plan(FaultPlan(seed=7))
    await town.pays_out()
    books = town.operator_books()
    assert (books["paid_minor"], books["duplicates"]) == (3000, 0)
    assert len(await paid_texts(amina)) == 1


@pytest.mark.parametrize(
    "fault",
    ["result_lost", "result_duplicate", "result_forged", "result_malformed", "result_early"],
)
async def test_whatever_happens_to_the_callback_she_is_paid_and_told_once(town, amina, fault):
    town.operators.set_plan(FaultPlan(seed=7, rates={"b2c": {fault: 1.0}}))
    await amina.texts("PAY")
    await town.pays_out()
    assert town.operator_books()["paid_minor"] == 3000
    assert await town.value("select state from payout") == "paid"
    assert len(await paid_texts(amina)) == 1


async def test_a_phone_that_cannot_be_paid_gets_her_money_back(town):
    chege = town.meets("chege", "+254712092040")  # the simulator knows no customer there
    await chege.texts("JOIN KIBERA")
    await chege.texts("YES")
    await town.posts_batch("Is it open?", price="15.00")
    for words in ("WORK", "1", "PAY"):
        await chege.texts(words)
    await town.pays_out()
    assert await town.value("select state from payout") == "failed"
    told = (await chege.messages())[-1]
    assert "could not be sent" in told
    assert "back in your balance" in told
    assert await chege.balance_minor() == 1500


async def test_a_balance_cannot_go_below_zero(town, amina):
    """Fifty phones of one number, fifty PAYs: the hold is in the commit of the turn."""
    await asyncio.gather(*(amina.sends(f"PAY {10 + n % 3 * 10}") for n in range(50)))
    assert await amina.balance_minor() >= 0
    assert await town.count("payout") == 1


async def test_a_callback_faster_than_its_answer_is_not_forgotten(town, amina):
    """The operator calls back before its own answer to the request arrives.

    The question follows at once.
    """
    await amina.texts("PAY")
    payout = await town.rt.db.row("select id, ref, provider from payout")
    event = (payout["provider"], "payout", f"{payout['ref']}:early")
    await inbox.keep_event(town.rt.db, town.rt.vault, *event, b"{}")
    await inbox.done(town.rt.db, *event)
    await STEPS["disburse"](town.rt)
    due_in_s = await town.rt.db.value("select extract(epoch from due_at - now()) from payout")
    assert due_in_s is None or due_in_s < 2, "not the twenty seconds of a payout nobody spoke of"


async def test_a_worker_who_waits_ten_minutes_for_word_reads_once_that_we_still_ask(town, amina):
    """Her money may have left: she is told that it is reserved, and need not ask again."""
    town.operators.set_plan(
        FaultPlan(seed=7, rates={"b2c": {"result_lost": 1.0}, "status": {"result_lost": 1.0}})
    )
    await amina.texts("PAY")
    await town.ticks()

    async def told():
        return [
            words for words in await amina.messages() if "we are still waiting to hear" in words
        ]

    await town.ticks(minutes=5)
    assert await told() == []
    for _ in range(3):
        await town.ticks(minutes=6)
    assert await town.value("select settled_at is null from payout")
    (words,) = await told()
    assert await town.value("select ref from payout") in words
    assert "do not ask again" in words
