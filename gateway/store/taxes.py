"""What was withheld as tax, for the authority: every payout of a month that stands, and the totals."""

from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.store.db import Database, Row

_ROWS = """
select t.at, a.owner as country, t.currency, split_part(t.cause, ':', 3) as name, p.ref, p.worker_id as worker,
  p.tax_bases[array_position(p.tax_names, split_part(t.cause, ':', 3))] as base,
  case when t.credit = a.id then t.amount else -t.amount end as amount,
  case t.code when 28 then 'given back' when 31 then 'given back' else 'withheld' end as what
from account a join transfer t on a.id in (t.debit, t.credit) join payout p
  -- Only these causes name a payout, and the planner may look at any transfer first: hence no bare cast.
  on p.id = case a.kind when 'tax_withheld' then split_part(t.cause, ':', 2)::uuid end
where a.kind = 'tax_withheld' and t.at >= $1 and t.at < $2 order by a.owner, t.seq"""
"""Straight from the ledger: a payout withheld in one month and given back in the next stands in both, once with a minus."""


@dataclass(frozen=True, slots=True)
class Total:
    """`amount_minor` is owed to the authority; `workers` from whom it was withheld."""

    country: str
    name: str
    currency: str
    base_minor: int
    amount_minor: int
    workers: int


async def of_month(db: Database, year: int, month: int) -> list[Row]:
    """Each movement of the tax accounts in that month (UTC), in the order it was booked."""
    first = datetime(year, month, 1, tzinfo=UTC)
    after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return await db.rows(_ROWS, first, after)


def totals(rows: list[Row]) -> list[Total]:
    """By country, tax and currency."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["country"], row["name"], row["currency"]), []).append(row)
    return [
        Total(
            *key,
            base_minor=sum(r["base"] if r["amount"] > 0 else -r["base"] for r in group),
            amount_minor=sum(r["amount"] for r in group),
            workers=len({r["worker"] for r in group}),
        )
        for key, group in sorted(groups.items())
    ]
