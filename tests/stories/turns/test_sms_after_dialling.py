"""A worker is asked by SMS, answers by dialling, and then an SMS with her answer comes after all.

It answers nothing else.
"""

import pytest

COUNTED = "You answered that on the menu: it is counted."


@pytest.fixture
async def amina(town):
    """Return a worker who was asked her first of two questions by SMS, unasked.

    She dials instead and answers it on the screen.
    """
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?", "Is it red?")
    await town.ticks()
    assert "1 Yes 2 No" in (await amina.messages())[-1]
    await amina.dials("1")
    assert "Saved" in await amina.presses("1")
    return amina


async def test_a_late_sms_does_not_answer_the_question_on_the_screen(town, amina):
    reply = await amina.texts("1")
    assert reply.startswith(COUNTED)
    assert "1 Yes 2 No" in reply, "what she holds comes by SMS too"
    assert await amina.values() == ["yes"]
    assert "Saved +KES 3" in await amina.texts("2"), "and this SMS answers what came by SMS"
    assert await amina.values() == ["yes", "no"]
    await town.has_right_books()


async def test_she_may_go_on_by_dialling_as_well(town, amina):
    assert (await amina.texts("1")).startswith(COUNTED)
    assert "Saved" in await amina.presses("2")
    assert (await amina.texts("2")).startswith(COUNTED), "this came by SMS, and she pressed it"
    assert await amina.values() == ["yes", "no"]
    await town.has_right_books()


async def test_work_by_sms_brings_the_question_to_sms(town, amina):
    assert "1 Yes 2 No" in await amina.texts("WORK")
    assert "Saved +KES 3" in await amina.texts("2")
    assert await amina.values() == ["yes", "no"]


async def test_a_question_that_followed_her_by_sms_is_answered_by_sms(town, amina):
    form = {"session": amina.session, "from": amina.msisdn, "completed": "no"}
    assert (await town.post("/in/phone/local/session-end", form)).status_code == 200
    await town.answers_bells()
    assert "Saved +KES 3" in await amina.texts("2")
    assert await amina.values() == ["yes", "no"]


async def test_with_nothing_held_she_hears_that_it_was_counted(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?")
    await town.ticks()
    await amina.dials("1")
    await amina.presses("1")
    assert (await amina.texts("1")).startswith(COUNTED)
    assert "did not understand" in await amina.texts("blue") or "no question" in await amina.texts(
        "blue"
    )
    assert "KES 3" in await amina.texts("BAL")
    assert await amina.values() == ["yes"]
    await town.has_right_books()


async def test_an_sms_question_that_lapsed_later_is_still_answered_by_sms(town, amina):
    await amina.presses("1", "1")
    assert await amina.values() == ["yes"] * 3
    await town.posts_batch("Is it near?")
    assert "Is it near?" in await amina.texts("WORK")
    await town.rt.db.execute(
        "select release_task(id, 'expired') from assignment where state = 'held'"
    )
    assert "Saved" in await amina.texts("2")
    assert (await amina.values())[-1] == "no"


async def test_typed_words_are_told_apart_too(town):
    amina = await town.enrols("amina")
    await town.posts_batch(
        "Say hello", "Say bye", kind="transcription", instructions="In Kiswahili?"
    )
    await town.ticks()
    await amina.dials("1")
    await amina.presses("Jambo")
    assert (await amina.texts("Jambo")).startswith(COUNTED)
    assert "KES 3" in await amina.texts("BAL")
    assert "Saved" in await amina.texts("Kwaheri")
    assert await amina.values() == ["Jambo", "Kwaheri"]
