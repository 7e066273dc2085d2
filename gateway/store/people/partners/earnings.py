"""The money of partners in the ledger: the write of an answer's turn, balances and sums."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gateway.base.ids import AccountId
from gateway.payments.ledger.chart_of_accounts import Code, Posting
from gateway.store.db import Connection, Database, Write


def pay_partner(
    partner: int, booked: Sequence[Posting], hold: AccountId, credited: Sequence[AccountId]
) -> Write:
    """Pay a partner its price of an answer, if the partner was admitted."""
    return Write(
        "pay_partner",
        {
            "partner": partner,
            "hold_account": hold,
            "transfers": [posted.id for posted in booked],
            "credits": list(credited),
            "amounts": [posted.amount_minor for posted in booked],
            "currency": booked[0].currency,
            "codes": [int(posted.code) for posted in booked],
            "causes": [posted.cause for posted in booked],
        },
    )


@dataclass(frozen=True, slots=True)
class PartnerBalance:
    """The money that is owed to a partner in one currency, in minor units.

    `kept_minor` is due for reinvestment. `open_minor` is the part of `payable_minor` that stands on
    invoices that are not paid yet.
    """

    currency: str
    payable_minor: int
    kept_minor: int
    open_minor: int

    @property
    def free_minor(self) -> int:
        """Return the payable money that is not on an invoice yet."""
        return self.payable_minor - self.open_minor


_BALANCES = """
select a.currency,
  coalesce(sum(s.amount) filter (where a.kind = 'partner_payable'), 0)::bigint as payable,
  coalesce(sum(s.amount) filter (where a.kind = 'reinvest_due'), 0)::bigint as kept,
  (select coalesce(sum(i.amount), 0)::bigint from partner_invoice i where i.partner_id = $1
    and i.currency = a.currency and i.state in ('draft', 'first_review', 'ready')) as open
from account a cross join lateral (
  select coalesce((select sum(t.amount) from transfer t where t.credit = a.id), 0)
    - coalesce((select sum(t.amount) from transfer t where t.debit = a.id), 0) as amount) s
where a.kind in ('partner_payable', 'reinvest_due') and a.owner = $1::bigint::text
group by a.currency order by a.currency"""


async def balances(db: Database | Connection, partner: int) -> list[PartnerBalance]:
    """Return what is owed to a partner, per currency."""
    return [
        PartnerBalance(row["currency"], row["payable"], row["kept"], row["open"])
        for row in await db.rows(_BALANCES, partner)
    ]


async def balance(db: Database | Connection, partner: int, currency: str) -> PartnerBalance:
    """Return what is owed to a partner in one currency."""
    for one in await balances(db, partner):
        if one.currency == currency:
            return one
    return PartnerBalance(currency, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class PartnerPeriod:
    """The money of one partner in one currency and period, in minor units.

    The revenue is what its workers' answers earned it, less what was given back. `reinvested_minor`
    has the checked expenses of the period, `filed_minor` those that were not checked yet.
    """

    code: str
    name: str
    currency: str
    answers: int
    revenue_minor: int
    reinvested_minor: int
    filed_minor: int
    paid_minor: int


_PERIODS = f"""
select p.code, p.name, m.currency, sum(m.answers)::bigint as answers, sum(m.revenue)::bigint as revenue,
  sum(m.paid)::bigint as paid, sum(m.reinvested)::bigint as reinvested, sum(m.filed)::bigint as filed
