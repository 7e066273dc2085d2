"""The history of a batch: each change of its client's, with its author and its cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.store.db import Connection, Database, Row

GATEWAY = "gateway"
"""The author of a change that no client asked for, such as the end at a deadline."""


@dataclass(frozen=True, slots=True)
class BatchChange:
    """One change of a batch."""

    id: int
    at: datetime
    actor: str
    """The first characters of the client's key, or "gateway"."""
    what: str
    before: dict[str, Any]
    after: dict[str, Any]
    cost_minor: int
    """The money that was set aside for it; negative where money came back."""


_COLUMNS = "id, at, actor, what, before, after, cost"


def _change(row: Row) -> BatchChange:
    return BatchChange(
        id=row["id"],
        at=row["at"],
        actor=row["actor"],
        what=row["what"],
        before=row["before"],
        after=row["after"],
        cost_minor=row["cost"],
    )


async def made_before(db: Connection, batch: str, key: str | None) -> BatchChange | None:
    """Return the change that a request with this Idempotency-Key has made, or None."""
    if key is None:
        return None
    row = await db.row(
        f"select {_COLUMNS} from batch_change where batch_id = $1 and request_key = $2", batch, key
    )
    return _change(row) if row else None


async def record_change(
    db: Connection,
    batch: str,
    what: str,
    *,
    actor: str,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    key: str | None = None,
) -> BatchChange:
    """Record a change of a batch that costs nothing so far."""
    row = await db.row(
        f"""insert into batch_change (batch_id, actor, what, before, after, request_key)
            values ($1, $2, $3, $4, $5, $6) returning {_COLUMNS}""",
        batch,
        actor,
        what,
        dict(before or {}),
        dict(after or {}),
        key,
    )
    assert row is not None
    return _change(row)


async def complete(db: Connection, change: BatchChange) -> None:
    """Store what a recorded change did, and its money."""
    await db.execute(
        "update batch_change set before = $2, after = $3, cost = $4 where id = $1",
        change.id,
        change.before,
        change.after,
        change.cost_minor,
    )


async def page(db: Database, batch: str, *, after: int, limit: int) -> list[BatchChange]:
    """Return the changes of a batch behind the id `after`, oldest first."""
    rows = await db.rows(
        f"select {_COLUMNS} from batch_change where batch_id = $1 and id > $2 order by id limit $3",
        batch,
        after,
        limit,
    )
    return [_change(row) for row in rows]


async def number(db: Database, batch: str) -> int:
    """Return the number of changes of a batch."""
    return await db.value("select count(*) from batch_change where batch_id = $1", batch)
