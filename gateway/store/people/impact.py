"""The queries of the impact report. Money comes from the ledger alone.

Long periods are read from the ledger's sums by day and by month, and from the transfers that are
not in them yet (`gateway.store.ledger.day_sums`). So "since the start" reads no history. A period's
transfers are found between two seals: every transfer under a seal was begun before the
seal was made. So a report of a month reads that month's part of the ledger.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from gateway.payments.ledger.chart_of_accounts import Code
from gateway.store.db import Connection, Database
from gateway.store.ledger.day_sums import UPTO

_LATE = timedelta(hours=1)  # No transaction of the gateway lasts so long.
_RANGE = """select coalesce((select max(to_seq) from seal where at < $1), 0) as after_seq,
  coalesce((select min(to_seq) from seal where at >= $2), 9223372036854775807) as last_seq"""


@dataclass(frozen=True, slots=True)
class Period:
    """A period of the ledger: from `since` until before `until`, within the range of numbers."""

    since: datetime
    until: datetime
    after_seq: int
    last_seq: int


@dataclass(frozen=True, slots=True)
class MoneyMoved:
    """The transfers of one code and currency together, in minor units."""

    code: Code
    currency: str
    in_period_minor: int
    since_start_minor: int


@dataclass(frozen=True, slots=True)
class CountryWork:
    """The workers of one country who earned in the period, and their earnings in minor units."""

    country: str
    currency: str
    workers: int
    earned_minor: int


@dataclass(frozen=True, slots=True)
class PeopleCounts:
    """The numbers of workers."""

    reached: int
    """The workers who agreed for the first time in the period."""
    reached_ever: int
    trained: int
    """The workers who passed a lesson in the period."""
    trained_ever: int
    paid: int
    """The workers to whom a payout was settled in the period."""
    paid_ever: int


@dataclass(frozen=True, slots=True)
class ArrivalAnswers:
    """The workers' answers of the period to the question whether a payout arrived."""

    yes: int
    no: int
    silent: int
    """The questions that no worker answered."""


@dataclass(frozen=True, slots=True)
class HourlyPay:
    """The measured pay per hour of the workers of one country, in minor units."""

    country: str
    currency: str
    workers: int
    median_minor: int
    p10_minor: int


@dataclass(frozen=True, slots=True)
class PartnerReinvestment:
    """A partner's revenue and its checked expenses in the period, in minor units."""

    partner: str
    currency: str
    revenue_minor: int
    reinvested_minor: int


async def period(db: Connection, since: datetime, until: datetime) -> Period:
    """Return the range of the ledger that holds all transfers of a period."""
    row = await db.row(_RANGE, since, until + _LATE)
    assert row is not None
    return Period(since, until, row["after_seq"], row["last_seq"])


async def money_moved(db: Connection, p: Period) -> list[MoneyMoved]:
    """Return the sums of all transfers by code and currency. A period has whole days (UTC)."""
    rows = await db.rows(
        f"""select code, currency, coalesce(sum(amount) filter (where day >= ($1::timestamptz at time zone 'UTC')::date), 0)::bigint
               as in_period, sum(amount)::bigint as since_start
           from (select day, code, currency, amount from ledger_day
               union all select (at at time zone 'UTC')::date, code, currency, amount from transfer
                 where seq > {UPTO} and seq <= $3) s
           where day < ($2::timestamptz at time zone 'UTC')::date group by code, currency order by code, currency""",
        p.since,
        p.until,
        p.last_seq,
    )
    known = {int(code) for code in Code}
    return [
        MoneyMoved(Code(row["code"]), row["currency"], row["in_period"], row["since_start"])
        for row in rows
        if row["code"] in known
    ]


def _sums(codes: Sequence[Code]) -> str:
    """Return the query for the sums of some codes from $1 until before $2, by their holders."""
    listed = ", ".join(f"{code:d}" for code in codes)
    return f"sums_by_holder(p_codes => array[{listed}]::smallint[], p_since => $1, p_until => $2)"


_EARNED = f"select holder, amount as minor from {_sums((Code.EARN,))}"
_GIVEN_BACK = f"{Code.PARTNER_CORRECTED:d}, {Code.REINVEST_CORRECTED:d}"
_START = datetime(2000, 1, 1, tzinfo=UTC)
_PAID = (Code.SETTLE, Code.LATE_PAID)
_PARTNERS = (
    Code.PARTNER_EARN,
    Code.PARTNER_REINVEST,
    Code.PARTNER_CORRECTED,
    Code.REINVEST_CORRECTED,
)


async def work_by_country(db: Connection, p: Period) -> list[CountryWork]:
    """Return the workers who earned with answers in the period, and their earnings, by country."""
    rows = await db.rows(
        f"""select w.region, w.currency, count(*)::int as workers, sum(e.minor)::bigint as minor
            from ({_EARNED}) e join worker w on w.account_id = e.holder group by 1, 2 order by 3 desc, 1""",
        p.since,
        p.until,
    )
    return [
        CountryWork(row["region"], row["currency"], row["workers"], row["minor"]) for row in rows
    ]


