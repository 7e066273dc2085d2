# pyright: basic
"""A correction of a large batch: one commit for what is corrected, slices for what follows.

No lock is held for long.
"""

import asyncio

import pytest

from gateway.app import STEPS
from gateway.base.errors import Refused
from gateway.steps.batches.close import close_batch
from gateway.steps.batches.prepare import write_specs
from gateway.steps.batches.routes_on_air import air_of
from gateway.steps.batches.submit import fill
from gateway.steps.batches.submit.fill import add_prepared
from gateway.steps.quality.corrections import correct_gold
from gateway.steps.quality.corrections import follow as follow_step
from gateway.steps.quality.corrections.correct_gold import SameOption, correct_option
from gateway.steps.quality.corrections.follow import follow
from gateway.tasks.intake import TaskSpec

SAID = {"by": "Asha", "reason": "they mean the same"}


class Killed(Exception):
    """A process that ended right here."""


async def answered(town, *texts):
    """A batch of three options whose tasks two workers have answered, each with another option."""
    people = [await town.enrols(name) for name in ("amina", "brian")]
    batch = await town.posts_batch(
        *texts, kind="categorisation", options=["shop", "stall", "house"], policy="fixed:3", rotate=False
    )  # fmt: skip
    for person, key in zip(people, "12", strict=True):
        await person.texts("WORK")
        for _ in texts:
            await person.texts(key)
    town.jobs.take()
    return batch


async def diff(town):
    return await town.rt.db.value("select diff from correction")


def dies_in_slice(monkeypatch, nth):
    """The process dies in the commit of the `nth` slice."""
    calls, rejudge = [], follow_step.rejudge

    async def dies(*given, **named):
        calls.append(given)
        if len(calls) == nth:
            raise Killed
        return await rejudge(*given, **named)

    monkeypatch.setattr(follow_step, "rejudge", dies)


@pytest.mark.parametrize("goes_on", ["follow", "relearn", "close"])
async def test_what_a_killed_process_left_is_judged_again_by_the_next(town, monkeypatch, goes_on):
    monkeypatch.setattr(follow_step, "SLICE", 2)
    batch = await answered(town, *"abcde")
    dies_in_slice(monkeypatch, nth=2)
    with pytest.raises(Killed):
        await correct_option(town.rt, SameOption(batch.id, "stall", "shop", **SAID))
    left = await diff(town)
    assert left["renamed"] == 5, "the correction itself is kept whole"
    assert left["rejudge"]["after"] > 0

    monkeypatch.undo()
    monkeypatch.setattr(follow_step, "SLICE", 2)
    if goes_on == "follow":
        await follow(town.rt, batch.id)
    elif goes_on == "relearn":
        await STEPS["relearn"](town.rt, batch.id)
    else:
        await town.rt.db.execute(
            "update task set state = 'decided', value = 'shop', confidence = 1, rule = 'online'"
        )
        await STEPS["close"](town.rt)
    done = await diff(town)
    assert "rejudge" not in done
    assert {
        each["value"] for each in await town.rt.db.rows("select distinct value from answer")
    } == {"shop"}
    await follow(town.rt, batch.id)
    assert await diff(town) == done, "what is done is done once"


async def test_while_a_correction_is_worked_out_the_batch_and_its_workers_are_free(
    town, monkeypatch
):
    batch = await answered(town, *"abc")
    started, go_on, estimate = asyncio.Event(), asyncio.Event(), correct_gold.results_of

    async def slow(rt, db, batch):
        found = await estimate(rt, db, batch)
        started.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(correct_gold, "results_of", slow)
    correcting = asyncio.create_task(
        correct_option(town.rt, SameOption(batch.id, "stall", "shop", **SAID))
    )
    await started.wait()
    async with town.rt.db.transaction() as db:
        await db.execute("set local lock_timeout = '5s'")
        await db.execute("select 1 from batch where id = $1 for update", batch.id)
        await db.execute("select 1 from skill for update")
    chege = await town.enrols("chege")
    assert "1 shop" in await chege.texts("WORK")
    go_on.set()
    assert (await correcting)["renamed"] == 3


async def test_a_batch_that_is_cancelled_meanwhile_is_not_asked_again(town, monkeypatch):
    batch = await answered(town, *"abc")
    estimate, cancelled = correct_gold.results_of, []

    async def slow(rt, db, one):
        if not cancelled:
            cancelled.append(await batch.changes("cancel"))
        return await estimate(rt, db, one)

    monkeypatch.setattr(correct_gold, "results_of", slow)
    await correct_option(town.rt, SameOption(batch.id, "stall", "shop", **SAID))
    assert cancelled
    assert (await batch.shows())["state"] == "cancelled"
    assert await town.count("task", "state = 'open'") == 0
    assert await town.count("correction") == 1


async def test_two_corrections_of_one_batch_wait_for_each_other(town):
    batch = await answered(town, *"abc")
    both = await asyncio.gather(
        correct_option(town.rt, SameOption(batch.id, "stall", "shop", **SAID)),
        correct_option(town.rt, SameOption(batch.id, "stall", "shop", **SAID)),
        return_exceptions=True,
    )
    assert sum(one["renamed"] for one in both if isinstance(one, dict)) == 3
    fresh = await town.rt.batches.fresh(batch.id)
    await close_batch(town.rt, fresh)


async def test_starting_a_batch_does_not_wait_for_a_large_upload_which_is_refused(
    town, monkeypatch
):
    monkeypatch.setattr(fill, "SLICE", 10)
    batch = await town.client.drafts()
    await town.client.asks(
        "POST", f"/batches/{batch.id}/tasks", json=[{"id": "1", "text": "Is it open?"}]
    )
    draft, lines = await town.rt.batches.get(batch.id), []
    specs = [TaskSpec(f"more-{n}", "Is it clean?", None, None) for n in range(20)]
    filled = write_specs(specs, draft, air_of(town.rt), lines.append)
    uploading, started = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def parts():
        yield from lines[:10]
        loop.call_soon_threadsafe(uploading.set)
        asyncio.run_coroutine_threadsafe(started.wait(), loop).result(300)
        yield from lines[10:]

    upload = asyncio.create_task(add_prepared(town.rt, town.client.id, batch.id, filled, parts()))
    await uploading.wait()
    await batch.changes("start")
    started.set()
    with pytest.raises(Refused, match="before the start only"):
        await upload
    assert await town.count("task") == 1
    assert (await batch.shows())["state"] == "running"


async def test_two_uploads_into_one_batch_are_one_after_the_other(town):
    batch = await town.client.drafts()
    ways = [
        town.client.asks("POST", f"/batches/{batch.id}/tasks", json=[{"id": f"{n}-{m}", "text": "Is it open?"} for m in range(20)])
        for n in range(3)
    ]  # fmt: skip
    assert [answer.status_code for answer in await asyncio.gather(*ways)] == [201, 201, 201]
    assert await town.rt.db.value("select count(distinct position) from task") == 60
    filled = await town.rt.db.value("select filled from batch where id = $1", batch.id)
    assert filled["tasks"] == 60
