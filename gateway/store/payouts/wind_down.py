"""The rows of a gateway that winds down: its state, what it owes, and what statements showed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.base.errors import Refused
from gateway.base.ids import AccountId, WorkerId
from gateway.payments.ledger.chart_of_accounts import Posting
from gateway.store.db import Connection, Database, Row, Write

_FOUND = """select f.provider, f.receipt, f.amount, f.number, f.at, f.worker_id from wind_down_found f
  where f.booked_at is null and not exists (select from discrepancy d where d.provider = f.provider
    and d.receipt = f.receipt and d.explained_at is not null)"""


@dataclass(frozen=True, slots=True)
class WindDown:
    """The state of a gateway that winds down."""

    backup: str
    """The signature of the backup from which the database was restored."""
    backup_at: datetime
    """The time of that backup."""
    begun_at: datetime
    """The time at which the gateway began to wind down."""


@dataclass(frozen=True, slots=True)
class OwedWorker:
    """A worker to whom the gateway owes money, with all that decides whether she can be paid."""

    worker: WorkerId
    name: str
    currency: str
    balance_minor: int
    account: AccountId
    msisdn_sealed: bytes
    number_lost: bool
    """True when her number belongs to another person now."""
    coordinator: int | None
    open_ref: str | None
    """The reference of her payout under way."""
    open_minor: int
    """The amount of that payout."""
    open_state: str
    """The state of that payout."""
    refused: int
    """The number of payouts of this wind-down that failed."""
    reason: str
    """The provider's reason of the last one."""
    tried_at: datetime | None
    """The time at which the last one was sent."""
    paid: bool
    """True when this wind-down paid her something already."""


@dataclass(frozen=True, slots=True)
class FoundPayment:
    """A payment on a statement that the lost gateway made, and that no transfer shows yet."""

    provider: str
    receipt: str
    amount_minor: int
    number: str
    """The printed digits of the number, with `*` for each hidden one."""
    at: datetime | None
    worker: WorkerId | None


@dataclass(frozen=True, slots=True)
class PaidSince:
    """The way in which it is known what the lost gateway paid after the backup."""

    provider: str
    statement: int | None
    because: str | None
    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PayoutProgress:
    """The payouts of a wind-down in one currency, in one group of states."""

    currency: str
    outcome: str
    payouts: int
    amount_minor: int


async def find(db: Database | Connection) -> WindDown | None:
    """Return the state of the wind-down, or None for a gateway that does not wind down."""
    row = await db.row("select backup, backup_at, begun_at from wind_down")
    return WindDown(**row) if row else None


async def is_known(db: Database) -> bool:
    """Return False for the database of an older version, which has no such table."""
    return await db.value("select to_regclass('wind_down')") is not None


async def must_take_work(db: Database) -> None:
    """Raise Refused for a gateway that winds down."""
    if await db.value("select exists (select from wind_down)"):
        raise Refused(
            "this gateway winds down: it takes no new batches and starts none. Results can still be read",
            status=409,
        )


def begin_part(backup: str, backup_at: datetime) -> Write:
    return Write("begin_wind_down", {"backup": backup, "backup_at": backup_at})


async def owed_after(db: Database, worker: int, limit: int) -> list[OwedWorker]:
    """Return the next workers to whom money is owed, in the order of their ids."""
    rows = await db.rows(
        """select w.id as worker, w.name, w.currency, a.balance as balance_minor, a.id as account,
             w.msisdn_sealed, w.number_lost_at is not null as number_lost, w.coordinator_id as coordinator,
             o.ref as open_ref, coalesce(o.amount, 0) as open_minor, coalesce(o.state, '') as open_state,
             f.refused, f.reason, f.tried_at,
             exists (select from wind_down_payout x join payout p on p.id = x.payout_id
               where x.worker_id = w.id and p.state in ('paid', 'late_paid')) as paid
           from worker w join account a on a.id = w.account_id
             left join payout o on o.worker_id = w.id and o.settled_at is null
             left join lateral (select count(*)::int as refused,
                 coalesce((array_agg(p.reason order by p.created_at desc))[1], '') as reason,
                 max(coalesce(p.sent_at, p.created_at)) as tried_at
               from wind_down_payout x join payout p on p.id = x.payout_id
               where x.worker_id = w.id and p.state in ('failed', 'cancelled')) f on true
           where w.id > $1 and (a.balance > 0 or o.id is not null) order by w.id limit $2""",
        worker,
        limit,
    )
    return [OwedWorker(**row) for row in rows]


def note_payout_part(payout: UUID, worker: WorkerId) -> Write:
    """Return the part that marks a payout as one of the wind-down."""
    return Write("note_wind_down_payout", {"payout": payout, "worker": worker})


