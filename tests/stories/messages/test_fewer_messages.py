"""One message where one does.

Work comes with the welcome, PAY behind an answer, and the receipt in the reply to PAY.
"""

import pytest

from gateway.app import STEPS
from gateway.steps.people import register
from gateway.steps.turns import assign
from tests.support.town import eventually

LATER_S = 60


async def test_a_worker_who_joins_while_there_is_work_is_asked_in_the_welcome(town):
    amina = town.meets("amina")
    await town.posts_batch("Is it open?", "Is it clean?")
    assert "Do you agree?" in await amina.texts("JOIN KIBERA")
    assert await town.count("assignment") == 0, "nothing before the YES"
    welcome = await amina.texts("YES")
    assert welcome.startswith("Welcome!")
    assert "STOP to leave" in welcome, "however short, it says how to leave"
    assert "For KES 3:" in welcome
    assert "1 Yes 2 No 3 Not sure" in welcome
    assert "Reply with one number, or SKIP." in welcome, "the first question says how to reply"
    assert len(welcome) <= 160, "and it is one SMS"
    assert (await amina.row())["state"] == "active"
    assert "Saved +KES 3" in await amina.texts("1")
    await town.ticks()
    await town.has_right_books()


async def test_a_worker_who_joins_while_there_is_none_is_told_how_it_goes_on(town):
    amina = town.meets("amina")
    await amina.texts("JOIN KIBERA")
    assert "we text you when there is" in await amina.texts("YES")


async def test_join_without_a_code_asks_for_consent_first(town):
    amina = town.meets("amina")
    await town.posts_batch("Is it open?")
    assert "Do you agree?" in await amina.texts("JOIN")
    assert await town.count("assignment") == 0, "nothing before her YES"
    assert "Is it open?" in await amina.texts("YES")


async def test_the_same_yes_again_gives_no_second_question(town):
    amina = town.meets("amina")
    await town.posts_batch("Is it open?", "Is it clean?")
    await amina.texts("JOIN KIBERA")
    assert await amina.texts("YES", event="once")
    assert await amina.texts("YES", event="once") is None
    assert await town.count("assignment") == 1
    assert await town.count("consent", "act = 'agreed'") == 1


async def test_work_may_wait_for_an_expected_worker_and_nothing_is_sent_before_her_own_word(town):
    amina = town.meets("amina")
    assert await register.expect_worker(town.rt, amina.msisdn, "phone", "KIBERA", name="Amina")
    assert not await register.expect_worker(town.rt, amina.msisdn, "phone")
    hers = {"id": "hers", "text": "Is it open?", "audience": {"workers": [await amina.pseudonym()]}}
    await town.posts_batch(tasks=[hers], policy="all")
    await town.ticks()
    assert await town.count("outbox", "to_index = $1", amina.index) == 0
    await amina.texts("JOIN KIBERA")
    assert "Is it open?" in await amina.texts("YES")
    assert [row["act"] for row in await town.rt.db.rows("select act from consent order by id")] == [
        "invited",
        "asked",
        "agreed",
    ]


