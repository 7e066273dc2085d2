"""Closing and re-estimating a large batch.

It happens in slices that commit, is published at once, and runs beside everything else.
"""

import asyncio

import pytest

from gateway.app import STEPS
from gateway.queue.bells import HEAVY, HEAVY_QUEUE, QUEUE, RqJobQueue, queue, queue_of, redis_at
from gateway.steps.batches import close as close_step
from gateway.steps.batches.close import close_batch
from gateway.steps.precedence import AFTER_PHONES
from gateway.steps.quality import reestimate as relearn_step
from gateway.store.batches import background

OURS = "gateway.cli.runner.answer_bell"


class Killed(Exception):
    """A process that ended right here."""


async def answered(town, *texts, names=("amina", "brian", "chege")):
    """Return an open batch whose tasks three workers have answered, two of them alike."""
    people = [await town.enrols(name) for name in names]
    batch = await town.posts_batch(*texts, policy=f"fixed:{len(names)}")
    for person, key in zip(people, "112", strict=True):
        await person.texts("WORK")
        for _ in texts:
            await person.texts(key)
    town.jobs.take()
    return batch


def killed_at(monkeypatch, module, point, times=1):
    """The process dies at the `times`-th passing of a point."""
    passed = []

    def reach(name):
        if name == point:
            passed.append(name)
            if len(passed) == times:
                raise Killed

    monkeypatch.setattr(module, "reach", reach)


async def close_now(town, batch):
    await close_batch(town.rt, await town.rt.batches.fresh(batch.id))


async def test_a_batch_is_closed_in_slices_and_its_client_sees_how_far_it_is(town, monkeypatch):
    monkeypatch.setattr(close_step, "SLICE", 2)
    batch = await answered(town, *"abcde")
    before = await batch.results()
    killed_at(monkeypatch, close_step, "close.slice", times=2)
    with pytest.raises(Killed):
        await close_now(town, batch)
    shown = await batch.shows()
    assert shown["state"] == "running"
    assert shown["background"] == {"doing": "closing", "done": 4, "of": 5}
    assert await batch.results() == before, "no result is shown before all are there"

    monkeypatch.undo()
    await close_now(town, batch)
    shown = await batch.shows()
    assert (shown["state"], shown["background"]) == ("done", None)
    after = await batch.results()
    assert {row["value"] for row in after.values()} == {"yes"}
    assert {row["rule"] for row in after.values()} == {"auto"}
    assert await town.count("estimate") == 0
    assert shown["money"]["released_minor"] == 0


async def test_after_a_crash_the_next_process_goes_on_behind_the_last_slice(town, monkeypatch):
    monkeypatch.setattr(close_step, "SLICE", 2)
    batch = await answered(town, *"abcde")
    killed_at(monkeypatch, close_step, "close.slice", times=2)
    with pytest.raises(Killed):
        await close_now(town, batch)
    written = []
    keep = background.keep_estimates

    async def counted(db, batch_id, basis, some):
        written.append(len(some))
        await keep(db, batch_id, basis, some)

    monkeypatch.undo()
    monkeypatch.setattr(close_step, "SLICE", 2)
    monkeypatch.setattr(background, "keep_estimates", counted)
    await close_now(town, batch)
    assert written == [1], "four of five were kept by the process before"
    assert (await batch.shows())["state"] == "done"


async def test_when_all_slices_are_kept_nothing_is_estimated_again(town, monkeypatch):
    batch = await answered(town, *"abc")
    killed_at(monkeypatch, close_step, "close.decided")
    with pytest.raises(Killed):
        await close_now(town, batch)
    monkeypatch.undo()
    monkeypatch.setattr(close_step, "estimate", lambda *_: pytest.fail("estimated again"))
    await close_now(town, batch)
    assert (await batch.shows())["state"] == "done"


async def test_what_a_person_corrects_meanwhile_is_not_overwritten(town, monkeypatch):
    """Results that rest on the options of before are thrown away, and estimated anew."""
    batch = await answered(town, *"abc")
    killed_at(monkeypatch, close_step, "close.decided")
    with pytest.raises(Killed):
        await close_now(town, batch)
    monkeypatch.undo()
    same = {"same_as": "no", "by": "Asha", "reason": "they mean the same"}
    answer = await town.client.asks("POST", f"/batches/{batch.id}/options/yes/same", json=same)
    assert answer.status_code == 200, answer.text
    await close_now(town, batch)
    assert (await batch.shows())["state"] == "done"
    assert {row["value"] for row in (await batch.results()).values()} == {"no"}


