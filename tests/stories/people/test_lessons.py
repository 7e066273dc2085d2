"""Workers learn by SMS and on a screen: free, with the keys of work, and never in its way."""

from dataclasses import replace
from decimal import Decimal

from gateway.settings import Tariff
from gateway.sms.prices import PriceList
from tests.support.town import Town

RIGHT = {"verification": ("1", "2", "3", "1", "2", "3", "1", "2")}


async def test_a_worker_learns_by_sms_and_passes(town: Town):
    amina = await town.enrols("amina", new=True)
    first = await amina.texts("LEARN")
    assert first is not None
    assert "Lesson: " in first
    assert first.endswith("Reply 1 to go on.")
    asked = await _to_practice(amina, first)
    assert "Practice 1:" in asked
    assert "1 Yes 2 No 3 Not sure" in asked
    right = await amina.texts("1")
    assert right is not None
    assert right.startswith("Right! 10 lies between 8 and 18.")
    wrong = await amina.texts("yes")
    assert wrong is not None
    assert wrong.startswith("Not quite: No is right. 7 is before 8")
    said = [await amina.texts(key) for key in ("3", "1", "2", "3", "1", "2")]
    assert "Test 2 of 5:" in (said[1] or "")
    assert said[-1] is not None
    assert said[-1].endswith("5 of 5 right: you passed! Text WORK for paid questions.")
    assert await town.value("select what from credential") == "LEARN_PASSED"
    assert await town.count("lesson_answer") == 8
    assert await amina.earned_minor() == 0
    again = await amina.texts("LEARN")
    assert "Lesson: Sorting into groups" in (again or ""), "the next kind"


async def test_practice_costs_the_worker_nothing(town: Town, monkeypatch):
    tariff = Tariff(currency="KES", segment=Decimal("0.80"), reply=Decimal("1.00"))
    priced = replace(town.rt.channels["phone"], prices=PriceList({"KE": tariff}))
    monkeypatch.setitem(town.rt.channels, "phone", priced)
    amina = await town.enrols("amina", new=True)
    begun = await amina.texts("LEARN", event="same")
    assert "It is free: your SMS are paid back." in (begun or "")
    await amina.texts("LEARN", event="same")
    assert await amina.balance_minor() == 100, "the same SMS is paid back once"
    await _to_practice(amina, begun)
    await amina.texts("hello?")
    await amina.texts("BAL")
    assert await amina.balance_minor() == 300, "BAL is no practice"
    await town.has_right_books()


async def test_failing_takes_nothing_and_can_be_repeated(town: Town):
    amina = await town.enrols("amina", new=True)
    await _to_practice(amina, await amina.texts("LEARN"))
    said = [await amina.texts("3") for _ in range(8)]
    assert said[-1] is not None
    assert "1 of 5 right, 4 are needed. You lose nothing. Text LEARN to try again." in said[-1]
    again = await amina.texts("LEARN")
    assert "Example:" in (again or ""), "the explanation is not repeated"
    for _ in range(2):
        for _ in range(8):
            said = await amina.texts("3")
        again = await amina.texts("LEARN")
    assert "again tomorrow" in (said or "")
    assert "Sorting into groups" in (again or ""), "another lesson is there at once"
    town.clock.advance(hours=1)
    assert await town.count("credential") == 0


async def test_a_lesson_never_swallows_money_or_a_paid_answer(town: Town):
    amina = await town.enrols("amina", new=True)
    await town.posts_batch("Is it open?", "Is it clean?")
    assert "Is it" in (await amina.texts("WORK") or "")
    await town.answers_bells()
    begun = await amina.texts("LEARN")
    assert "Lesson: " in (begun or "")
    await town.ticks()
    assert await town.count("assignment", "state = 'held'") == 0, "she is in a lesson"
    asked = await _to_practice(amina, begun)
    assert "KES 0" in (await amina.texts("BAL") or "")
    assert await amina.texts("1") != asked
    question = await amina.texts("WORK")
    assert "Is it" in (question or "")
    await town.answers_bells()
    paid = await amina.texts("1")
    assert "KES 3" in (paid or ""), "a paid question was asked since: it gets the answer"
    assert len(await amina.answers()) == 1
    back = await amina.texts("LEARN")
    assert "Practice 2" in (back or ""), "the lesson goes on where it was"
    assert "waits for you" in (await amina.texts("SKIP") or "")
    assert "pause" not in (await amina.texts("1") or "")
    assert await amina.texts("STOP") is not None
    assert (await amina.row())["state"] == "stopped"
    await town.has_right_books()


