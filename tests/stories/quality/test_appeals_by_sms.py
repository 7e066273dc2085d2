# pyright: basic
"""A coordinator decides an appeal by SMS, with her PIN, where it is hers to decide."""

import pytest

from gateway.base.errors import Refused
from gateway.base.ids import answer_ref
from gateway.gsm.segments import segments
from gateway.steps.people import coordinators, register
from gateway.steps.quality.review import decide_reviewed_task
from gateway.store.people import appeals
from tests.stories.quality.test_appeals import GRACE, decides, missed_gold
from tests.support.town import COORDINATOR

PIN, SECOND = "4821", "+254722000077"


async def appealed(town, language="en"):
    """Amina appeals a gold question that she missed, and Wanjiku, who has a PIN, is asked."""
    await coordinators.set_pin(town.rt, COORDINATOR, PIN, by="asha")
    await town.rt.db.execute("update coordinator set language = $1", language)
    _, (amina,), (ref,) = await missed_gold(town, "amina")
    await amina.texts(f"APPEAL {ref}")
    await town.ticks()
    (told,) = [words for words in await town["wanjiku"].messages() if ref in words]
    assert segments(told) == 1
    return amina, ref, told


async def row(town, ref):
    return await appeals.by_ref(town.rt.db, ref)


async def test_her_yes_corrects_the_truth_and_the_worker_is_told(town):
    amina, ref, told = await appealed(town)
    assert f"text DECIDE {ref} YES or NO and why" in told
    reply = await town["wanjiku"].texts(f"DECIDE {ref} YES I went there PIN {PIN}", event="one")
    assert reply == f"Thank you. {ref}: the worker is right. We correct it and tell the worker."
    await town["wanjiku"].texts(f"DECIDE {ref} YES I went there PIN {PIN}", event="one")
    await town.ticks()
    found = await row(town, ref)
    assert (found.state, found.decider, found.reason) == ("upheld", "Wanjiku", "I went there")
    assert found.settled_at is not None
    assert await town.value("select gold from task where name = 'g'") == "no"
    assert "you were right" in (await amina.messages())[-1]
    assert (
        await town.count("person_decision", "kind = 'appeal' and coordinator_id is not null") == 1
    )
    assert PIN not in str(await town.rt.db.rows("select reason, who from appeal_event"))
    again = await town["wanjiku"].texts(f"DECIDE {ref} NO really PIN {PIN}")
    assert again.startswith(f"No appeal {ref} waits for you.")
    await town.has_right_books()


@pytest.mark.parametrize(
    ("language", "words", "thanks"),
    [
        ("sw", "AMUA {ref} HAPANA nimeangalia PIN 4821", "Asante."),
        ("fr", "décider {ref}, non: vu sur place PIN 4821", "Merci."),
        ("ha", "YANKE {ref} A'A na duba PIN 4821", "Mun gode."),
        ("am", "ወስን {ref} አይ አየሁ PIN 4821", "እናመሰግናለን።"),
    ],
)
async def test_each_language_has_its_words(town, language, words, thanks):
    amina, ref, _ = await appealed(town, language)
    assert (await town["wanjiku"].texts(words.format(ref=ref))).startswith(thanks)
    await town.ticks()
    assert (await row(town, ref)).state == "stands"
    assert "it stays so" in (await amina.messages())[-1]


async def test_what_is_missing_is_asked_for_and_nothing_is_decided(town):
    _, ref, _ = await appealed(town)
    wanjiku = town["wanjiku"]
    for words in ("DECIDE", f"DECIDE {ref}", f"DECIDE {ref} YES", f"DECIDE {ref} maybe I think"):
        assert "with your reason and your PIN" in await wanjiku.texts(words), words
    assert "This needs your PIN" in await wanjiku.texts(f"DECIDE {ref} YES I went there")
    await wanjiku.texts(f"DECIDE {ref} YES I went there PIN 0000")
    assert await town.value("select wrong from coordinator_pin") == 1
    assert (await row(town, ref)).state == "waiting"


