# pyright: basic
"""Reviewers and coordinators are assessed by those of their decisions that others overturned."""

from datetime import timedelta

from gateway.base.ids import answer_ref
from gateway.steps.people.appeals.assess import as_data, assess, in_words
from gateway.steps.people.appeals.decide import AppealDecision, decide_appeal
from gateway.steps.people.console_links import link_for
from gateway.steps.quality.corrections.correct_gold import Correction, correct_gold
from gateway.steps.quality.review import decide_reviewed_task
from gateway.store.quality import assessments


async def assessed(town):
    since = town.clock.now() - timedelta(days=365)
    return {row.name: assess(row) for row in await assessments.of_everyone(town.rt.db, since)}


async def split(town):
    """Amina and Brian disagree about two tasks, which Wanjiku decides in review."""
    people = [await town.enrols(name) for name in ("amina", "brian")]
    batch = await town.posts_batch("Is it open?", "Is it clean?", policy="fixed:2")
    for person, key in zip(people, ("2", "1"), strict=True):
        await person.texts("WORK")
        await person.texts(key)
        await person.texts(key)
    await town.answers_bells()
    await town.ticks()
    for task in ("t1", "t2"):
        await decide_reviewed_task(town.rt, batch.id, task, "yes", "wanjiku")
    return batch, people


async def missed_gold(town, person):
    """A gold question that she answered wrongly: the batch, and the reference of her answer."""
    batch = await town.posts_batch(
        "Is it new?", tasks=[{"id": "g", "text": "Is Toi Market open?", "gold": "yes"}],
        gold_rate=0.5, entry_gold=1,
    )  # fmt: skip
    await person.texts("WORK")
    await person.texts("2")
    await town.answers_bells()
    return batch, answer_ref(await town.value('select id from answer where "right" is false'))


async def test_an_overturned_review_counts_for_its_author_with_an_interval(town):
    _, (amina, _) = await split(town)
    hers = "select min(id) from answer where worker_id = $1"
    ref = answer_ref(await town.value(hers, await amina.id()))
    assert "is with our office" in await amina.texts(f"APPEAL {ref}")
    await decide_appeal(
        town.rt, AppealDecision(ref, worker_right=True, by="Asha", reason="I was there")
    )
    await town.answers_bells()
    found = await assessed(town)
    wanjiku, asha = found["Wanjiku"], found["Asha"]
    assert wanjiku.counts.coordinator is not None
    counts = (wanjiku.counts.reviews, wanjiku.counts.appealed, wanjiku.counts.overturned)
    assert counts == (2, 1, 1)
    assert wanjiku.rate == 0.5
    assert 0 < wanjiku.low < 0.5 < wanjiku.high < 1
    assert (asha.counts.appeals, asha.counts.decisions, asha.counts.overturned) == (1, 1, 0)
    data = as_data(wanjiku)
    assert (data["overturned_rate"], data["few_decisions"]) == (0.5, True)
    assert "1 overturned = 50%" in in_words(wanjiku)


async def test_her_page_shows_her_figures_and_what_waits_for_her(town):
    _, (amina, _) = await split(town)
    other, missed = await missed_gold(town, amina)
    await amina.texts(f"APPEAL {missed}")
    link = await link_for(town.rt, town["wanjiku"].msisdn)
    opened = await town.http.get("/console" + link.partition("/console")[2])
    cookie = opened.headers["set-cookie"].partition(";")[0]
    page = (await town.http.get("/console", headers={"Cookie": cookie})).text
    assert "Appeals that wait for you" in page
    assert missed in page
    assert "Is Toi Market open?" in page
    assert "2 decisions, 0 appealed, 0 overturned" in page
    await correct_gold(town.rt, Correction(other.id, "g", "no", "Peter", "it was torn down"))
    await correct_gold(town.rt, Correction(other.id, "g", "yes", "Asha", "it was built again"))
    assert (await assessed(town))["Peter"].counts.overturned == 1


async def test_a_deadline_that_passes_counts_for_the_coordinator(town):
    amina = await town.enrols("amina")
    _, missed = await missed_gold(town, amina)
    await amina.texts(f"APPEAL {missed}")
    await town.ticks()
    assert (await assessed(town))["Wanjiku"].counts.waiting == 1
    await town.ticks(days=8)
    wanjiku = (await assessed(town))["Wanjiku"].counts
    assert (wanjiku.missed, wanjiku.waiting, wanjiku.decisions) == (1, 0, 0)
