"""The taxes withheld for the authority.

They are every payout of a month that stands, the sums that were handed over, and the totals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.store.db import Connection, Database, Row

_ROWS = """
select t.at, a.owner as country, t.currency, split_part(t.cause, ':', 3) as name, p.ref, p.worker_id as worker,
  -- A late tax may be booked in two parts, from her balance (29) and as overpaid (30): its base stands with the first.
  case when t.code = 30 and lag(t.code) over (partition by p.id, split_part(t.cause, ':', 3) order by t.seq) = 29 then 0
    else p.tax_bases[array_position(p.tax_names, split_part(t.cause, ':', 3))] end as base,
  case when t.credit = a.id then t.amount else -t.amount end as amount,
  case t.code when 28 then 'given back' when 31 then 'given back' else 'withheld' end as what
from account a join transfer t on a.id in (t.debit, t.credit) join payout p
  -- Only these causes name a payout, and the planner may look at any transfer beside any account first: hence no bare cast.
  on p.id = case when split_part(t.cause, ':', 2) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    then split_part(t.cause, ':', 2)::uuid end
where a.kind = 'tax_withheld' and t.code <> 33 and t.at >= $1 and t.at < $2 order by a.owner, t.seq"""
"""The rows come straight from the ledger. A tax that was withheld in one month and given back in
the next appears in both, the second time as a negative amount.
"""


_HANDED_OVER = """
select t.at, a.owner as country, t.currency, split_part(t.cause, ':', 3) as name, split_part(t.cause, ':', 5) as ref,
  null::bigint as worker, 0::bigint as base, -t.amount as amount, 'handed over' as what
from account a join transfer t on t.debit = a.id
where a.kind = 'tax_withheld' and t.code = 33 and split_part(t.cause, ':', 4) = $1 order by a.owner, t.seq"""

_ONE_AT_A_TIME = 7_301_004


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """The total of a tax in a period."""

    country: str
    """The country of the tax."""
    name: str
    """The name of the tax."""
    currency: str
    """The currency of the amounts."""
    base_minor: int
    """The sum on which the tax was computed."""
    amount_minor: int
    """The sum withheld for the authority."""
    workers: int
    """The number of workers who paid it."""
    handed_over_minor: int = 0
    """The part that was paid to the authority."""

    @property
    def owed_minor(self) -> int:
        return self.amount_minor - self.handed_over_minor


async def of_month(db: Database | Connection, year: int, month: int) -> list[Row]:
    """Return each movement of the tax accounts in that month (UTC), in the order of posting.

    The sums that were handed over for the month follow.
    """
    first = datetime(year, month, 1, tzinfo=UTC)
    after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return [
        *await db.rows(_ROWS, first, after),
        *await db.rows(_HANDED_OVER, f"{year}-{month:02}"),
    ]


async def one_at_a_time(db: Connection) -> None:
    """Lock the handing over of taxes until the end of the transaction.

    So no tax is paid twice by two callers.
    """
    await db.execute("select pg_advisory_xact_lock($1)", _ONE_AT_A_TIME)


def totals(rows: Sequence[Row]) -> list[TaxTotal]:
    """Return the totals by country, tax and currency."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["country"], row["name"], row["currency"]), []).append(row)
    return [_total(key, group) for key, group in sorted(groups.items())]


def _total(key: tuple[str, str, str], group: Sequence[Row]) -> TaxTotal:
    withheld = [r for r in group if r["what"] != "handed over"]
    return TaxTotal(
        *key,
        base_minor=sum(r["base"] if r["amount"] > 0 else -r["base"] for r in withheld),
        amount_minor=sum(r["amount"] for r in withheld),
        workers=len({r["worker"] for r in withheld}),
        handed_over_minor=-sum(r["amount"] for r in group if r["what"] == "handed over"),
    )
