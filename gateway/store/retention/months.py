"""The monthly partitions of the inbox, the outbox and the sessions.

They are made ahead of time and taken out when they are old. See decision 58 and
`store/sql/months.sql`.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from gateway.base.errors import Failed
from gateway.store.db import Database, Row

AHEAD = 2
"""The months that are made ahead, besides the current one."""
WARN_AHEAD = 1
"""The number of months ahead that must exist, besides the current one. Otherwise an operator is
warned.
"""
_KEYS_AT_ONCE = 5_000
_PAGES_AT_ONCE = 256
_BUSY = "the database is too busy to change its months just now; run it again"


async def missing(db: Database, ahead: int = AHEAD) -> list[Row]:
    """Return the months that should have a partition and have none, the nearest first."""
    return await db.rows("select parent, since, until from missing_months($1)", ahead)


async def make(db: Database) -> int:
    """Make the missing partitions, and return how many.

    Each is made in a transaction of its own, since all turns wait behind it. Raises Failed when the
    database is too busy.
    """
    rows = await missing(db)
    for row in rows:
        try:
            await db.execute(
                "select make_month(p_parent => $1, p_since => $2, p_until => $3)",
                row["parent"],
                row["since"],
                row["until"],
            )
        except asyncpg.DuplicateTableError:
            continue  # Another process has made it.
        except asyncpg.LockNotAvailableError as busy:
            raise Failed(_BUSY, retryable=True) from busy
    try:
        await db.execute("select plan_months_anew()")
    except asyncpg.LockNotAvailableError as busy:
        raise Failed(_BUSY, retryable=True) from busy
    return len(rows)


async def forget_keys(db: Database) -> int:
    """Delete one slice of the expired keys, and return how many."""
    return await db.value("select forget_keys($1)", _KEYS_AT_ONCE)


@dataclass(frozen=True, slots=True)
class MonthOver:
    """A month of a table that is old enough to be archived."""

    parent: str
    part: str
    since: datetime
    until: datetime


async def over(db: Database, keep: Mapping[str, int], now: datetime) -> list[MonthOver]:
    """Return the partitions that ended longer ago than their table's rows are kept.

    A value of 0 days keeps them for good.
    """
    rows = await db.rows("select * from parts() where until is not null order by until, parent")
    return [
        MonthOver(**row)
        for row in rows
        if keep[row["parent"]] and row["until"] <= now - timedelta(days=keep[row["parent"]])
    ]


@dataclass(frozen=True, slots=True)
class StoredMonth:
    """A month of a table that is in an archive, or on the way into it."""

    part: str
    parent: str
    since: datetime | None
    until: datetime
    left_at: datetime
    file: str | None
    rows: int | None
    bytes: int | None
    sha256: str | None
    done_at: datetime | None


async def leaving(db: Database) -> list[StoredMonth]:
    """Return the months that were taken out and are not written to a file yet."""
    rows = await db.rows("select * from archived_month where done_at is null order by until, part")
    return [StoredMonth(**row) for row in rows]


async def archived(db: Database) -> list[StoredMonth]:
    """Return the archived months, the newest first."""
    rows = await db.rows("select * from archived_month order by until desc, part")
    return [StoredMonth(**row) for row in rows]


async def archived_until(db: Database, parent: str) -> datetime | None:
    """Return the time up to which the rows of a table were archived, or None when none were."""
    return await db.value("select max(until) from archived_month where parent = $1", parent)


async def size(db: Database, part: str) -> int:
    """Return the bytes of a partition without its indexes."""
    return await db.value("select pg_table_size(to_regclass($1))", part)


async def detach(db: Database, part: str) -> None:
    """Take a partition out of its table. Raises Failed when the database is too busy."""
    try:
        await db.execute("select detach_month($1)", part)
    except asyncpg.LockNotAvailableError as busy:
        raise Failed(_BUSY, retryable=True) from busy


async def columns(db: Database, part: str) -> list[str]:
    """Return the names of a partition's columns."""
    rows = await db.rows(
        """select attname from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped
           order by attnum""",
        part,
    )
    return [row["attname"] for row in rows]


async def lines(db: Database, part: str) -> AsyncGenerator[list[str]]:
    """Yield the rows of a partition as JSON, some pages at a time.

    `part` is a name from `archived_month`.
    """
    pages: int = await db.value(
        "select pg_relation_size(to_regclass($1)) / current_setting('block_size')::bigint", part
    )
    for first in range(0, pages, _PAGES_AT_ONCE):
        rows = await db.rows(
            # The gateway chose this name.
            f'select to_jsonb(x)::text as line from "{part}" x where ctid >= $1::text::tid and ctid < $2::text::tid',
            f"({first},0)",
            f"({first + _PAGES_AT_ONCE},0)",
        )
        yield [row["line"] for row in rows]


async def drop(
    db: Database, part: str, file: str | None, rows: int, size_bytes: int, sha256: str | None
) -> None:
    """Drop a partition that was written to a file. Raises Failed when the database is too busy."""
    try:
        await db.execute(
            "select drop_month(p_part => $1, p_file => $2, p_rows => $3, p_bytes => $4, p_sha256 => $5)",
            part,
            file,
            rows,
            size_bytes,
            sha256,
        )
    except asyncpg.LockNotAvailableError as busy:
        raise Failed(_BUSY, retryable=True) from busy
