"""The seals over the ledger's history, and the check of the seals against the rows."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from gateway.base.failpoints import reach
from gateway.payments.ledger.seals import GENESIS, RANGE_MAX, Seal, fault, make
from gateway.store.db import Connection, Database, Row

_LOOKS, _LOOK_AGAIN_S = 50, 0.02
_AT_ONCE = 20  # ranges read in one query
_AHEAD = 2  # Queries run at the same time, since most of the work is the database's output.

# This is one canonical line per transfer: see gateway.payments.ledger.seals.
_LINE = """json_build_array(t.seq, t.id, d.kind || ':' || d.owner || ':' || d.currency,
  c.kind || ':' || c.owner || ':' || c.currency, t.amount, t.currency, t.code, t.cause,
  (extract(epoch from t.at) * 1000000)::bigint)::text"""
_LINES = f"""
select r.from_seq, r.to_seq, x.transfers, x.lines
from unnest($1::bigint[], $2::bigint[]) as r(from_seq, to_seq) cross join lateral (
  select count(*) as transfers, coalesce(string_agg({_LINE}, E'\\n' order by t.seq), '') as lines
  from transfer t join account d on d.id = t.debit join account c on c.id = t.credit
  where t.seq between r.from_seq and r.to_seq) x
order by r.from_seq"""


async def seal(db: Database, now: datetime) -> int:
    """Seal all history, and return how many seals were made.

    No seal is made while a writer takes long. A later call tries again. A transfer gets its number
    before it is committed. So this function reads the last number and waits for all transactions
    that write at that moment, without blocking any. By then every number up to it is committed or
    lost for ever, and a sealed range never gets another row. Raises asyncpg's UniqueViolationError
    when another sealer was faster.
    """
    last = await _last_settled(db)
    if last is None:
        return 0
    newest = await db.row("select * from seal order by to_seq desc limit 1")
    before = _seal(newest) if newest else None
    first = before.to_seq + 1 if before else 1
    made = 0
    ranges = [
        (start, min(start + RANGE_MAX - 1, last)) for start in range(first, last + 1, RANGE_MAX)
    ]
    async for rows in _read(db, ranges):
        reach("seal.read")
        async with db.transaction() as connection:
            for row in rows:
                before = _made(before, row)
                await _insert(connection, before, now)
                made += 1
    return made


async def _read(db: Database, ranges: Sequence[tuple[int, int]]) -> AsyncGenerator[list[Row]]:
    """Yield the lines of these ranges, in order, some ranges at a time.

    The next ranges are read while some are hashed.
    """

    def read(start: int) -> asyncio.Task[list[Row]]:
        some = ranges[start : start + _AT_ONCE]
        return asyncio.create_task(db.rows(_LINES, [r[0] for r in some], [r[1] for r in some]))

    starts = iter(range(0, len(ranges), _AT_ONCE))
    coming = deque(read(start) for start in islice(starts, _AHEAD))
    try:
        while coming:
            rows = await coming.popleft()
            coming.extend(read(start) for start in islice(starts, 1))
            yield rows
    finally:
        for one in coming:
            one.cancel()


async def head(db: Database) -> str:
    """Return the last digest in hex, or '' before the first seal.

    A person who writes it down can prove the history before it.
    """
    found = await db.value("select digest from seal order by to_seq desc limit 1")
    return found.hex() if found else ""


async def last_sealed(db: Database) -> int:
    """Return the number of the last transfer under a seal."""
    return await db.value("select coalesce(max(to_seq), 0) from seal")


_WRITERS = """select coalesce(array_agg(virtualtransaction), '{}') from pg_locks
  where locktype = 'relation' and relation = 'transfer'::regclass and mode = 'RowExclusiveLock' and granted
    and database = (select oid from pg_database where datname = current_database())"""


async def _last_settled(db: Database) -> int | None:
    """Return the last number up to which no row can appear any more.

    Return None when a writer takes too long.
    """
    last = await db.value(
        "select coalesce(pg_sequence_last_value(pg_get_serial_sequence('transfer', 'seq')::regclass), 0)"
    )
    # A transaction that received one of these numbers held this lock before, and releases it only
    # after its commit.
    writing = set(await db.value(_WRITERS))
    for _ in range(_LOOKS):
        if not writing:
            return last
        await asyncio.sleep(_LOOK_AGAIN_S)
        writing &= set(await db.value(_WRITERS))
    return None


def _made(before: Seal | None, row: Row) -> Seal:
    prev = before.digest if before else GENESIS
    return make(prev, row["from_seq"], row["to_seq"], row["lines"], row["transfers"])


def _seal(row: Row) -> Seal:
    return Seal(row["from_seq"], row["to_seq"], row["transfers"], row["prev"], row["digest"])


async def _insert(db: Connection, s: Seal, now: datetime) -> None:
    # When two sealers run, the second violates a unique constraint, and its seals are rolled back.
    await db.execute(
        "insert into seal (from_seq, to_seq, transfers, prev, digest, at) values ($1, $2, $3, $4, $5, $6)",
        s.from_seq,
        s.to_seq,
        s.transfers,
        s.prev,
        s.digest,
        now,
    )


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of a verification of the seals."""

    seals: int
    """The number of seals."""
    sealed: int
    """The number of sealed rows."""
    unsealed: int
    """The number of rows that no seal covers yet."""
    head: str
    """The last digest in hex, to be written down outside the gateway."""
    faults: tuple[str, ...]
    """The faults that were found."""


async def verify(db: Database, known_head: str = "") -> Verified:
    """Hash every sealed range again.

    `known_head` is a digest (hex) that a person wrote down. It must be in the chain.
    """
    seals = [_seal(row) for row in await db.rows("select * from seal order by from_seq")]
    faults: list[str] = []
    before: Seal | None = None
    sealed = iter(seals)
    async for rows in _read(db, [(s.from_seq, s.to_seq) for s in seals]):
        for row, found in zip(rows, sealed, strict=False):
            again = make(found.prev, row["from_seq"], row["to_seq"], row["lines"], row["transfers"])
            wrong = fault(found, before, again)
            if wrong:
                faults.append(wrong)
            before = found
    if known_head and all(s.digest.hex() != known_head.lower() for s in seals):
        faults.append(f"no seal has the digest {known_head}: history was cut off or made anew")
    last = before.to_seq if before else 0
    astray = await db.value("select count(*) from transfer where seq < 1")
    if astray:
        faults.append(f"{astray} transfers stand before the first number there is")
    return Verified(
        seals=len(seals),
        sealed=sum(s.transfers for s in seals),
        unsealed=await db.value("select count(*) from transfer where seq > $1", last),
        head=before.digest.hex() if before else "",
        faults=tuple(faults),
    )
