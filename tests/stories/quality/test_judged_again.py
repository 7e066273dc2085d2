# pyright: basic
"""Judging a task again by the same rule and the same answers changes nothing for its workers."""

from random import Random

import pytest

from gateway.steps.quality.rejudge import rejudge
from gateway.store.quality import rejudging

TASKS = 6
MOST = 50


async def answers_at_random(town, person, draw):
    reply = await person.texts("WORK")
    for _ in range(MOST):
        if "1 Yes" not in (reply or ""):
            return
        reply = await person.texts(draw.choice("12"))
    raise AssertionError("the questions never end")


async def tasks_of(town):
    rows = await town.rt.db.rows(
        "select name, state, wanted, value, confidence, rule, ruling from task order by id"
    )
    return [dict(row) for row in rows]


async def judged_again(town, batch):
    stored = await town.rt.batches.fresh(batch.id)
    moved = []
    async with town.rt.db.transaction() as db:
        moved += await rejudge(
            town.rt, db, stored, await rejudging.open_tasks(db, batch.id, 0, 100), running=True
        )
    for value in ("yes", "no"):
        async with town.rt.db.transaction() as db:
            rows = await rejudging.decided_tasks(db, batch.id, 0, "value", value, 100)
            moved += await rejudge(town.rt, db, stored, rows, running=True)
    return moved


@pytest.mark.parametrize("policy", ["fixed:3", "dynamic", "worth:2000"])
@pytest.mark.parametrize("seed", [1, 2])
async def test_a_task_is_left_as_the_last_answer_left_it(town, policy, seed):
    draw = Random(seed)
    people = [await town.enrols(f"p{n}") for n in range(4)]
    batch = await town.posts_batch(*(f"Shop {n}?" for n in range(TASKS)), policy=policy)
    for person in people:
        await answers_at_random(town, person, draw)
    before = await tasks_of(town)
    assert {task["state"] for task in before} & {"decided", "review"}
    assert await judged_again(town, batch) == []
    assert await tasks_of(town) == before
