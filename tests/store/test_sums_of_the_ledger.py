"""The ledger's sums by day and month equal a full read of it, to the cent, in any period."""

import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta

import pytest

from gateway.store.db import Database, open_database
from gateway.store.ledger import day_sums, seals
from gateway.store.people import impact
from tests.conftest import NewDatabase

FIRST = date(2024, 1, 20)
CODES = (1, 3, 3, 3, 6, 13, 16, 40, 41, 45, 46)
HELD = (3, 13, 16, 40, 41, 45, 46)
WORKERS = 5
_PAYOUT = """insert into payout (id, ref, worker_id, state, provider, currency, amount, key, to_sealed, to_tail,
    result_token, status_token, timeout_token, settled_at)
  select x.id, x.id::text, x.worker, 'paid', 'p', 'KES', 100, x.id::text, '\\x00', '00', x.id || 'a', x.id || 'b', x.id || 'c', now()
    from unnest($1::uuid[], $2::bigint[]) x(id, worker)"""
_TRANSFER = """insert into transfer (id, debit, credit, amount, currency, code, cause, at)
  select gen_random_uuid(), x.* from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::smallint[], $6::text[],
    $7::timestamptz[]) x"""
_READ_ALL = """select code, currency, sum(amount) filter (where at >= $1)::bigint as inside, sum(amount)::bigint as ever
  from transfer where at < $2 group by 1, 2"""
_HOLDERS = """select code, currency, sum(amount)::bigint as amount, case when code in (3, 40, 41) then credit
    when code in (45, 46) then debit else (select worker_id from payout where id = split_part(cause, ':', 2)::uuid) end as holder
  from transfer where at >= $1 and at < $2 and code = any($3) group by 1, 2, 4"""
_SUMS = "select * from sums_by_holder(p_codes => $3, p_since => $1, p_until => $2)"


class Books:
    """A made-up ledger of some months, in which time goes on."""

    def __init__(self, db: Database, seed: int):
        self.db, self.draw = db, random.Random(seed)
        self.now = datetime.combine(FIRST, time(7), UTC)
        self.payouts = list[tuple[uuid.UUID, int]]()

    async def goes_on(self, days: int, transfers: int) -> None:
        """Post transfers of some more days, corrections of older work among them."""
        draw, rows = self.draw, list[tuple[object, ...]]()
        payouts = [
            (uuid.UUID(int=draw.getrandbits(128)), draw.randrange(WORKERS)) for _ in range(9)
        ]
        self.payouts += payouts
        for _ in range(transfers):
            self.now += timedelta(days=days) / transfers
            # A number is taken before the commit, so times are not quite in the order of numbers.
            at = self.now - timedelta(minutes=draw.randrange(30))
            payout = draw.choice(self.payouts)[0]
            debit, credit = draw.sample(range(1, 9), 2)
            code, currency = draw.choice(CODES), draw.choice(("KES", "UGX"))
            rows.append(
                (debit, credit, draw.randint(1, 10**6), currency, code, f"cause:{payout}", at)
            )
        async with self.db.transaction() as db:
            # The rows need no accounts: their sums are what is tested.
            await db.execute("set local session_replication_role = replica")
            await db.execute(_PAYOUT, *map(list, zip(*payouts, strict=True)))
            await db.execute(_TRANSFER, *map(list, zip(*rows, strict=True)))

    async def is_sealed(self) -> None:
        await seals.seal(self.db, self.now + timedelta(minutes=1))

    def period(self) -> tuple[datetime, datetime]:
        """Return a period of whole days, often of whole months, and often the whole history."""
        draw = self.draw
        first = draw.choice((FIRST, date(2024, draw.randint(1, 5), draw.choice((1, 1, 15, 28)))))
        last = draw.choice((self.now.date(), first + timedelta(days=draw.randrange(120))))
        since = datetime.combine(first, time(), UTC)
        return since, max(since, datetime.combine(last, time(), UTC)) + timedelta(days=1)


@pytest.fixture
async def ledger(
    new_database: NewDatabase, request: pytest.FixtureRequest
) -> AsyncIterator[Database]:
    """A database of its own, without workers."""
    name = f"sums_{'audit' if 'audit' in request.node.name else 'read'}"
    db = await open_database(await new_database(name), connections=1)
    yield db
    await db.close()


async def equal_the_full_read(books: Books) -> None:
    """Compare the sums with a full read of the ledger, in ten periods."""
    for _ in range(10):
        since, until = books.period()
        async with books.db.transaction() as db:
            found = await impact.money_moved(db, await impact.period(db, since, until))
        rows = await books.db.rows(_READ_ALL, since, until)
        told = {
            (one.code, one.currency): (one.in_period_minor, one.since_start_minor) for one in found
        }
        assert told == {(r["code"], r["currency"]): (r["inside"] or 0, r["ever"]) for r in rows}
        held = [
            Counter({(r["code"], r["holder"], r["currency"]): r["amount"] for r in rows})
            for rows in (
                await books.db.rows(_SUMS, since, until, list(HELD)),
                await books.db.rows(_HOLDERS, since, until, list(HELD)),
            )
        ]
        assert held[0] == held[1], (since, until)


async def test_sums_equal_the_full_read_also_after_corrections_in_older_months(ledger):
    books = Books(ledger, 13)
    await equal_the_full_read(books)
    for days, transfers in ((40, 150), (3, 20), (45, 150), (1, 10)):
        await books.goes_on(days, transfers)
        await equal_the_full_read(books)  # Nothing of it is sealed or in the sums yet.
        await books.is_sealed()
        assert await ledger.value("select sum_ledger(p_most => 7)") == 7
        await equal_the_full_read(books)  # A slice is in the sums, and the next ones are not.
        await day_sums.sum_up(ledger)
        assert await day_sums.sum_up(ledger) == 0, "nothing is added twice"
        await equal_the_full_read(books)
        assert await day_sums.faults(ledger) == []


async def test_the_audit_finds_every_change_of_a_sum(ledger):
    books = Books(ledger, 7)
    await books.goes_on(40, 60)
    await books.is_sealed()
    await day_sums.sum_up(ledger)
    for change in (
        "update ledger_day set amount = amount + 1 where day = (select min(day) from ledger_day)",
        "update ledger_day set transfers = transfers + 1 where day = (select max(day) from ledger_day)",
        "delete from ledger_day where day = (select min(day) from ledger_day)",
        "insert into ledger_day values ('2023-01-01', 3, 'KES', 1, 1)",
        "update ledger_month set amount = amount - 1 where month = (select min(month) from ledger_month)",
        "delete from ledger_month where code = 13",
        "insert into ledger_month values (3, '2023-01-01', 1, 'KES', 1, 1)",
        "update ledger_summed set upto = upto + 1",
    ):
        with pytest.raises(_TakenBack):
            await _after(ledger, change)
    assert await day_sums.faults(ledger) == []


class _TakenBack(Exception):
    """The end of a transaction that is rolled back."""


async def _after(ledger: Database, change: str) -> None:
    """Look at the sums after a change, and take the change back."""
    async with ledger.transaction() as db:
        await db.execute(change)
        assert await day_sums.faults(db), change
        raise _TakenBack
