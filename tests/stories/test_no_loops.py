"""Machines that answer our messages: a few replies, one last word, and then silence; people and their work never suffer."""

AWAY = "I am away until Monday and cannot read your message."
ENOUGH = "we do not understand these messages"


async def test_a_machine_that_answers_every_message_is_left_alone(town):
    amina = await town.enrols("amina")
    replies = [await amina.texts(AWAY) for _ in range(8)]
    assert [bool(reply) for reply in replies] == [True] * 5 + [False] * 3
    assert [ENOUGH in (reply or "") for reply in replies].count(True) == 1, "told once"
    assert ENOUGH in replies[4]
    assert await town.count("inbox", "state = 'failed' and error like 'not understood%'") == 3, "kept for the operator"  # fmt: skip


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
