"""Providers repeat uncertain calls: at once, a moment later, hours later.

The effect happens once.
"""

import asyncio

COUNTED = ("inbox", "outbox", "answer", "assignment", "transfer", "worker", "consent", "payout")


async def counts(town):
    return {table: await town.count(table) for table in COUNTED}


async def test_an_sms_that_comes_again_hours_later_has_no_effect(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?")
    await amina.texts("WORK")
    assert "Saved" in await amina.texts("1", event="at-77")
    before = await counts(town)
    town.clock.advance(hours=7)
    assert await amina.texts("1", event="at-77") is None, "no second reply, so no second segment"
    assert await counts(town) == before
    assert await amina.balance_minor() == 300


async def test_fifty_copies_of_an_sms_at_once_are_one_answer(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?", "Is it near?")
    await amina.texts("WORK")
    before = await counts(town)
    answers = await asyncio.gather(*(amina.sends("1", event="at-78") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    after = await counts(town)
    assert {table: after[table] - before[table] for table in COUNTED} == {
        **dict.fromkeys(COUNTED, 0),
        **dict.fromkeys(("inbox", "outbox", "answer", "transfer", "assignment"), 1),
    }
    assert await amina.balance_minor() == 300


async def test_fifty_copies_of_a_ussd_step_at_once_show_one_screen(town):
    brian = town.meets("brian")
    await brian.dials()
    await brian.presses("1", "1", "KIBERA", "1")
    await town.posts_batch("Is it open?", "Is it clean?", "Is it near?")
    await brian.presses("1")
    before = await counts(town)
    step = "*".join([*brian.keys, "1"])
    screens = await asyncio.gather(*(brian.steps(step) for _ in range(50)))
    assert len(set(screens)) == 1
    assert "Saved +KES 3" in screens[0]
    after = await counts(town)
    assert {table: after[table] - before[table] for table in COUNTED} == {
        **dict.fromkeys(COUNTED, 0),
        **dict.fromkeys(("inbox", "answer", "transfer", "assignment"), 1),
    }
    town.clock.advance(hours=7)
    assert await brian.steps(step) == screens[0], "hours later too"
    assert await counts(town) == after


async def test_the_first_dial_twice_at_once_enrols_no_worker_twice(town):
    brian = town.meets("brian")
    await brian.dials()
    await brian.presses("1", "1", "KIBERA")
    step = "*".join([*brian.keys, "1"])
    screens = await asyncio.gather(*(brian.steps(step) for _ in range(20)))
    assert len(set(screens)) == 1
    assert await town.count("worker") == await town.count("consent") == 1


async def test_two_different_answers_at_once_are_one_answer_and_one_reply_each(town):
    """A worker texts 1 and then 2 before the gateway's reply arrives.

    The second is for the next question, or for none.
    """
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?")
    await amina.texts("WORK")
    before = await town.count("outbox")
    await asyncio.gather(amina.sends("1"), amina.sends("2"))
    assert len(await amina.answers()) == 1
    assert await town.count("outbox") == before + 2


async def test_an_invitation_is_sent_once_however_often_the_coordinator_asks(town):
    amina, wanjiku = town.meets("amina"), town["wanjiku"]
    words = f"ADD {amina.msisdn} Amina sw"
    await asyncio.gather(*(wanjiku.sends(words, event="at-1") for _ in range(10)))
    assert await town.count("outbox", "purpose = 'invitation'") == 1
    assert "again now" in await wanjiku.texts(words), "said anew it is wanted again"
    await asyncio.gather(*(wanjiku.sends(words) for _ in range(5)))
    assert await town.count("outbox", "purpose = 'invitation' and state = 'queued'") == 1
    assert await town.count("worker") == 1


async def test_a_delivery_report_that_comes_twice_or_too_early_is_one_report(town):
    amina = town.meets("amina")
    await amina.sends("HELLO")
    message = await town.value("select id from outbox")
    report = {"id": str(message), "status": "delivered"}
    for _ in range(3):  # before our runner wrote down that it was sent at all
        assert (await town.post("/in/phone/local/receipt", report)).status_code == 200
    assert await town.count("inbox", "kind = 'receipt'") == 1
    await town.answers_bells()
    await town.ticks()
    assert await town.value("select delivery from outbox") == "delivered"
    assert await town.count("inbox", "kind = 'receipt' and state = 'waiting'") == 0
    await town.post("/in/phone/local/receipt", {"id": str(message), "status": "sent"})
    assert await town.value("select delivery from outbox") == "delivered", "never backwards"