async def people(db: Connection, p: Period) -> PeopleCounts:
    """Return the numbers of workers reached, trained and paid, in the period and ever."""
    row = await db.row(
        f"""with first as (select worker_id, min(at) as at from consent
              where act in ('joined', 'agreed', 'restarted') and at < $2 group by worker_id),
            passed as (select distinct worker_id, at >= $1 as now from lesson_run where state = 'passed' and at < $2),
            paid as (select distinct holder from {_sums(_PAID)}),
            ever as (select distinct holder from {_sums(_PAID).replace("$1", "$3")})
            select (select count(*) from first where at >= $1)::int as reached,
              (select count(*) from first)::int as reached_ever,
              (select count(*) from passed where now)::int as trained,
              (select count(distinct worker_id) from passed)::int as trained_ever,
              (select count(*) from paid)::int as paid,
              (select count(*) from ever)::int as paid_ever""",
        p.since,
        p.until,
        _START,
    )
    assert row is not None
    return PeopleCounts(**row)


@dataclass(frozen=True, slots=True)
class StatedGroups:
    """The workers who earned in the period, by their own statements."""

    genders: dict[str, int]
    ages: dict[str, int]
    refugees: dict[str, int]
    dependents: int
    """The dependents whom workers stated together."""
    dependents_by: int
    """The number of workers who stated them."""


async def stated(db: Connection, p: Period, youth_age: int) -> StatedGroups:
    """Return the groups of workers who earned in the period, by their own statements."""
    row = await db.row(
        f"""select count(*) filter (where a.gender = 'woman')::int as women,
              count(*) filter (where a.gender = 'man')::int as men,
              count(*) filter (where a.gender = 'other')::int as other,
              count(*) filter (where a.gender is null)::int as no_gender,
              count(*) filter (where extract(year from $2::timestamptz) - a.birth_year <= $3)::int as young,
              count(*) filter (where extract(year from $2::timestamptz) - a.birth_year > $3)::int as older,
              count(*) filter (where a.birth_year is null)::int as no_age,
              count(*) filter (where a.refugee)::int as refugees,
              count(*) filter (where not a.refugee)::int as others,
              count(*) filter (where a.refugee is null)::int as no_refugee,
              coalesce(sum(a.dependents), 0)::int as dependents,
              count(a.dependents)::int as dependents_by
            from ({_EARNED}) e join worker w on w.account_id = e.holder left join about a on a.worker_id = w.id""",
        p.since,
        p.until,
        youth_age,
    )
    assert row is not None
    return StatedGroups(
        {
            "Women": row["women"],
            "Men": row["men"],
            "Another gender": row["other"],
            "Not stated": row["no_gender"],
        },
        {
            f"Youth (to {youth_age})": row["young"],
            "Older": row["older"],
            "Not stated": row["no_age"],
        },
        {
            "Refugees": row["refugees"],
            "Not refugees": row["others"],
            "Not stated": row["no_refugee"],
        },
        row["dependents"],
        row["dependents_by"],
    )


async def arrivals(db: Connection, p: Period) -> ArrivalAnswers:
    """Return what workers said about the arrival of their payouts."""
    row = await db.row(
        """select count(*) filter (where state = 'yes')::int as yes, count(*) filter (where state = 'no')::int as no,
             count(*) filter (where state = 'silent')::int as silent
           from arrival where coalesce(answered_at, asked_at) >= $1 and coalesce(answered_at, asked_at) < $2""",
        p.since,
        p.until,
    )
    assert row is not None
    return ArrivalAnswers(**row)


async def hourly_pay(db: Connection, p: Period) -> list[HourlyPay]:
    """Return the measured pay per hour of workers in batches that were settled in the period."""
    rows = await db.rows(
        """with pay as (select w.region, b.currency, w.id, sum(y.earned) * 3600000.0 / sum(y.milliseconds) as hourly
             from batch_pay b join worker_pay y on y.batch_id = b.batch_id join worker w on w.id = y.worker_id
             where b.settled_at >= $1 and b.settled_at < $2 and y.milliseconds > 0 group by 1, 2, 3)
           select region, currency, count(*)::int as workers,
             percentile_cont(0.5) within group (order by hourly)::bigint as median,
             percentile_cont(0.1) within group (order by hourly)::bigint as p10
           from pay group by 1, 2 order by 1, 2""",
        p.since,
        p.until,
    )
    return [
        HourlyPay(row["region"], row["currency"], row["workers"], row["median"], row["p10"])
        for row in rows
    ]


async def reinvestment(
    db: Connection, p: Period, first: date, last: date
) -> list[PartnerReinvestment]:
    """Return each partner's revenue by the ledger, and its checked expenses, in the period."""
    rows = await db.rows(
        f"""with earned as (
              select a.owner::bigint as partner, t.currency, sum(case when t.code in ({_GIVEN_BACK})
                  then -t.amount else t.amount end) as minor
                from {_sums(_PARTNERS)} t join account a on a.id = t.holder group by 1, 2),
            spent as (select partner_id as partner, currency, sum(amount) as minor from partner_expense
              where state = 'checked' and spent_on between $3 and $4 group by 1, 2)
            select p.code, coalesce(e.currency, s.currency) as currency, coalesce(e.minor, 0)::bigint as revenue,
                coalesce(s.minor, 0)::bigint as reinvested
              from earned e full join spent s on (s.partner, s.currency) = (e.partner, e.currency)
                join partner p on p.id = coalesce(e.partner, s.partner) order by 1, 2""",
        p.since,
        p.until,
        first,
        last,
    )
    return [
        PartnerReinvestment(row["code"], row["currency"], row["revenue"], row["reinvested"])
        for row in rows
    ]


async def first_transfer(db: Database) -> datetime | None:
    """Return the time of the first transfer."""
    return await db.value("select at from transfer order by seq limit 1")
