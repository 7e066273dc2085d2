"""Machines that answer the gateway's messages get a few replies, one last word, and then silence.

Workers and their work never suffer.
"""

import asyncio
import re

AWAY = "I am away until Monday and cannot read your message."
ENOUGH = "we do not understand these messages"


async def test_a_machine_that_answers_every_message_is_left_alone(town):
    amina = await town.enrols("amina")
    replies = [await amina.texts(AWAY) for _ in range(8)]
    assert [bool(reply) for reply in replies] == [True] * 5 + [False] * 3
    assert [ENOUGH in (reply or "") for reply in replies].count(True) == 1, "told once"
    assert ENOUGH in replies[4]
    assert await town.count("inbox", "state = 'unclear' and error like 'not understood%'") == 3, "kept for the operator"  # fmt: skip


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
    assert "Do you agree?" in await shop.texts("JOIN KIBERA"), "and a person behind it is welcome"


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


async def test_a_worker_with_an_open_question_is_never_met_with_silence(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?")
    await amina.texts("WORK")
    for n in range(12):
        reply = await amina.texts(f"maybe {n}")
        assert reply, "each text gets its reply"
        if n >= 4:
            assert reply.startswith("Let us try again.")
            assert "Is it " in reply, "and the question once more: she may have deleted it"
            assert "1 Yes 2 No 3 Not sure" in reply
    waiting = "state = 'queued' and purpose = 'reply' and due_at > now()"
    assert await town.count("outbox", waiting) == 1, "but a machine gets a few an hour only"
    assert "Saved" in await amina.texts("1")
    assert await town.count("outbox", waiting) == 0, "the answer's reply takes its place"


async def test_an_understood_text_starts_the_count_afresh(town):
    amina = await town.enrols("amina")
    for _ in range(4):
        await amina.texts("maybe")
    assert "You have KES" in await amina.texts("BAL")
    replies = [await amina.texts("maybe") for _ in range(4)]
    assert all(replies)
    assert not any(ENOUGH in reply for reply in replies)


async def test_texts_before_consent_and_after_stop_are_not_unclear(town):
    brian = town.meets("brian")
    await town["wanjiku"].texts(f"ADD {brian.msisdn} Brian")
    for words in ("hi", "who are you", "Yes please", "ok", "sawa", "what"):
        assert "Reply YES" in await brian.texts(words)
    assert "Welcome Brian" in await brian.texts("YES")
    assert await brian.texts("STOP")
    for _ in range(6):
        assert "START" in await brian.texts("1")
    assert "Welcome back Brian" in await brian.texts("START")


async def test_a_command_word_can_be_given_as_an_answer(town):
    amina = await town.enrols("amina")
    await town.posts_batch("line 1", "line 2", "line 3", kind="transcription")
    await amina.texts("WORK")
    reply = await amina.texts("Why")
    assert "If Why is your answer, send: ANSWER Why" in reply
    assert await amina.values() == []
    assert "Saved" in await amina.texts("ANSWER Why")
    assert "Saved" in await amina.texts("answer: 98")
    assert await amina.values() == ["Why", "98"]
    await amina.texts("STOP")
    assert (await amina.row())["state"] == "stopped", "STOP stops, whatever is asked"


async def test_a_burst_of_the_same_words_gets_no_more_replies_than_one_after_the_other(town):
    """Each of them reads the count before any other has written: the commit counts again."""
    amina = await town.enrols("amina")
    for words, most in (("HELP", 10), (AWAY, 5)):
        before = await town.count("outbox", "purpose = 'reply'")
        sent = (amina.sends(words, event=town.new_id("burst")) for _ in range(40))
        answers = await asyncio.gather(*sent)
        assert {answer.status_code for answer in answers} == {200}
        assert await town.count("outbox", "purpose = 'reply'") - before == most
    assert await town.count("outbox", f"text like '%{ENOUGH}%'") == 1, "and she is told once"


async def test_no_sms_can_set_off_the_operators_alarm(town):
    """A text that any phone can send is `unclear`; the alarm is on `failed`."""
    stranger, brand = town.meets("stranger"), town.meets("brand", "MPESA")
    for n in range(8):
        await stranger.texts(f"hm {n}")
        await stranger.texts("HELP")
    await brand.sends("Your code is 1234")
    await town.answers_bells()
    assert await town.count("inbox", "state = 'failed'") == 0
    assert await town.count("inbox", "state = 'unclear'") >= 4
    metrics = (await town.http.get("/metrics")).text
    assert 'gateway_inbox{state="failed"} 0.0' in metrics


async def test_no_whole_number_stands_in_any_text_that_is_kept(town):
    """A coordinator mistypes numbers and names a worker by a number.

    A worker writes numbers into her words.
    """
    wanjiku, amina = town["wanjiku"], await town.enrols("amina")
    for words in (
        "ADD 0745000005 +1 Brian", "ADD 07450000051234 Brian", "REMOVE 074500000599999", "ADD 0745000005 0745000006",
        "UNLOCK 0745-000-0055555", "ADD 0745 000 005 99 11 Brian",
    ):  # fmt: skip
        await wanjiku.texts(words)
    await amina.texts("STOP 0745000005")
    await amina.texts("START 0745 000 005")
    await town.answers_bells()
    kept = []
    for table, columns in (
        ("outbox", "text || coalesce(reason, '')"), ("inbox", "coalesce(reply, '') || coalesce(error, '')"),
        ("worker", "name"), ("consent", "coalesce(said, '')"), ("coordinator", "name"),
    ):  # fmt: skip
        kept += await town.rt.db.rows(f"select '{table}' as t, {columns} as text from {table}")  # noqa: S608
    digits = [
        (row["t"], row["text"]) for row in kept if "45000005" in re.sub(r"[^0-9]", "", row["text"])
    ]
    assert digits == []
