"""The figures of a whole database, so that a copy can be compared with the original."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.store.db import Connection, Database
from gateway.store.ledger import seals, transfers

_TABLES = """select c.oid::regclass::text as name from pg_class c
  where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = current_schema()::regnamespace
  order by 1"""
_BALANCES = """select a.id, a.kind, a.owner, a.currency, a.bounded, a.balance as stored, coalesce(t.balance, 0)::text as balance
from account a left join (
  select id, sum(amount) as balance from (
    select credit as id, amount from transfer union all select debit, -amount from transfer) s group by id
) t on t.id = a.id order by a.id"""
_HEAD = "select digest from seal order by to_seq desc limit 1"


@dataclass(frozen=True, slots=True)
class BooksSnapshot:
    """The figures of a database at one moment."""

    rows: dict[str, int]
    """The number of rows per table."""
    balances: str
    """The SHA-256 over every account, with its stored balance and the sum of its transfers."""
    head: str
    """The last digest of the ledger's seals in hex, or "" before the first seal."""


async def tables(db: Connection) -> list[str]:
    """Return the names of all tables, quoted if necessary."""
    return [row["name"] for row in await db.rows(_TABLES)]


async def read_books(db: Connection) -> BooksSnapshot:
    """Return the figures of the database as this connection sees it."""
    rows = {
        # The names come from the database's own catalogue.
        name: await db.value(f"select count(*) from {name}")
        for name in await tables(db)
    }
    digest = hashlib.sha256()
    for row in await db.rows(_BALANCES) if "account" in rows else []:
        digest.update(repr(tuple(row.values())).encode())
    head = await db.value(_HEAD) if "seal" in rows else None
    return BooksSnapshot(rows, digest.hexdigest(), head.hex() if head else "")


def differences(original: BooksSnapshot, copy: BooksSnapshot) -> list[str]:
    """Return a description of each difference, or an empty list when both are equal.

    >>> differences(BooksSnapshot({"worker": 2}, "a", ""), BooksSnapshot({"worker": 1}, "a", ""))
    ['worker has 1 rows, the original 2']
    """
    found = [
        f"{name} has {copy.rows.get(name, 0)} rows, the original {original.rows.get(name, 0)}"
        for name in sorted({*original.rows, *copy.rows})
        if copy.rows.get(name) != original.rows.get(name)
    ]
    if copy.balances != original.balances:
        found.append("the balances of the ledger are not the original's")
    if copy.head != original.head:
        found.append("the last seal of the ledger is not the original's")
    return found


@asynccontextmanager
async def snapshot(db: Database) -> AsyncGenerator[tuple[Connection, str]]:
    """Yield a connection with a snapshot, and the snapshot's name for other sessions."""
    async with db.transaction() as connection:
        await connection.execute("set transaction isolation level repeatable read, read only")
        # Counting a large table takes longer than any request may.
        await connection.execute("set local statement_timeout = 0")
        yield connection, await connection.value("select pg_export_snapshot()")


async def server_major(db: Connection) -> int:
    """Return the major version of the PostgreSQL server."""
    return int(await db.value("show server_version_num")) // 10_000


async def faults(db: Database, head: str) -> list[str]:
    """Return the faults of the ledger and its seals, recomputed from every transfer."""
    audited, verified = await transfers.audit(db), await seals.verify(db, head)
    return [*audited.faults, *verified.faults]
