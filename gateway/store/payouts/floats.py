"""The lines of statements as imported, and the transfers that the ledger has for them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.payments.ledger.chart_of_accounts import Code
from gateway.payments.reconciliation.reconcile import LineKind, StatementLine
from gateway.store.db import Connection, Database, Row


async def keep_lines(
    db: Connection, statement: int, lines: Sequence[tuple[StatementLine, UUID | None]]
) -> None:
    """Store every line with its payout. An import that was cut off begins again."""
    await db.execute("delete from statement_line where statement_id = $1", statement)
    columns = zip(
        *(
            (str(x.kind), x.receipt, x.amount_minor, x.at, x.balance_minor, payout)
            for x, payout in lines
        ),
        strict=True,
    )
    await db.execute(
        """insert into statement_line (statement_id, n, kind, receipt, amount, at, balance, payout_id)
           select $1, x.n, x.kind, x.receipt, x.amount, x.at, x.balance, x.payout
           from unnest($2::text[], $3::text[], $4::bigint[], $5::timestamptz[], $6::bigint[], $7::uuid[])
             with ordinality as x(kind, receipt, amount, at, balance, payout, n)""",
        statement,
        *(list(column) for column in columns),
    )


async def lines_of(db: Database, statement: int) -> list[tuple[StatementLine, UUID | None]]:
    """Return each line with its payout, even if that became known later."""
    rows = await db.rows(
        """select l.*, coalesce(l.payout_id, p.id) as payout from statement_line l join statement s on s.id = l.statement_id
             left join payout p on p.provider = s.provider and p.receipt = l.receipt and l.kind in ('payment', 'fee')
           where l.statement_id = $1 order by l.n""",
        statement,
    )
    return [
        (
            StatementLine(
                LineKind(row["kind"]),
                row["receipt"],
                row["amount"],
                row["at"],
                balance_minor=row["balance"],
            ),
            row["payout"],
        )
        for row in rows
    ]


async def booked(db: Database, transfers: Collection[UUID]) -> dict[Code, int]:
    """Return the sums of these transfers, by code."""
    rows = await db.rows(
        "select code, sum(amount)::bigint as minor from transfer where id = any($1) group by code",
        list(transfers),
    )
    return {Code(row["code"]): row["minor"] for row in rows}


async def amounts(db: Database, transfers: Collection[UUID]) -> dict[UUID, int]:
    """Return the amount of each of these transfers that exists."""
    rows = await db.rows("select id, amount from transfer where id = any($1)", list(transfers))
    return {row["id"]: row["amount"] for row in rows}


async def closed_before(db: Database, provider: str, at: datetime) -> int | None:
    """Return the closing balance of the newest statement that ended before this time."""
    return await db.value(
        """select l.balance from statement_line l join statement s on s.id = l.statement_id
           where s.provider = $1 and l.balance is not null and s.done_at is not null
             and not exists (select from statement_line o where o.statement_id = s.id and o.at >= $2)
           order by l.at desc, l.n desc limit 1""",
        provider,
        at,
    )


@dataclass(frozen=True, slots=True)
class MatchedStatement:
    """A statement of a provider."""

    id: int
    matched: int
    first: datetime
    last: datetime
    lines: int


async def statements_of(db: Database, provider: str, limit: int) -> list[MatchedStatement]:
    """Return the last imported statements of a provider with their periods, oldest first."""
    rows = await db.rows(
        """select s.id, s.matched, min(l.at) as first, max(l.at) as last, count(*) as lines
           from statement s join statement_line l on l.statement_id = s.id
           where s.provider = $1 and s.done_at is not null group by s.id order by max(l.at) desc limit $2""",
        provider,
        limit,
    )
    return [MatchedStatement(**row) for row in reversed(rows)]


async def float_of(db: Database, provider: str) -> int:
    """Return the gateway's float with a provider according to the ledger, in minor units."""
    return await db.value(
        """select coalesce((select sum(t.amount) from transfer t join account a on a.id = t.debit
               where a.kind = 'provider_float' and a.owner = $1), 0)::bigint
             - coalesce((select sum(t.amount) from transfer t join account a on a.id = t.credit
               where a.kind = 'provider_float' and a.owner = $1), 0)::bigint""",
        provider,
    )


async def in_flight(db: Database, provider: str) -> int:
    """Return the sum of payouts that were handed over and are not settled.

    This money may have left the float already without a transfer.
    """
    return await db.value(
        """select coalesce(sum(amount), 0)::bigint from payout where provider = $1 and settled_at is null
             and (maybe_taken or state = 'submitting')""",
        provider,
    )


async def told_since(db: Database, since: datetime) -> set[str]:
    """Return the providers that have reported the float since then."""
    rows = await db.rows("select provider from provider_health where float_at > $1", since)
    return {row["provider"] for row in rows}


async def lasting(db: Database) -> list[Row]:
    """Return each provider's reported float, and its average payouts per day of the last week."""
    return await db.rows(
        """select h.provider, h.float, h.float_at, (select coalesce(sum(p.amount), 0) / 7 from payout_pass x
             join payout p on p.id = x.payout_id where p.provider = h.provider and x.at > now() - interval '7 days'
               and p.state not in ('failed', 'cancelled'))::bigint as a_day,
             (select min(a.currency) from account a where a.kind = 'provider_float' and a.owner = h.provider) as currency
           from provider_health h where h.float is not null order by h.provider"""
    )


async def store_reported_float(db: Database, provider: str, minor: int, at: datetime) -> None:
    """Store the float that a provider reports. A later report stands."""
    await db.execute(
        """insert into provider_health as h (provider, float, float_at) values ($1, $2, $3)
           on conflict (provider) do update set float = excluded.float, float_at = excluded.float_at
             where h.float_at is null or h.float_at <= excluded.float_at""",
        provider,
        minor,
        at,
    )


async def held_and_flying(db: Database, provider: str) -> tuple[int, int]:
    """Return the float according to the ledger and the sum in flight, from one snapshot."""
    row = await db.row(
        """select coalesce(sum(case when t.debit = a.id then t.amount else -t.amount end), 0)::bigint as held,
             (select coalesce(sum(p.amount), 0)::bigint from payout p where p.provider = $1 and p.settled_at is null
                and (p.maybe_taken or p.state = 'submitting')) as flying
           from account a join transfer t on a.id in (t.debit, t.credit) where a.kind = 'provider_float' and a.owner = $1""",
        provider,
    )
    assert row is not None
    return row["held"], row["flying"]


async def store_comparison(
    db: Database, provider: str, at: datetime, gap_minor: int | None
) -> None:
    """Store the result of a comparison. `gap_minor` is None when nothing new is known."""
    await db.execute(
        "update provider_health set compared_at = $2, gap = coalesce($3, gap) where provider = $1",
        provider,
        at,
        gap_minor,
    )


async def gaps(db: Database) -> list[Row]:
    """Return the providers whose last comparison showed a gap."""
    return await db.rows("select * from provider_health where gap <> 0 order by provider")