async def store_found(db: Connection, found: Sequence[FoundPayment]) -> None:
    """Record payments of the lost gateway. The same receipt counts once."""
    await db.execute_many(
        """insert into wind_down_found (provider, receipt, amount, number, at) values ($1, $2, $3, $4, $5)
           on conflict (provider, receipt) do nothing""",
        [(f.provider, f.receipt, f.amount_minor, f.number, f.at) for f in found],
    )


async def unbooked(db: Database, provider: str | None = None) -> list[FoundPayment]:
    """Return the found payments that no person and no number has given to a worker yet."""
    rows = await db.rows(
        f"{_FOUND} and ($1::text is null or f.provider = $1) order by f.at, f.receipt", provider
    )
    return [_found(row) for row in rows]


def _found(row: Row) -> FoundPayment:
    return FoundPayment(
        row["provider"], row["receipt"], row["amount"], row["number"], row["at"], row["worker_id"]
    )


@dataclass(frozen=True, slots=True)
class Payee:
    """A worker to whom a found payment may have gone."""

    worker: WorkerId
    account: AccountId
    balance_minor: int
    currency: str
    same_open: str | None
    """The reference of her open payout of the same amount, which may be the found payment."""


async def payee(
    db: Database, provider: str, amount_minor: int, *, index: bytes = b"", worker: int = 0
) -> Payee | None:
    """Return the worker with this number or id, as far as a found payment concerns her."""
    row = await db.row(
        """select w.id as worker, a.id as account, a.balance as balance_minor, w.currency,
             (select p.ref from payout p where p.worker_id = w.id and p.settled_at is null and p.provider = $3
               and p.amount = $4 and p.maybe_taken) as same_open
           from worker w join account a on a.id = w.account_id
           where w.msisdn_index = $1 or w.id = $2 order by w.id = $2 desc limit 1""",
        index,
        worker,
        provider,
        amount_minor,
    )
    return Payee(**row) if row else None


Booked = tuple[Posting, AccountId, AccountId]


def book_found_part(
    found: FoundPayment, payee: Payee, person: int | None, booked: Sequence[Booked]
) -> Write:
    """Return the part that takes a found payment from a worker's balance, once per receipt."""
    return Write(
        "book_paid_before",
        {
            "provider": found.provider,
            "receipt": found.receipt,
            "worker": payee.worker,
            "person": person,
            "balance": payee.balance_minor,
            "transfers": [posted.id for posted, _, _ in booked],
            "debits": [debit for _, debit, _ in booked],
            "credits": [credit for _, _, credit in booked],
            "amounts": [posted.amount_minor for posted, _, _ in booked],
            "currency": payee.currency,
            "codes": [int(posted.code) for posted, _, _ in booked],
            "causes": [posted.cause for posted, _, _ in booked],
        },
    )


async def store_source(
    db: Database,
    provider: str,
    person: int,
    at: datetime,
    *,
    statement: int | None = None,
    because: str | None = None,
) -> None:
    """Record how it is known what the lost gateway paid through a provider."""
    await db.execute(
        """insert into wind_down_source (provider, statement_id, because, person_id, at) values ($1, $2, $3, $4, $5)
           on conflict (provider) do update set statement_id = excluded.statement_id,
             because = excluded.because, person_id = excluded.person_id, at = excluded.at""",
        provider,
        statement,
        because,
        person,
        at,
    )


async def sources(db: Database) -> dict[str, PaidSince]:
    """Return the sources by provider."""
    rows = await db.rows(
        """select s.provider, s.statement_id as statement, s.because, p.name as person, s.at
           from wind_down_source s join person p on p.id = s.person_id"""
    )
    return {row["provider"]: PaidSince(**row) for row in rows}


async def progress(db: Database) -> list[PayoutProgress]:
    """Return the payouts since the wind-down began, counted by currency and outcome."""
    rows = await db.rows(
        """select p.currency, case when p.state in ('paid', 'late_paid') then 'paid'
               when p.state = 'awaiting_approval' then 'waiting for approval'
               when p.settled_at is null then 'on its way' else 'not paid' end as outcome,
             count(*)::int as payouts, sum(p.amount)::bigint as amount_minor
           from payout p join wind_down d on p.settled_at is null or p.settled_at >= d.begun_at
           group by 1, 2 order by 1, 2"""
    )
    return [PayoutProgress(**row) for row in rows]


async def asked_about(db: Database) -> list[tuple[str, int]]:
    """Return the number of payouts from the backup whose outcome is still unknown, by provider."""
    rows = await db.rows(
        """select p.provider, count(*)::int as payouts from payout p where p.settled_at is null
             and not exists (select from wind_down_payout x where x.payout_id = p.id)
           group by 1 order by 1"""
    )
    return [(row["provider"], row["payouts"]) for row in rows]


async def stopping_findings(db: Database) -> dict[str, int]:
    """Return the number of unexplained differences that stop a provider, by provider."""
    rows = await db.rows(
        """select provider, count(*)::int as n from discrepancy where stops and explained_at is null group by 1"""
    )
    return {row["provider"]: row["n"] for row in rows}
