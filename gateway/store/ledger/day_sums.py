"""The ledger's sums by day and by month, derived from sealed history and checked by the audit.

A figure of a long period adds up days or months, and reads only the transfers after the last one in
the sums. So it costs as much as there are days, or months of workers, however long the ledger is.
"""

from gateway.store.db import Connection, Database

SLICE = 20_000
"""The most numbers of the ledger that one commit adds."""
UPTO = "coalesce((select upto from ledger_summed), 0)"
"""The number of the last transfer in the sums."""
_WRONG_DAYS = f"""
select coalesce(d.day, l.day) as day, coalesce(d.code, l.code) as code, coalesce(d.currency, l.currency) as currency,
  coalesce(d.amount, 0) as stored, coalesce(l.amount, 0)::bigint as amount
from ledger_day d full join (
  select (at at time zone 'UTC')::date as day, code, currency, count(*) as transfers, sum(amount) as amount
    from transfer where seq <= {UPTO} group by 1, 2, 3
) l on (l.day, l.code, l.currency) = (d.day, d.code, d.currency)
where (d.transfers, d.amount) is distinct from (l.transfers, l.amount) order by 1, 2, 3 limit 20"""
_WRONG_MONTHS = f"""
select coalesce(m.month, l.month) as month, coalesce(m.code, l.code) as code, coalesce(m.holder, l.holder) as holder
from ledger_month m full join (
  select t.code, date_trunc('month', t.at at time zone 'UTC')::date as month, h.holder, t.currency, count(*) as transfers,
      sum(t.amount) as amount
    from transfer t cross join lateral (select holder_of(
      p_code => t.code, p_debit => t.debit, p_credit => t.credit, p_cause => t.cause) as holder) h
    where t.seq <= {UPTO} and h.holder is not null group by 1, 2, 3, 4
) l on (l.code, l.month, l.holder, l.currency) = (m.code, m.month, m.holder, m.currency)
where (m.transfers, m.amount) is distinct from (l.transfers, l.amount) order by 1, 2, 3 limit 20"""
_TOO_FAR = f"select {UPTO} > coalesce((select max(to_seq) from seal), 0)"


async def sum_up(db: Database) -> int:
    """Add sealed history to the sums, in slices that commit. Return how many numbers were added."""
    added = 0
    while more := await db.value("select sum_ledger(p_most => $1)", SLICE):
        added += more
    return added


async def faults(db: Connection | Database) -> list[str]:
    """Return what is wrong in the sums, recomputed from the whole ledger."""
    days, months = await db.rows(_WRONG_DAYS), await db.rows(_WRONG_MONTHS)
    found = [
        f"the sum of {row['day']}, code {row['code']}, says {row['stored']} {row['currency']}, its transfers make "
        f"{row['amount']}"
        for row in days
    ]
    found += [
        f"the sum of {row['month']:%Y-%m}, code {row['code']}, of {row['holder']} is not what its transfers make"
        for row in months
    ]
    if await db.value(_TOO_FAR):
        found.append("the sums by day reach beyond the last seal")
    return found