async def test_an_answer_and_pay_in_one_sms(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?", price="15.00")
    await amina.texts("WORK")
    reply = await amina.texts("2 PAY")
    assert "Saved +KES 15. Total KES 15.\nYou asked for KES 15. Ref " in reply, (
        "with what it just earned"
    )
    assert await amina.values() == ["no"]
    assert await amina.balance_minor() == 0
    await town.ticks(seconds=LATER_S)  # the operator is slow: the reply has gone by itself
    await town.ticks()
    assert await town.count("assignment", "state = 'held'") == 1, (
        "the next question comes by itself"
    )
    await town.pays_out()
    assert town.operator_books() == {"paid_minor": 1500, "payouts": 1, "duplicates": 0}
    await town.has_right_books()


async def test_answers_to_several_and_pay_in_one_sms(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?", price="15.00", pack="auto")
    await amina.texts("WORK")
    reply = await amina.texts("1a 2b, pay")
    assert "Saved 2: +KES 30. Total KES 30.\nYou asked for KES 30." in reply
    assert sorted(await amina.values()) == ["no", "yes"]


async def test_what_cannot_be_paid_yet_is_said_and_the_work_goes_on(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?")
    await amina.texts("WORK")
    reply = await amina.texts("1 PAY")
    assert "Saved +KES 3" in reply
    assert "The least we can send is" in reply
    assert "1 Yes 2 No 3 Not sure" in reply
    assert await town.count("payout") == 0


@pytest.mark.parametrize("words", ["yes pay", "pay 2", "5 PAY", "PAY PAY"])
async def test_pay_behind_no_clear_answer_answers_nothing(town, words):
    amina = await town.enrols("amina")
    await town.posts_batch("Does she pay?", price="15.00")
    await amina.texts("WORK")
    await amina.texts(words)
    assert await amina.values() == []
    assert await town.count("payout") == 0


async def test_an_option_that_is_called_pay_is_no_payout(town):
    amina = await town.enrols("amina")
    await town.posts_batch(
        "What did she do?", kind="categorisation", price="15.00",
        options=[{"id": "ask", "labels": {"en": "Ask"}}, {"id": "pay", "labels": {"en": "Pay"}}],
    )  # fmt: skip
    shown = await amina.texts("WORK")
    await amina.texts("1 pay" if "1 Pay" in shown else "2 pay")
    assert await amina.values() == ["pay"]
    assert await town.count("payout") == 0


async def paid_at_once(town):
    """Runners and the operator talk, and no second goes by."""

    async def settled() -> bool:
        await town.ticks()
        await town.operators.daraja.post.settle()
        return await town.count("payout", "state = 'paid'") == 1

    await eventually(settled)


async def test_an_operator_who_is_fast_makes_one_message_of_two(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", price="15.00")
    await amina.texts("WORK")
    assert "You asked for KES 15" in await amina.texts("1 PAY")
    await paid_at_once(town)
    await town.ticks(seconds=LATER_S)
    saved, sent = (await amina.messages())[-1].split("\n")
    assert saved == "Saved +KES 15. Total KES 15."
    assert sent.startswith("We sent you KES 15. Receipt ")
    assert not [m for m in await amina.messages() if "You asked for" in m]


async def test_no_question_overtakes_the_reply_that_waits_for_the_operator(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?", price="15.00")
    await amina.texts("WORK")
    await town.answers_bells()
    await amina.texts("2 PAY")
    before = await amina.messages()
    await STEPS["assign"](town.rt)
    await STEPS["deliver"](town.rt, "phone")
    assert await amina.messages() == before, "her reply is held, so nothing is pushed"

    await paid_at_once(town)
    await town.ticks()
    saved, asked = (await amina.messages())[len(before) :]
    assert "Saved +KES 15. Total KES 15.\nWe sent you KES 15." in saved
    assert "1 Yes 2 No 3 Not sure" in asked, "then the next question comes by itself"


async def test_a_worker_who_writes_again_reads_the_reply_that_waited_first(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?", price="15.00")
    await amina.texts("WORK")
    await town.answers_bells()
    await amina.texts("2 PAY")
    before = await amina.messages()
    await amina.texts("WORK")
    await STEPS["deliver"](town.rt, "phone")
    saved, asked = (await amina.messages())[len(before) :]
    assert "You asked for KES 15" in saved
    assert "1 Yes 2 No 3 Not sure" in asked
    await paid_at_once(town)
    await town.ticks(seconds=LATER_S)
    told = (await amina.messages())[len(before) + 2 :]
    assert [m.startswith("We sent you KES 15. Receipt ") for m in told] == [True]


async def test_an_operator_who_is_slow_is_announced_first(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", price="15.00")
    for words in ("WORK", "1", "PAY"):
        await amina.texts(words)
    town.clock.advance(seconds=LATER_S)
    await STEPS["deliver"](town.rt, "phone")
    assert "You asked for KES 15" in (await amina.messages())[-1]
    await town.pays_out()
    told = (await amina.messages())[-1]
    assert told.startswith("We sent you KES 15.")
    assert "\n" not in told, "what she has read is not said again"


async def test_a_push_and_her_own_word_at_the_same_moment_ask_once(town, monkeypatch):
    """The push has looked at an idle worker; before it writes, she texts WORK."""
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?", pack="auto")
    look = assign.understand

    async def looks_and_is_slow(*args, **more):
        seen = await look(*args, **more)
        assert "Is it" in await amina.texts("WORK")
        return seen

    monkeypatch.setattr(assign, "understand", looks_and_is_slow)
    assert await assign.assign(town.rt) == 0
    assert await town.count("outbox", "purpose = 'question'") == 0
    assert await town.count("assignment", "state = 'held'") == 2, "those of her own WORK"