async def test_a_batch_that_its_client_cancels_meanwhile_stays_cancelled(town, monkeypatch):
    batch = await answered(town, *"abc")
    results = await batch.results()
    killed_at(monkeypatch, close_step, "close.decided")
    with pytest.raises(Killed):
        await close_now(town, batch)
    monkeypatch.undo()
    await batch.changes("cancel")
    await close_now(town, batch)
    assert (await batch.shows())["state"] == "cancelled"
    assert await batch.results() == results
    assert await town.count("estimate") == 0


async def test_two_processes_close_one_batch_once(town):
    batch = await answered(town, *"abc")
    await asyncio.gather(*(close_now(town, batch) for _ in range(3)))
    assert (await batch.shows())["state"] == "done"


# --- learning ---


async def test_while_a_batch_is_looked_at_its_row_is_free_and_its_answers_are_not_scored(
    town, monkeypatch
):
    batch = await answered(town, *"abcd")
    started, go_on = asyncio.Event(), asyncio.Event()
    known = relearn_step.skills.decided_answers

    async def slow(db, batch_id):
        rows = await known(db, batch_id)
        started.set()
        await go_on.wait()
        return rows

    monkeypatch.setattr(relearn_step.skills, "decided_answers", slow)
    looking = asyncio.create_task(STEPS["relearn"](town.rt, batch.id))
    await started.wait()
    assert (await batch.shows())["background"]["doing"] == "learning"
    async with town.rt.db.transaction() as db:
        await db.execute("set local lock_timeout = '1s'")
        await db.execute("select 1 from batch where id = $1 for update", batch.id)
    assert await STEPS["score"](town.rt) == 0
    assert await STEPS["relearn"](town.rt, batch.id) == 0, "one look at a time"
    go_on.set()
    assert await looking == 12
    assert ("relearn", batch.id) in town.jobs.take(), "who came in vain is not forgotten"
    assert (await batch.shows())["background"] is None
    assert await town.count("answer", "not scored") == 0
    once = await skills(town)
    await STEPS["score"](town.rt)
    assert await skills(town) == once, "each answer teaches once"


async def skills(town):
    rows = await town.rt.db.rows('select worker_id, "right", wrong from skill order by 1')
    return [tuple(row.values()) for row in rows]


async def test_a_look_that_dies_half_way_is_made_again_and_teaches_once(town, monkeypatch):
    batch = await answered(town, *"abcd")
    monkeypatch.setattr(relearn_step, "SLICE", 5)
    calls = []

    async def dies(rt):
        calls.append(rt)
        if len(calls) == 2:
            raise Killed

    monkeypatch.setattr(relearn_step, "wait_for_phones", dies)
    with pytest.raises(Killed):
        await STEPS["relearn"](town.rt, batch.id)
    assert await town.count("answer", "scored") == 10
    monkeypatch.undo()
    await STEPS["relearn"](town.rt, batch.id)
    learned = await skills(town)
    await STEPS["relearn"](town.rt, batch.id)
    assert [tuple(round(v, 3) for v in row) for row in await skills(town)] == [
        tuple(round(v, 3) for v in row) for row in learned
    ]


# --- a queue of its own ---


def test_heavy_steps_are_steps_and_rest_while_phones_wait():
    assert set(STEPS) >= HEAVY
    assert HEAVY - {"watch"} <= AFTER_PHONES, "watch is rung once, so it must not be passed over"
    assert queue_of("close") == HEAVY_QUEUE
    assert queue_of("deliver") == queue_of("catch_up") == QUEUE


async def test_heavy_jobs_wait_on_a_queue_of_their_own(embedded):
    redis = redis_at(embedded.redis_url)
    jobs = RqJobQueue(embedded.redis_url, OURS)
    for bell in (("close",), ("deliver", "heavy-test")):
        jobs.enqueue(*bell)
    await jobs.close()
    light, heavy = queue(redis, QUEUE), queue(redis, HEAVY_QUEUE)
    try:
        assert "close" in heavy.get_job_ids()
        assert "close" not in light.get_job_ids()
        assert "deliver-heavy-test" in light.get_job_ids()
    finally:
        for each in (light, heavy):
            each.empty()
        redis.close()
