# pyright: basic
"""A large batch that is closed: its results are there at once.

They move into its tasks slice by slice behind that.
"""

import pytest

from gateway.app import STEPS
from gateway.steps.batches import close as close_step
from gateway.steps.quality import reestimate as relearn_step
from gateway.store.due import due_jobs
from tests.stories.batches.test_heavy_work import Killed, answered, close_now, killed_at, skills


@pytest.fixture(autouse=True)
def small_slices(monkeypatch):
    monkeypatch.setattr(close_step, "SLICE", 2)


async def is_killed(town, monkeypatch, batch, point, times=1):
    """The process that closes the batch dies there; the next one is as good as new."""
    with monkeypatch.context() as process:
        killed_at(process, close_step, point, times)
        with pytest.raises(Killed):
            await close_now(town, batch)


async def balance(town):
    return (await town.client.asks("GET", "/account")).json()["available_minor"]


async def test_when_the_process_dies_behind_the_closing_all_results_are_there(town, monkeypatch):
    batch = await answered(town, *"abcde")
    before = await balance(town)
    await is_killed(town, monkeypatch, batch, "close.written")
    shown, results = await batch.shows(), await batch.results()
    assert shown["state"] == "done"
    assert {row["rule"] for row in results.values()} == {"auto"}
    assert {row["value"] for row in results.values()} == {"yes"}
    assert await town.count("task", "rule = 'auto'") == 0, "they do not stand in the tasks yet"

    assert ("close",) in await due_jobs(town.rt.db, town.rt.clock.now())
    await STEPS["close"](town.rt)
    assert await batch.results() == results
    assert await town.count("task", "rule = 'auto'") == 5
    assert await town.count("estimate") == 0
    assert (await batch.shows())["background"] is None
    assert await balance(town) == before
    assert ("close",) not in await due_jobs(town.rt.db, town.rt.clock.now())


async def test_a_client_looking_while_results_move_sees_all_of_them_and_how_far_that_is(
    town, monkeypatch
):
    batch = await answered(town, *"abcde")
    await is_killed(town, monkeypatch, batch, "close.published", times=2)
    assert await town.count("estimate") == 1
    half = await batch.results()
    assert {row["rule"] for row in half.values()} == {"auto"}
    assert (await batch.shows())["background"] == {"doing": "publishing", "done": 2, "of": 5}
    await STEPS["close"](town.rt)
    assert await batch.results() == half


async def test_the_rest_of_the_money_comes_back_once_with_the_last_result(town, monkeypatch):
    people = [await town.enrols(name) for name in ("amina", "brian", "chege", "dorcas")]
    batch = await town.posts_batch("a", "b", "c", policy="dynamic", confidence=0.7)
    for person in people:
        await person.texts("WORK")
        for _ in range(3):
            await person.texts("1")
    town.jobs.take()
    assert await town.count("task", "state = 'open'") == 0
    held = await balance(town)
    await is_killed(town, monkeypatch, batch, "close.published", times=1)
    assert await balance(town) == held, "results are left to publish"
    for _ in range(2):
        await STEPS["close"](town.rt)
    money = (await batch.shows())["money"]
    assert money["released_minor"] > 0
    assert await balance(town) == held + money["released_minor"]


async def test_a_correction_waits_until_the_results_stand_in_the_tasks(town, monkeypatch):
    batch = await answered(town, *"abc")
    await is_killed(town, monkeypatch, batch, "close.written")
    same = {"same_as": "no", "by": "Asha", "reason": "they mean the same"}
    path = f"/batches/{batch.id}/options/yes/same"
    refused = await town.client.asks("POST", path, json=same)
    assert refused.status_code == 409
    assert "being published" in refused.json()["detail"]
    await STEPS["close"](town.rt)
    assert (await town.client.asks("POST", path, json=same)).status_code == 200


async def test_what_a_person_decided_meanwhile_stands(town, monkeypatch):
    batch = await answered(town, *"abc")
    await is_killed(town, monkeypatch, batch, "close.written")
    await town.rt.db.execute(
        "update task set value = 'no', rule = 'person', confidence = 1 where name = 't1'"
    )
    assert (await batch.results())["t1"]["value"] == "no"
    await STEPS["close"](town.rt)
    assert (await batch.results())["t1"]["value"] == "no"
    assert (await batch.results())["t2"]["value"] == "yes"


async def test_skills_change_some_workers_at_a_time_and_once_for_each(town, monkeypatch):
    batch = await answered(town, *"abcd")
    await STEPS["relearn"](town.rt, batch.id)
    once = await skills(town)
    await town.rt.db.execute('update skill set "right" = 0, wrong = 0')
    await town.rt.db.execute("delete from taught")
    monkeypatch.setattr(relearn_step, "WORKERS_SLICE", 1)
    passed = []

    async def dies(rt):
        passed.append((await batch.shows())["background"])
        if len(passed) == 1:
            raise Killed

    monkeypatch.setattr(relearn_step, "wait_for_phones", dies)
    with pytest.raises(Killed):
        await STEPS["relearn"](town.rt, batch.id)
    assert passed == [{"doing": "teaching", "done": 1, "of": 3}]
    await STEPS["relearn"](town.rt, batch.id)
    assert [tuple(round(v, 3) for v in row) for row in await skills(town)] == [
        tuple(round(v, 3) for v in row) for row in once
    ]
