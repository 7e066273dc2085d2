"""The tasks of a batch as its client lists them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.store.db import Database, Row

_COUNTING_MAX: Final = 1_000_000
"""The largest count of tasks in one state. A batch has no more tasks, unless settings allow it."""
# Results that became gold are tasks of the gateway's own. An upload in progress is not shown.
_VISIBLE: Final = """t.batch_id = $1 and t.promoted_from is null
  and t.position <= (select coalesce(filled_to, 2147483647) from batch where id = $1)"""
_COLUMNS: Final = """t.name, t.text, t.state, t.value, t.confidence, t.answered, t.wanted, t.held, t.gold,
  t.decided_at, t.own"""


@dataclass(frozen=True, slots=True)
class ListedTask:
    """A task with its result so far."""

    name: str
    """The client's id of the task."""
    text: str
    state: str
    value: str | None
    confidence: float | None
    answers: int
    answers_wanted: int
    asked_now: int
    gold: str | None
    decided_at: datetime | None
    own: dict[str, Any]
    """The client's own columns."""


async def page(
    db: Database, batch: str, *, state: str | None, after: str | None, limit: int
) -> list[ListedTask]:
    """Return tasks behind the task `after`, in the order of the upload."""
    rows = await db.rows(
        f"""select {_COLUMNS} from task t where {_VISIBLE} and ($2::text is null or t.state = $2)
              and t.position > coalesce((select position from task where batch_id = $1 and name = $3), 0)
            order by t.position limit $4""",
        batch,
        state,
        after,
        limit,
    )
    return [_task(row) for row in rows]


async def number(db: Database, batch: str, *, state: str | None) -> int:
    """Return how many tasks of a batch are in a state."""
    return await db.value(
        f"""select count(*) from (select from task t where {_VISIBLE} and ($2::text is null or t.state = $2)
              limit {_COUNTING_MAX}) n""",
        batch,
        state,
    )


async def number_to_export(db: Database, batch: str, *, gold: bool) -> int:
    """Return how many rows an export of tasks has, with gold tasks or without."""
    return await db.value(
        f"select count(*) from task t where {_VISIBLE} and ($2 or t.gold is null)", batch, gold
    )


async def one(db: Database, batch: str, task: str) -> ListedTask | None:
    """Return one task by the client's id, or None."""
    row = await db.row(
        f"select {_COLUMNS} from task t where {_VISIBLE} and t.name = $2", batch, task
    )
    return None if row is None else _task(row)


def _task(row: Row) -> ListedTask:
    return ListedTask(
        name=row["name"],
        text=row["text"],
        state=row["state"],
        value=row["value"],
        confidence=row["confidence"],
        answers=row["answered"],
        answers_wanted=row["wanted"],
        asked_now=row["held"],
        gold=row["gold"],
        decided_at=row["decided_at"],
        own=row["own"] or {},
    )
