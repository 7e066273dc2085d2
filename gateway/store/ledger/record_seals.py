"""The rows of the keyed seals over transfers, answers and consents, and their check."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.payments.ledger.record_seals import (
    GENESIS,
    RANGE_MAX,
    RecordSeal,
    SealedLines,
    Stamp,
    faults,
    make,
)
from gateway.store.db import Connection, Database, Row

_RANGES_MAX = 200  # of one kind in one run; the next run goes on
_LOOKS, _LOOK_AGAIN_S = 50, 0.02
_FAULTS_MAX = 50

_COLUMNS: Final = {
    "transfer": (
        "seq",
        "x.id, x.debit, x.credit, x.amount, x.currency, x.code, x.cause, (extract(epoch from x.at) * 1000000)::bigint",
    ),
    # An option that was renamed for the whole batch stands with the value that the worker gave.
    "answer": (
        "id",
        """x.task_id, x.worker_id, x.slot, coalesce((select r.was from answer_renamed r where r.answer_id = x.id
             order by r.at limit 1), x.value), x.said, x.via, x.price, x.transfer_id,
           (extract(epoch from x.created_at) * 1000000)::bigint""",
    ),
    "consent": (
        "id",
        "x.worker_id, x.act, x.via, x.said, x.channel, x.coordinator_id, (extract(epoch from x.at) * 1000000)::bigint",
    ),
}
KINDS: Final = tuple(_COLUMNS)

# A renamed answer has the value to which its option was renamed last.
_RENAMED_SINCE = """select a.id from answer_renamed r join answer a on a.id = r.answer_id
  where r.at = (select max(l.at) from answer_renamed l where l.answer_id = r.answer_id)
    and a.value <> r.becomes order by 1 limit 50"""


@dataclass(frozen=True, slots=True)
class RecordsVerified:
    """The result of a check of all keyed seals."""

    sealed: int
    """The number of sealed rows."""
    faults: tuple[str, ...]
    """The faults, each with its row."""


async def seal(db: Database, stamp: Stamp, now: datetime) -> int:
    """Seal the rows that no seal covers, and return the number of seals.

    Raises asyncpg's UniqueViolationError when another process was faster.
    """
    made = 0
    for kind in KINDS:
        last = await _settled(db, kind)
        before = await _newest(db, kind)
        start = before.to_id + 1 if before else 1
        for _ in range(_RANGES_MAX):
            if last is None or start > last:
                break
            span = (start, min(start + RANGE_MAX - 1, last))
            async with db.transaction() as connection:
                lines = await _lines(connection, kind, span)
                before = make(stamp, kind, before.digest if before else GENESIS, span, lines)
                await _insert(connection, before, now)
            start, made = span[1] + 1, made + 1
    return made


async def verify(db: Database, stamp: Stamp) -> RecordsVerified:
    """Check every sealed row against its seal, range by range."""
    sealed, found = 0, list[str]()
    async with db.connection() as connection:
        for kind in KINDS:
            before: RecordSeal | None = None
            while (after := await _next(connection, kind, before)) is not None:
                lines = await _lines(connection, kind, (after.from_id, after.to_id))
                found += faults(stamp, after, before, lines)
                sealed += after.rows
                before = after
        rows = await connection.rows(_RENAMED_SINCE)
        found += [f"answer {row['id']} was altered after its option was renamed" for row in rows]
    return RecordsVerified(sealed, tuple(found[:_FAULTS_MAX]))


async def summary(db: Database) -> tuple[dict[str, str], dict[str, int]]:
    """Return the last digest (hex) and the number of sealed rows, by kind."""
    rows = await db.rows(
        """select kind, (array_agg(digest order by from_id desc))[1] as head, sum(rows)::bigint as sealed
           from record_seal group by kind"""
    )
    heads = {row["kind"]: row["head"].hex() for row in rows}
    return heads, {row["kind"]: row["sealed"] for row in rows}


async def has_head(db: Database, kind: str, head: str) -> bool:
    """Return whether a digest (hex) that was written down is in the chain of a kind."""
    return await db.value(
        "select exists (select from record_seal where kind = $1 and digest = $2)",
        kind,
        bytes.fromhex(head),
    )


async def _lines(db: Connection, kind: str, span: tuple[int, int]) -> SealedLines:
    number, columns = _COLUMNS[kind]
    rows = await db.rows(
        # Both parts are constants of this file.
        f"""select x.{number} as number, json_build_array(x.{number}, {columns})::text as line
            from {kind} x where x.{number} between $1 and $2 order by x.{number}""",
        *span,
    )
    return [(row["number"], row["line"]) for row in rows]


async def _settled(db: Database, kind: str) -> int | None:
    """Return the last number below which no row can appear any more, as the ledger's seals do."""
    number = _COLUMNS[kind][0]
    last = await db.value(
        "select coalesce(pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass), 0)",
        kind,
        number,
    )
    writing = set(await db.value(_WRITERS, kind))
    for _ in range(_LOOKS):
        if not writing:
            return last
        await asyncio.sleep(_LOOK_AGAIN_S)
        writing &= set(await db.value(_WRITERS, kind))
    return None


_WRITERS = """select coalesce(array_agg(virtualtransaction), '{}') from pg_locks
  where locktype = 'relation' and relation = $1::text::regclass and mode = 'RowExclusiveLock' and granted
    and database = (select oid from pg_database where datname = current_database())"""


async def _newest(db: Database, kind: str) -> RecordSeal | None:
    row = await db.row(
        "select * from record_seal where kind = $1 order by from_id desc limit 1", kind
    )
    return _seal(row) if row else None


async def _next(db: Connection, kind: str, before: RecordSeal | None) -> RecordSeal | None:
    row = await db.row(
        "select * from record_seal where kind = $1 and from_id > $2 order by from_id limit 1",
        kind,
        before.from_id if before else 0,
    )
    return _seal(row) if row else None


def _seal(row: Row) -> RecordSeal:
    return RecordSeal(
        row["kind"],
        row["from_id"],
        row["to_id"],
        row["rows"],
        row["prev"],
        row["digest"],
        row["marks"],
    )


async def _insert(db: Connection, s: RecordSeal, now: datetime) -> None:
    await db.execute(
        """insert into record_seal (kind, from_id, to_id, rows, prev, digest, marks, at)
           values ($1, $2, $3, $4, $5, $6, $7, $8)""",
        s.kind,
        s.from_id,
        s.to_id,
        s.rows,
        s.prev,
        s.digest,
        s.marks,
        now,
    )
