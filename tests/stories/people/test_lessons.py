"""Workers learn by SMS and on a screen: free, with the keys of work, and never in its way."""

from dataclasses import replace
from decimal import Decimal

from gateway.gsm.segments import segments
from gateway.settings import Tariff
from gateway.sms.prices import PriceList
from tests.support.town import Person, Town

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


async def test_a_lesson_that_a_language_lacks_cannot_be_asked_for(town: Town, monkeypatch):
    monkeypatch.delitem(town.rt.lessons.by_kind, "date")
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


async def test_the_list_shows_what_was_passed_and_a_number_begins_a_lesson(town: Town):
    amina = await town.enrols("amina", new=True)
    await _to_practice(amina, await amina.texts("LEARN"))
    for key in RIGHT["verification"]:
        await amina.texts(key)
    listed = await amina.texts("LEARN LIST") or ""
    lines = listed.splitlines()
    assert "LEARN 2" in lines[0]
    assert lines[1:3] == ["1 Checking a statement (passed)", "2 Sorting into groups"]
    assert segments(listed) <= 2
    assert await amina.texts("LEARN 9") == listed, "there is no ninth lesson"
    assert await amina.texts("LEARN 1") == listed, "she has passed it"
    begun = await amina.texts("LEARN 5")
    assert "Lesson: Typing dates" in (begun or "")
    other = await amina.texts("LEARN 4")
    assert "Lesson: Typing numbers" in (other or ""), "another one takes its place"
    assert await town.count("lesson_run", "state = 'open'") == 1
    await town.posts_batch("Type it", kind="transcription")
    await amina.texts("WORK")
    await town.answers_bells()
    await amina.texts("learn well")
    assert await amina.values() == ["learn well"], "words that she types are her answer"


async def test_the_list_of_lessons_is_no_reply_to_a_lesson(town: Town):
    amina = await town.enrols("amina", new=True)
    step = await _to_practice(amina, await amina.texts("LEARN"))
    assert "1 Checking a statement" in (await amina.texts("Learn list") or "")
    again = await amina.texts("LEARN") or ""
    assert again.startswith("Practice 1:"), "she goes on where she was"
    assert step.endswith(again)
    assert (await amina.texts(RIGHT["verification"][0]) or "").startswith("Right!")


async def test_the_list_is_on_the_menu_too(town: Town):
    amina = await town.enrols("amina", new=True)
    await amina.dials("5", "1")
    screen = await amina.presses("2")
    assert "1 Checking a statement" in screen, screen
    assert "4 Typing numbers" in screen
    screen = await amina.presses("4")
    assert "You read a text and type one number" in screen, screen


async def _learns(town: Town, kind: str, **given) -> tuple[Person, str]:
    """A worker at the first question to practise of the lesson of a kind."""
    amina = await town.enrols("amina", new=True)
    await town.posts_batch("Type it", kind=kind, needs_lesson=True, **given)
    return amina, await _to_practice(amina, await amina.texts("LEARN"))


FORM = {
    "policy": "double",
    "fields": [{"id": "a", "type": "text", "labels": {"en": "A"}}],
}


async def test_a_worker_learns_to_copy_a_form_by_sms(town: Town):
    amina, asked = await _learns(town, "entry", **FORM)
    assert "Peter Kamau paid 1,250 on 14 July 2026\n1 Name 2 Amount 3 Date" in asked
    assert "Type it" not in (await amina.texts("WORK") or ""), "the work needs the lesson"
    await amina.texts("LEARN")
    told = await amina.texts("Peter Kamau; 12x; 14 July 2026")
    assert "Amount: We could not read a number." in (told or "")
    assert "Practice 1" in (told or "")
    told = await amina.texts("Peter Kamau; 1250; 14 July 2026")
    assert (told or "").startswith("Right! First the name")
    told = await amina.texts("Grace Otieno; 90; 2 Feb 2026")
    assert (told or "").startswith("Not quite: Amount: 80 is right. Keep the order"), told
    for words in ("amina hassan, 675, 9 March 2026", "1 Brian Mutua 2 2040 3 31/5/2025"):
        assert ((await amina.texts(words)) or "").startswith("Right!")
    told = await amina.texts("Esther Njeri; 95; 5 October 2025")
    assert "3 of 3 right: you passed!" in (told or "")
    assert "Type it" in (await amina.texts("WORK") or "")
    await town.has_right_books()


async def test_a_worker_learns_to_copy_a_form_on_screens(town: Town):
    amina, _ = await _learns(town, "entry", **FORM)
    await amina.dials("5", "1")
    screen = await amina.presses("1")
    assert "Practice 1: 1 of 3: Name" in screen, screen
    assert "Peter Kamau paid 1,250" in screen
    screen = await amina.presses("Peter Kamau")
    assert "Name: Peter Kamau" in screen, "what was typed is repeated"
    assert "2 of 3: Amount" in screen
    assert "We could not read a number" in await amina.presses("x")
    await amina.presses("1250")
    screen = await amina.presses("14 July 2026")
    assert "Right! First the name" in screen
    assert "Practice 2: 1 of 3: Name" in screen
    await amina.presses("Grace Otieno", "90")
    assert "Not quite: Amount: 80 is right." in await amina.presses("2 February 2026")
    await amina.presses("Amina Hassan", "675")
    await amina.dials("5", "1")
    screen = await amina.presses("1")
    assert "Test 1 of 3: 1 of 3: Name" in screen, "a record of a lesson begins again after a break"
    for record in (
        ("Amina Hassan", "675", "9 March 2026"),
        ("Brian Mutua", "2040", "31 May 2025"),
        ("Esther Njeri", "95", "5 October 2025"),
    ):
        screen = await amina.presses(*record)
    assert "3 of 3 right: you passed!" in screen


async def test_lessons_on_numbers_and_dates_say_what_was_not_clear_and_compare_exactly(town: Town):
    amina, asked = await _learns(town, "transcription", value="number")
    assert "The weight: 12.5 kg of beans for 900" in asked
    assert "We could not read a number" in (await amina.texts("twelve") or "")
    wrong = await amina.texts("12.6")
    assert (wrong or "").startswith("Not quite: 12.5 is right."), "one digit is no typing error"
    brian = await town.enrols("brian", new=True)
    await town.posts_batch("Type it", kind="transcription", value="date", needs_lesson=True)
    for words in ("30", "300", "34", "27", "1075"):
        said = await amina.texts(words)
    assert "4 of 4 right: you passed!" in (said or "")
    asked = await _to_practice(amina, await amina.texts("LEARN"))
    assert "The birth: Mary Atieno, 9 March 1990" in asked
    told = await amina.texts("10 March 1990")
    assert (told or "").startswith("Not quite: 9 March 1990 is right.")
    assert "03/05" not in (told or "")
    told = await amina.texts("7/8/2026")
    assert "7 August 2026" in (told or ""), told
    assert brian.name


async def _to_practice(person, said: str | None) -> str:
    """Go on until the first question to practise."""
    for _ in range(6):
        assert said is not None
        if "Practice 1" in said:
            return said
        said = await person.texts("1")
    raise AssertionError(said)
