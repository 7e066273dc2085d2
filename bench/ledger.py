"""The ledger under a hot client account: postings per second, the audit and the seals.

All workers earn from one client's batch, with durable commits of 2 ms. The audit and the seals
cover a million transfers. The gateway's side is the product's own SQL: `post` for a single posting
in its own commit, `post_all` for batches. The floor is the design of every textbook. The
application opens a transaction, locks both accounts, inserts two legs, updates both balances and
commits, and a deferred trigger checks that the legs sum to zero. Each side has 8 writers on the
same PostgreSQL with commit_delay=2000, commit_siblings=0 (a disk that takes 2 ms), in turn.
"""

import argparse
import asyncio
import itertools
import json
import random
import time
import uuid
from collections.abc import Awaitable, Callable

import asyncpg

from bench._here import gateway
from gateway.base.ids import AccountId, BatchId, WorkerId
from gateway.payments.ledger import postings
from gateway.store.db import open_database, plain_dsn
from gateway.store.ledger import seals, transfers

WRITERS = 8
WORKERS = 2000
PER_BATCH = 200
SLOW_DISK = {"commit_delay": "2000", "commit_siblings": "0"}
Write = Callable[[asyncpg.Connection, random.Random, int], Awaitable[int]]

NAIVE = """
create table naive_account (id bigint primary key, balance bigint not null);
create table naive_leg (id bigint generated always as identity primary key, entry uuid not null,
  account bigint not null references naive_account, amount bigint not null, at timestamptz not null default now());
create index on naive_leg (account);
create index on naive_leg (entry);
create function naive_sums_to_zero() returns trigger language plpgsql as $$
begin
  if (select sum(amount) from naive_leg where entry = new.entry) <> 0 then raise exception 'legs do not sum to zero'; end if;
  return null;
end $$;
create constraint trigger zero after insert on naive_leg deferrable initially deferred
  for each row execute function naive_sums_to_zero();
insert into naive_account select n, 1000000000 from generate_series(0, 2000) n;
"""


async def two_legs(db: asyncpg.Connection, chance: random.Random, _n: int) -> int:
    worker, entry = chance.randint(1, WORKERS), uuid.uuid4()
    async with db.transaction():
        await db.execute(
            "select from naive_account where id in (0, $1) order by id for update", worker
        )
        await db.execute(
            "insert into naive_leg (entry, account, amount) values ($1, 0, -300), ($1, $2, 300)",
            entry,
            worker,
        )
        await db.execute("update naive_account set balance = balance - 300 where id = 0")
        await db.execute("update naive_account set balance = balance + 300 where id = $1", worker)
    return 1


class Books:
    """The accounts of one hot batch and its workers, in the product's own tables."""

    def __init__(self, hold: int, workers: list[int]) -> None:
        self.hold, self.workers = hold, workers
        self._batch, self._run = BatchId("b_hot"), uuid.uuid4().hex
        self._causes = itertools.count()

    def _earned(
        self, chance: random.Random, cause: str
    ) -> tuple[postings.Posting, AccountId, AccountId]:
        worker = chance.randrange(WORKERS)
        posted = postings.bonus(f"{self._run}:{cause}", self._batch, WorkerId(worker), 300, "KES")
        return posted, AccountId(self.hold), AccountId(self.workers[worker])

    async def single(self, db: asyncpg.Connection, chance: random.Random, n: int) -> int:
        await transfers.post(db, *self._earned(chance, str(next(self._causes))))
        return 1

    async def batched(self, db: asyncpg.Connection, chance: random.Random, n: int) -> int:
        booked = [self._earned(chance, str(next(self._causes))) for _ in range(PER_BATCH)]
        return await transfers.post_all(db, booked)


async def drive(dsn: str, write: Write, seconds: float) -> tuple[float, list[float]]:
    """Return the postings per second of all writers together, and each write's milliseconds."""
    found = await asyncio.gather(
        *(asyncpg.connect(dsn, server_settings=SLOW_DISK) for _ in range(WRITERS))
    )
    spent: list[float] = []
    done = 0

    async def writer(db: asyncpg.Connection, lane: int) -> None:
        nonlocal done
        chance, n = random.Random(lane), 0
        while time.perf_counter() < until:
            began = time.perf_counter()
            booked = await write(db, chance, n)
            done += booked
            spent.append((time.perf_counter() - began) * 1000)
            n += 1

    began = time.perf_counter()
    until = began + seconds
    await asyncio.gather(*(writer(db, lane) for lane, db in enumerate(found)))
    took = time.perf_counter() - began
    for db in found:
        await db.close()
    return done / took, sorted(spent)


