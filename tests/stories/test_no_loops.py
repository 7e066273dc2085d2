"""Machines that answer our messages: a few replies, one last word, and then silence; people and their work never suffer."""

AWAY = "I am away until Monday and cannot read your message."
ENOUGH = "we still do not understand"


async def test_a_machine_that_answers_every_message_is_left_alone(town):
    amina = await town.enrols("amina")
    replies = [await amina.texts(AWAY) for _ in range(8)]
    assert [bool(reply) for reply in replies] == [True] * 5 + [False] * 3
    assert [ENOUGH in (reply or "") for reply in replies].count(True) == 1, "told once"
    assert ENOUGH in replies[4]
    assert await town.count("inbox", "state = 'failed' and error like 'not understood%'") == 3, "kept for people"  # fmt: skip


async def test_other_words_each_time_are_no_way_around_it(town):
    amina = await town.enrols("amina")
    replies = [await amina.texts(f"I am away, it is {n} o'clock") for n in range(8)]
    assert replies[5:] == [None] * 3


async def test_her_answers_and_her_money_never_suffer(town):
    amina = await town.enrols("amina")
    await town.posts_batch(*(f"Is it shop {n}?" for n in range(15)), price="15.00")
    for _ in range(8):
        await amina.texts(AWAY)
    assert "Is it shop" in await amina.texts("WORK")
    for _ in range(14):
        assert "Saved" in await amina.texts("1"), "the same answer again and again is work"
    assert len(await amina.answers()) == 14
    assert "KES 210" in await amina.texts("BAL")
    assert "You asked for KES 210" in await amina.texts("PAY")
    assert "no more questions" in await amina.texts("STOP")


async def test_strangers_machines_too(town):
    shop = town.meets("shop")
    replies = [await shop.texts("Thank you for contacting our shop!") for _ in range(7)]
    assert [bool(reply) for reply in replies] == [True] * 5 + [False] * 2
    assert "Welcome" in await shop.texts("JOIN KIBERA"), "and a person behind it is welcome"


async def test_a_machine_that_hits_on_a_command_ends_too(town):
    amina = await town.enrols("amina")
    replies = [await amina.texts("Help is on its way") for _ in range(12)]
    assert [bool(reply) for reply in replies] == [True] * 10 + [False] * 2


async def test_an_hour_later_she_is_answered_again(town):
    amina = await town.enrols("amina")
    for _ in range(6):
        await amina.texts(AWAY)
    await town.rt.db.execute("update outbox set created_at = created_at - interval '61 minutes'")
    assert "did not understand" in await amina.texts("hm")


async def test_the_same_sms_again_is_still_one(town):
    amina = await town.enrols("amina")
    assert await amina.texts(AWAY, event="once")
    for _ in range(6):
        assert await amina.texts(AWAY, event="once") is None
    assert "did not understand" in await amina.texts("hm")
