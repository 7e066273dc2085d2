"""No task is held, answered or wanted beyond its bounds: the database itself refuses it."""

import asyncpg
import pytest

from gateway.store.db import Database

BEYOND = {
    "fewer than none held": "update task set held = -1",
    "fewer than none answered": "update task set answered = -1",
    "more answers than are paid": "update task set state = 'decided', answered = maximum + 1, held = 0",
    "more wanted than are paid": "update task set wanted = maximum + 1",
    "more asked than wanted": "update task set held = wanted - answered + 1",
    "a state of a task that is none": "update task set state = 'lost'",
    "a state of an assignment that is none": "update assignment set state = 'lost'",
}


@pytest.fixture
async def work(town) -> Database:
    """Two tasks, of which a worker answered one and holds the other."""
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?")
    await amina.texts("WORK")
    await amina.texts("1")
    return town.rt.db


@pytest.mark.parametrize("beyond", BEYOND.values(), ids=BEYOND.keys())
async def test_no_row_leaves_its_bounds(work: Database, beyond: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await work.execute(beyond)
    assert str(refused.value.constraint_name).endswith("_is_sound")


async def test_a_row_that_is_added_is_looked_at_too(work: Database) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await work.execute(
            """insert into task (batch_id, name, position, text, maximum, wanted)
               select batch_id, 'another', 99, text, 1, 2 from task limit 1"""
        )
    with pytest.raises(asyncpg.CheckViolationError):
        await work.execute(
            """insert into assignment (task_id, worker_id, state, via, lease_until)
               select 1000000, worker_id, 'lost', 'sms', now() from assignment limit 1"""
        )