async def test_no_other_coordinator_and_no_worker_decides(town):
    amina, ref, _ = await appealed(town)
    await register.add_coordinator(town.rt, GRACE, "Grace", "en", "KIBERA")
    await coordinators.set_pin(town.rt, GRACE, PIN, by="asha")
    grace = town.meets("grace", GRACE)
    reply = await grace.texts(f"DECIDE {ref} YES I know her PIN {PIN}")
    assert reply.startswith(f"No appeal {ref} waits for you.")
    await amina.texts(f"DECIDE {ref} YES it is me PIN {PIN}")
    assert (await row(town, ref)).state == "waiting"
    await town.ticks(days=7, minutes=1)
    reply = await town["wanjiku"].texts(f"DECIDE {ref} NO too late PIN {PIN}")
    assert reply.startswith(f"No appeal {ref} waits for you."), "another person looks now"
    assert "the worker is right" in await grace.texts(f"DECIDE {ref} YES I know PIN {PIN}")


async def test_after_the_deadline_it_is_not_hers_even_before_it_is_passed_on(town):
    _, ref, _ = await appealed(town)
    town.clock.advance(days=7, minutes=1)
    reply = await town["wanjiku"].texts(f"DECIDE {ref} NO too late PIN {PIN}")
    assert reply.startswith(f"No appeal {ref} waits for you.")


async def test_one_who_takes_part_meanwhile_cannot_decide(town):
    _, ref, _ = await appealed(town)
    task = await town.value("select task_id from answer limit 1")
    wanjiku = await town.value("select id from coordinator where name = 'Wanjiku'")
    await town.rt.db.execute(
        "insert into person_decision (kind, by, coordinator_id, task_id) values ('gold', 'Wanjiku', $1, $2)",
        wanjiku,
        task,
    )
    reply = await town["wanjiku"].texts(f"DECIDE {ref} NO I know PIN {PIN}")
    assert reply == f"You had a part in {ref}, so another person must look at it."


async def test_coordinators_of_one_name_are_told_apart(town):
    """Wanjiku decided the review. Another Wanjiku, who came later, may look at the appeal."""
    people = [await town.enrols(name) for name in ("amina", "brian")]
    batch = await town.posts_batch("Is it open?", policy="fixed:2")
    for person, key in zip(people, ("2", "1"), strict=True):
        await person.texts("WORK")
        await person.texts(key)
    await town.answers_bells()
    await town.ticks()
    await decide_reviewed_task(town.rt, batch.id, "t1", "yes", "Wanjiku")
    await register.add_coordinator(town.rt, SECOND, "Wanjiku", "en", "KIBERA")
    await coordinators.set_pin(town.rt, SECOND, PIN, by="asha")
    second = town.meets("second", SECOND)
    ref = answer_ref(await town.value("select min(id) from answer"))
    await people[0].texts(f"APPEAL {ref}")
    await town.ticks()
    assert any(ref in words for words in await second.messages())
    assert not any(ref in words for words in await town["wanjiku"].messages())
    with pytest.raises(Refused, match="2 coordinators are named Wanjiku: give the phone number"):
        await decides(town, ref, right=True, by="Wanjiku")
    with pytest.raises(Refused, match="another person must look"):
        await decides(town, ref, right=True, by=COORDINATOR)
    assert "the worker is right" in await second.texts(f"DECIDE {ref} YES I went PIN {PIN}")
    await town.ticks()
    found = await row(town, ref)
    assert (found.state, found.settled_at is not None) == ("upheld", True)


async def test_a_word_that_a_worker_types_is_still_her_answer(town):
    """Wanjiku works too, and a text that she types begins with the word."""
    wanjiku = town["wanjiku"]
    await wanjiku.texts("JOIN KIBERA")
    await wanjiku.texts("YES")
    await wanjiku.is_used_to_sms()
    await town.posts_batch("Type the verb", kind="transcription")
    await wanjiku.texts("WORK")
    await town.answers_bells()
    await wanjiku.texts("decide well")
    assert await wanjiku.values() == ["decide well"]
