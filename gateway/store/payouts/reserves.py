"""The amounts behind the watch over float and reserves, and what it found last."""

from dataclasses import dataclass
from datetime import datetime

from gateway.payments.control import FLOAT_FRESH
from gateway.store.db import Connection, Database

# The alarm must rise within a minute.
DUE = """coalesce((select max(checked_at) from reserve_check), '-infinity')
  < $1::timestamptz - interval '30 seconds'"""
_LOCK = 7_301_077


@dataclass(frozen=True, slots=True)
class ReserveCheck:
    """The last comparison of one currency, in minor units."""

    currency: str
    owed_minor: int
    cover_minor: int
    checked_at: datetime
    short_since: datetime | None
    """The time since when the money is too low, or None while it suffices."""
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """The balance of one of the gateway's own accounts, credits minus debits."""

    kind: str
    owner: str
    currency: str
    balance_minor: int


async def one_at_a_time(db: Connection) -> None:
    """Let no other process compare until the end of the transaction."""
    await db.execute("select pg_advisory_xact_lock($1)", _LOCK)


async def balances_owed(db: Connection) -> dict[str, int]:
    """Return the balances of all workers together, by currency."""
    rows = await db.rows(
        """select currency, sum(balance)::bigint as minor from account
           where kind = 'worker_payable' group by currency"""
    )
    return {row["currency"]: row["minor"] for row in rows}


async def payouts_open(db: Connection, now: datetime) -> dict[str, int]:
    """Return the open payouts together, by currency.

    A payout that may have left is not counted where the provider itself reported its float lately,
    because that float may lack the money already.
    """
    rows = await db.rows(
        """select p.currency, sum(p.amount)::bigint as minor from payout p
             left join provider_health h on h.provider = p.provider and h.float_at > $1::timestamptz - $2::interval
           where p.settled_at is null
             and not ((p.maybe_taken or p.state = 'submitting') and h.float is not null)
           group by p.currency""",
        now,
        FLOAT_FRESH,
    )
    return {row["currency"]: row["minor"] for row in rows}


async def own_accounts(db: Connection) -> list[AccountBalance]:
    """Return the floats, the cash and what partners are owed, without reading history again."""
    rows = await db.rows(
        """select a.kind, a.owner, a.currency, running_balance(a.id, s.upto) as balance_minor
           from account a, (select coalesce(max(to_seq), 0) as upto from seal) s
           where a.kind in ('provider_float', 'client_cash', 'partner_payable', 'reinvest_due') order by a.id"""
    )
    return [AccountBalance(**row) for row in rows]


async def reported_floats(db: Connection, now: datetime) -> dict[str, int]:
    """Return the floats that providers reported lately."""
    rows = await db.rows(
        """select provider, float from provider_health
           where float is not null and float_at > $1::timestamptz - $2::interval""",
        now,
        FLOAT_FRESH,
    )
    return {row["provider"]: row["float"] for row in rows}


async def last_checks(db: Database | Connection) -> list[ReserveCheck]:
    """Return the last comparison of each currency."""
    rows = await db.rows(
        """select currency, owed as owed_minor, cover as cover_minor, checked_at, short_since, told_at
           from reserve_check order by currency"""
    )
    return [ReserveCheck(**row) for row in rows]


async def store_check(db: Connection, check: ReserveCheck) -> None:
    """Store a comparison in place of the one before."""
    await db.execute(
        """insert into reserve_check (currency, owed, cover, checked_at, short_since, told_at)
           values ($1, $2, $3, $4, $5, $6)
           on conflict (currency) do update set owed = excluded.owed, cover = excluded.cover,
             checked_at = excluded.checked_at, short_since = excluded.short_since, told_at = excluded.told_at""",
        check.currency,
        check.owed_minor,
        check.cover_minor,
        check.checked_at,
        check.short_since,
        check.told_at,
    )
