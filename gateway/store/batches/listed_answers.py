"""Every answer of a batch, as its client reads them."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.store.db import Database, Row

_TASKS: Final = 500
"""The number of tasks whose answers are read at once."""


@dataclass(frozen=True, slots=True)
class AnswerCursor:
    """A place in the list of answers: behind this answer of this task."""

    position: int = 0
    slot: int = 0


@dataclass(frozen=True, slots=True)
class ListedAnswer:
    """One answer with its task and its times."""

    at: AnswerCursor
    task: str
    """The client's id of the task."""
    text: str
    """The question."""
    gold: str | None
    """The known truth of a gold task."""
    slot: int
    """The number of the answer among those of its task."""
    worker: int
    via: str
    said: str
    value: str
    asked_at: datetime
    answered_at: datetime
    is_void: bool
    is_gold: bool
    is_right: bool | None
    price_minor: int
    own: dict[str, Any]
    """The client's own columns of the task."""


async def of_batch(
    db: Database, batch: str, *, after: AnswerCursor, since: datetime | None
) -> AsyncGenerator[ListedAnswer]:
    """Yield the answers of a batch task by task, in the order of the upload.

    `since` leaves out answers that came earlier. The tasks are read page by page, so that memory
    stays flat.
    """
    position = max(after.position - 1, 0)
    while True:
        until = await db.value(
            """select max(position) from
                 (select position from task where batch_id = $1 and position > $2 order by position limit $3) t""",
            batch,
            position,
            _TASKS,
        )
        if until is None:
            return
        rows = await db.rows(
            """select t.position, t.name, t.text, t.gold, t.own, a.slot, a.worker_id, a.via, a.said, a.value,
                 a.price, a."right", a.void, a.created_at, x.asked_at
               from task t join answer a on a.task_id = t.id
                 join assignment x on x.task_id = a.task_id and x.worker_id = a.worker_id
               where t.batch_id = $1 and t.position > $2 and t.position <= $3
                 and (t.position, a.slot) > ($4::int, $5::int) and ($6::timestamptz is null or a.created_at >= $6)
               order by t.position, a.slot""",
            batch,
            position,
            until,
            after.position,
            after.slot,
            since,
        )
        for row in rows:
            yield _answer(row)
        position = until


async def number(db: Database, batch: str) -> int:
    """Return how many answers a batch has."""
    return await db.value(
        "select coalesce(sum(answered), 0)::bigint from task where batch_id = $1", batch
    )


def _answer(row: Row) -> ListedAnswer:
    return ListedAnswer(
        at=AnswerCursor(row["position"], row["slot"]),
        task=row["name"],
        text=row["text"],
        gold=row["gold"],
        slot=row["slot"],
        worker=row["worker_id"],
        via=row["via"],
        said=row["said"],
        value=row["value"],
        asked_at=row["asked_at"],
        answered_at=row["created_at"],
        is_void=row["void"],
        is_gold=row["gold"] is not None,
        is_right=row["right"],
        price_minor=row["price"],
        own=row["own"] or {},
    )