async def a_million(dsn: str, books: Books, rows: int) -> None:
    """Insert a long history as a restored copy would: no trigger runs, and the balances are set."""
    db = await asyncpg.connect(dsn)
    await db.execute("set session_replication_role = replica")
    await db.execute(
        """insert into transfer (id, debit, credit, amount, currency, code, cause)
           select gen_random_uuid(), $1, ($2::bigint[])[1 + n % $3], 300, 'KES', 5, 'bonus:' || n
           from generate_series(1, $4::bigint) n""",
        books.hold,
        books.workers,
        WORKERS,
        rows,
    )
    await db.execute(
        """update account a set balance = s.balance from (select credit, sum(amount) as balance from transfer
             where debit = $1 group by credit) s where s.credit = a.id and a.bounded""",
        books.hold,
    )
    await db.execute("analyze transfer")
    await db.close()


async def measure(url: str, seconds: float, rounds: int, rows: int) -> list[dict[str, object]]:
    dsn = plain_dsn(url)
    setup = await asyncpg.connect(dsn)
    await setup.execute(NAIVE)
    # The gateway's cash fills the hold, so that the audit finds correct balances at the end.
    cash = await setup.fetchval("select open_account('client_cash', '', 'KES', false)")
    hold = await setup.fetchval("select open_account('batch_hold', 'b_hot', 'KES', false)")
    workers = [
        await setup.fetchval("select open_account('worker_payable', $1, 'KES', true)", str(n))
        for n in range(WORKERS)
    ]
    await setup.execute(
        "select post(gen_random_uuid(), $1, $2, $3, 'KES', 2::smallint, 'bench')",
        cash,
        hold,
        10**13,
    )
    await setup.close()
    books = Books(hold, workers)
    rates: dict[str, list[float]] = {"floor": [], "single": [], "batched": []}
    spent: dict[str, list[float]] = {}
    writes: dict[str, Write] = {"floor": two_legs, "single": books.single, "batched": books.batched}
    for _ in range(rounds):
        for name, write in writes.items():
            rate, spent[name] = await drive(dsn, write, seconds)
            rates[name].append(rate)
    rate_of = {name: sorted(found)[len(found) // 2] for name, found in rates.items()}
    note = f"{WRITERS} writers, one hot client, commits of 2 ms; floor: two legs by the application"
    results = [
        _result(f"ledger_{name}", rate_of[name], rate_of["floor"], "postings/s", note, spent[name])
        for name in ("single", "batched")
    ]
    await a_million(dsn, books, rows)
    return results + await _proofs(url)


async def _proofs(url: str) -> list[dict[str, object]]:
    db = await open_database(url, connections=2)
    try:
        began = time.perf_counter()
        audit = await transfers.audit(db)
        audit_s = time.perf_counter() - began
        assert audit.faults == (), audit.faults
        began = time.perf_counter()
        await seals.seal(db, await db.value("select now()"))
        seal_s = time.perf_counter() - began
        began = time.perf_counter()
        verified = await seals.verify(db)
        verify_s = time.perf_counter() - began
        assert verified.faults == () and verified.unsealed == 0, verified
    finally:
        await db.close()
    rows = f"{audit.transfers:,} transfers"
    return [
        _result("ledger_audit", audit.transfers / audit_s, 200_000, "rows/s", f"{rows} in {audit_s:.2f} s; floor: a million in 5 s"),
        _result("ledger_seal", verified.sealed / seal_s, 50_000, "rows/s", f"{rows} in {seal_s:.2f} s"),
        _result("ledger_verify", verified.sealed / verify_s, 50_000, "rows/s", f"{rows} in {verify_s:.2f} s"),
    ]  # fmt: skip


def _result(
    name: str, ours: float, floor: float, unit: str, note: str, spent: list[float] | None = None
) -> dict[str, object]:
    return {
        "name": name,
        "ours": round(ours),
        "floor": round(floor),
        "ratio": round(ours / floor, 2),
        "unit": unit,
        "p50_ms": round(spent[len(spent) // 2], 2) if spent else None,
        "p99_ms": round(spent[int(len(spent) * 0.99)], 2) if spent else None,
        "note": note,
    }


def run(seconds: float, rounds: int, rows: int) -> list[dict[str, object]]:
    with gateway() as settings:
        assert settings.database_url
        return asyncio.run(measure(settings.database_url.get_secret_value(), seconds, rounds, rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    print(json.dumps({"results": run(given.seconds, given.rounds, given.rows)}, indent=1))