from partner p cross join lateral (
  select a.currency, count(*) filter (where t.code = {Code.PARTNER_REINVEST:d}) as answers,
    coalesce(sum(t.amount) filter (where t.code in ({Code.PARTNER_EARN:d}, {Code.PARTNER_REINVEST:d})), 0)
      - coalesce(sum(t.amount) filter (where t.code in ({Code.PARTNER_CORRECTED:d}, {Code.REINVEST_CORRECTED:d})), 0) as revenue,
    coalesce(sum(t.amount) filter (where t.code in ({Code.PARTNER_PAID:d}, {Code.PARTNER_PAID_OUT:d})), 0) as paid,
    0 as reinvested, 0 as filed
  from account a join transfer t on a.id in (t.credit, t.debit)
    and t.code in ({Code.PARTNER_EARN:d}, {Code.PARTNER_REINVEST:d}, {Code.PARTNER_CORRECTED:d},
      {Code.REINVEST_CORRECTED:d}, {Code.PARTNER_PAID:d}, {Code.PARTNER_PAID_OUT:d})
  where a.kind in ('partner_payable', 'reinvest_due') and a.owner = p.id::text
    and t.at >= $1::date::timestamp at time zone 'UTC'
    and t.at < ($2::date + 1)::timestamp at time zone 'UTC'
  group by a.currency
  union all
  select e.currency, 0, 0, 0, coalesce(sum(e.amount) filter (where e.state = 'checked'), 0),
    coalesce(sum(e.amount) filter (where e.state = 'filed'), 0)
  from partner_expense e where e.partner_id = p.id and e.spent_on between $1 and $2 group by e.currency) m
where $3::text is null or p.code = upper($3)
group by p.code, p.name, m.currency order by p.code, m.currency"""


async def periods(
    db: Database, first: date, last: date, code: str | None = None
) -> list[PartnerPeriod]:
    """Return the money of each partner in a period (days in UTC), per currency."""
    return [
        PartnerPeriod(
            row["code"],
            row["name"],
            row["currency"],
            row["answers"],
            row["revenue"],
            row["reinvested"],
            row["filed"],
            row["paid"],
        )
        for row in await db.rows(_PERIODS, first, last, code)
    ]


@dataclass(frozen=True, slots=True)
class PartnerStatementLine:
    """The transfers of one day, code and batch on a partner's accounts, in minor units."""

    day: date
    code: Code
    batch: str
    reference: str
    transfers: int
    payable_minor: int
    kept_minor: int


_LINES = f"""
select (t.at at time zone 'UTC')::date as day, t.code, coalesce(h.owner, '') as batch, coalesce(i.number, '') as reference,
  count(distinct t.id) as transfers,
  coalesce(sum(case when a.kind = 'partner_payable' then s.sign * t.amount end), 0)::bigint as payable,
  coalesce(sum(case when a.kind = 'reinvest_due' then s.sign * t.amount end), 0)::bigint as kept,
  min(t.seq) as place
from account a cross join lateral (
    select id, 1 as sign from transfer where credit = a.id union all select id, -1 from transfer where debit = a.id) s
  join transfer t on t.id = s.id
  left join account h on h.id in (t.credit, t.debit) and h.kind = 'batch_hold'
  left join partner_invoice i on t.code in ({Code.PARTNER_PAID:d}, {Code.PARTNER_PAID_OUT:d})
    and i.id::text = split_part(t.cause, ':', 2)
where a.kind in ('partner_payable', 'reinvest_due') and a.owner = $1::bigint::text and a.currency = $2
group by 1, 2, 3, 4 order by 1, place"""


async def lines(db: Database, partner: int, currency: str) -> list[PartnerStatementLine]:
    """Return all movements of a partner's accounts in one currency, the oldest first."""
    return [
        PartnerStatementLine(
            row["day"],
            Code(row["code"]),
            row["batch"],
            row["reference"],
            row["transfers"],
            row["payable"],
            row["kept"],
        )
        for row in await db.rows(_LINES, partner, currency)
    ]


async def first_earning(db: Connection, partner: int, currency: str) -> datetime | None:
    """Return the time of the partner's first earning in a currency, or None."""
    return await db.value(
        """select min(t.at) from account a join transfer t on t.credit = a.id
           where a.kind in ('partner_payable', 'reinvest_due') and a.owner = $1::bigint::text and a.currency = $2""",
        partner,
        currency,
    )
