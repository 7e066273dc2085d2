"""An SMS that may answer an earlier question than the one its worker holds.

It is taken for what it answers, and never guessed.
"""

import pytest

UNSURE = "we do not want to guess: nothing is counted yet."


async def lapses(town):
    """The time of whatever is held runs out."""
    await town.rt.db.execute(
        "select release_task(id, 'expired') from assignment where state = 'held'"
    )


async def hangs_up(town):
    """End the session some time ago, without word from the provider."""
    await town.rt.db.execute("update ussd_session set last_at = now() - interval '20 minutes'")


async def two_questions(town, *, second_options=None):
    """Amina was asked one question by SMS, its time ran out, and on her screen is another one."""
    amina = await town.enrols("amina")
    first = await town.posts_batch("Is it open?")
    assert "Is it open?" in await amina.texts("WORK")
    await lapses(town)
    await first.changes("pause")
    kind = {"kind": "categorisation", "options": second_options} if second_options else {}
    await town.posts_batch("Is it clean?", **kind)
    assert "Is it clean?" in await amina.dials("1")
    return amina


def options(*names):
    return [{"id": name.lower(), "labels": {"en": name}} for name in names]


async def test_while_the_session_is_open_an_sms_answers_the_sms(town):
    amina = await two_questions(town)
    reply = await amina.texts("2")
    assert reply.startswith("Saved +KES 3.")
    assert "Is it clean?" in reply, "and what is on the screen goes on by SMS"
    assert await amina.answers() == [("t1", "no")]
    assert await town.value("select t.text from answer a join task t on t.id = a.task_id") == "Is it open?"  # fmt: skip
    assert "Saved +KES 3" in await amina.texts("1")
    await town.has_right_books()


async def test_the_key_still_answers_the_screen(town):
    amina = await two_questions(town)
    await amina.texts("2")
    assert "Saved" in await amina.presses("1")
    assert await amina.values() == ["no", "yes"]
    await town.has_right_books()


async def test_after_the_session_nothing_is_guessed(town):
    amina = await two_questions(town)
    await hangs_up(town)
    reply = await amina.texts("2")
    assert UNSURE in reply
    assert "Is it clean?" in reply
    assert await amina.values() == [], "nothing was counted"
    assert "Saved +KES 3" in await amina.texts("1"), "and this answers what the last SMS asked"
    assert await town.value("select t.text from answer a join task t on t.id = a.task_id") == "Is it clean?"  # fmt: skip
    await town.has_right_books()


async def test_after_the_session_what_only_fits_the_first_question_answers_it(town):
    amina = await two_questions(town, second_options=options("Shop", "School"))
    await hangs_up(town)
    assert "Saved +KES 3" in await amina.texts("not sure")
    assert await amina.values() == ["unsure"]


async def test_what_only_fits_the_screen_is_asked_again_by_sms(town):
    amina = await two_questions(town, second_options=options("Shop", "School"))
    await hangs_up(town)
    assert "Is it clean?" in await amina.texts("school")
    assert await amina.values() == []
    assert "Saved" in await amina.texts("school")
    assert await amina.values() == ["school"]


@pytest.mark.parametrize("words", ["BAL", "HELP", "STOP"])
async def test_her_commands_are_commands(town, words):
    amina = await two_questions(town)
    await hangs_up(town)
    assert UNSURE not in await amina.texts(words)


async def test_work_brings_what_is_on_the_screen(town):
    amina = await two_questions(town)
    assert "Is it clean?" in await amina.texts("WORK")
    assert await town.count("assignment", "state = 'held'") == 1


async def test_a_push_that_crosses_her_sms_is_not_what_she_answers(town):
    """Her answer is on its way when another question is pushed.

    No worker reads, thinks and types in ten seconds.
    """
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?")
    await amina.texts("WORK")
    await lapses(town)
    await town.rt.db.execute("update batch set state = 'paused'")
    await town.posts_batch("Is it clean?")
    await town.ticks()
    assert "Is it clean?" in (await amina.messages())[-1]
    reply = await amina.texts("2")
    assert await town.value("select t.text from answer a join task t on t.id = a.task_id") == "Is it open?"  # fmt: skip
    assert "Is it clean?" in reply, "so that the next SMS answers that"
    assert "Saved" in await amina.texts("1")
    assert await amina.values() == ["no", "yes"]
    await town.has_right_books()


async def test_some_time_after_a_push_it_is_the_push_she_answers(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?")
    await amina.texts("WORK")
    await lapses(town)
    await town.rt.db.execute("update batch set state = 'paused'")
    await town.posts_batch("Is it clean?")
    await town.ticks()
    await town.rt.db.execute("update assignment set asked_at = asked_at - interval '1 minute'")
    assert "Saved" in await amina.texts("2")
    assert await town.value("select t.text from answer a join task t on t.id = a.task_id") == "Is it clean?"  # fmt: skip


async def test_numbers_of_an_earlier_message_count_while_she_holds_one_question(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?", pack="auto")
    assert "1) " in await amina.texts("WORK")
    await lapses(town)
    await town.rt.db.execute("update batch set state = 'paused'")
    await town.posts_batch("Is it red?", price="5.00")
    assert "Is it red?" in await amina.texts("WORK")
    assert (await amina.texts("1A 2B")).startswith("Saved 2: +KES 6.")
    assert sorted(await amina.values()) == ["no", "yes"]
    assert "Saved +KES 5" in await amina.texts("1"), "what she holds waits for her as before"
    await town.has_right_books()