async def test_words_in_a_lesson_are_no_answer_to_a_typed_question_that_was_put_off(town: Town):
    amina = await town.enrols("amina", new=True)
    await town.posts_batch("Type the name.", kind="transcription", price="3.00")
    assert "Type the name." in (await amina.texts("WORK") or "")
    await town.answers_bells()
    said = await amina.texts("LEARN")
    for words in ("help me please", "pay you", "work now", "Mary Atieno", "stop it now"):
        said = await amina.texts(words)
    assert said is not None
    assert await amina.answers() == []
    assert await amina.earned_minor() == 0
    assert "Type the name." in (await amina.texts("WORK") or ""), "it is asked again"
    await town.answers_bells()
    await amina.texts("Mary Atieno")
    assert len(await amina.answers()) == 1


async def test_a_worker_learns_on_a_screen(town: Town):
    amina = await town.enrols("amina", new=True)
    await amina.dials()
    assert "1 Learn" in await amina.presses("5")
    assert "Lesson: " in await amina.presses("1")
    screen = await amina.presses("1")
    while "Practice 1" not in screen:
        screen = await amina.presses("98" if "98" in screen else "1")
    assert "Right!" in await amina.presses("1")
    for key in ("2", "3", "1", "2", "3", "1", "2"):
        screen = await amina.presses(key)
    assert "you passed" in screen
    assert await town.count("credential") == 1


async def test_a_lesson_begun_on_a_screen_leaves_the_sms_to_work(town: Town):
    amina = await town.enrols("amina", new=True)
    await town.posts_batch("Is it open?")
    await amina.texts("WORK")
    await town.answers_bells()
    await amina.dials("5", "1")
    await amina.presses("1")
    assert "KES 3" in (await amina.texts("1") or "")


async def test_work_may_need_a_lesson_and_the_reply_says_how(town: Town):
    amina = await town.enrols("amina", new=True)
    batch = await town.posts_batch("Is it open?", needs_lesson=True)
    assert (await batch.shows())["needs_lesson"] is True
    await town.ticks()
    assert await town.count("assignment") == 0
    assert await amina.texts("WORK") == (
        "Work waits for you after a short free lesson. Text LEARN to begin it."
    )
    await amina.dials()
    assert "Lesson: Checking a statement" in await amina.presses("1")
    await _to_practice(amina, await amina.texts("LEARN"))
    for key in RIGHT["verification"]:
        await amina.texts(key)
    assert "Is it open?" in (await amina.texts("WORK") or "")


async def test_a_lesson_that_a_language_lacks_cannot_be_asked_for(town: Town):
    given = {
        "name": "Dates",
        "kind": "transcription",
        "value": "date",
        "instructions": "When?",
        "price": "3.00",
        "needs_lesson": True,
        "languages": ["sw"],
    }
    refused = await town.client.asks("POST", "/batches", json=given)
    assert refused.status_code == 422
    assert "there is no lesson for date in sw" in refused.text
    assert "needs_lesson" in refused.text


async def test_typed_lessons_take_command_words_only_alone(town: Town):
    amina = await town.enrols("amina", new=True)
    await town.posts_batch("Type it", kind="transcription", needs_lesson=True)
    asked = await _to_practice(amina, await amina.texts("LEARN"))
    assert "Sold by Mary Atieno" in asked
    assert "KES 0" in (await amina.texts("BAL") or "")
    assert (await amina.texts("mary atieno") or "").startswith("Right!")
    assert (await amina.texts("Answer Nakuru") or "").startswith("Right!")
    said = [await amina.texts(w) for w in ("Moi Avenue", "cement", "tuesday", "Grace")]
    assert said[-1] is not None
    assert said[-1].startswith("Not quite: Okello is right.")
    assert "3 of 4 right: you passed!" in said[-1]


async def _to_practice(person, said: str | None) -> str:
    """Go on until the first question to practise."""
    for _ in range(6):
        assert said is not None
        if "Practice 1" in said:
            return said
        said = await person.texts("1")
    raise AssertionError(said)
