"""The queries behind Fairwork's thresholds. Each returns counts of one period."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.payments.ledger.chart_of_accounts import Code
from gateway.store.db import Connection
from gateway.store.people.impact import Period


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """1.1: pay for all work, on time."""

    answers: int
    unpaid_answers: int
    settled: int
    late_payouts: int


async def payment(db: Connection, p: Period, within: timedelta) -> PaymentFacts:
    """Return the answers without their earning, and the payouts that took longer than `within`.

    A payout that failed returned to the balance, and the next one counts.
    """
    row = await db.row(
        """select (select count(*) from answer a where a.created_at >= $1 and a.created_at < $2)::int as answers,
             (select count(*) from answer a left join transfer t on t.id = a.transfer_id and t.amount = a.price
               where a.created_at >= $1 and a.created_at < $2 and t.id is null)::int as unpaid_answers,
             (select count(*) from payout y where y.created_at >= $1 and y.created_at < $2
               and y.state in ('paid', 'late_paid'))::int as settled,
             (select count(*) from payout y where y.created_at >= $1 and y.created_at < $2
               and y.state not in ('failed', 'cancelled')
               and coalesce(y.settled_at, now()) - y.created_at > $3::interval)::int as late_payouts""",
        p.since,
        p.until,
        within,
    )
    assert row is not None
    return PaymentFacts(**row)


@dataclass(frozen=True, slots=True)
class WageFacts:
    """1.2: pay per hour beside the floor that held at the start of each batch."""

    measured: int
    """The workers of batches with a floor that were measured in the period, by batch."""
    below: int
    unmeasured_batches: int
    """The batches with a floor that closed in the period and are not measured yet."""


async def wages(db: Connection, p: Period) -> WageFacts:
    """Return how many measured workers earned less than the floor per hour, top-ups included."""
    row = await db.row(
        """select count(y.worker_id)::int as measured,
             count(*) filter (where y.milliseconds > 0 and (y.earned + y.top_up) * 3600000.0 / y.milliseconds < b.floor)::int
               as below,
             (select count(*) from batch_pay u join batch v on v.id = u.batch_id
               where u.floor is not null and u.settled_at is null and v.closed_at >= $1 and v.closed_at < $2)::int
               as unmeasured_batches
           from batch_pay b join worker_pay y on y.batch_id = b.batch_id
           where b.settled_at >= $1 and b.settled_at < $2 and b.floor is not null""",
        p.since,
        p.until,
    )
    assert row is not None
    return WageFacts(**row)


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """2.1: numbers sealed."""

    workers: int
    open_numbers: int
    """The numbers that are not sealed: a sealed one has a nonce and a tag around it."""


async def risks(db: Connection) -> RiskFacts:
    """Return the workers whose number is not sealed."""
    row = await db.row(
        """select count(*)::int as workers,
             count(*) filter (where octet_length(msisdn_sealed) < 12 + 16 + 8)::int as open_numbers
           from worker"""
    )
    assert row is not None
    return RiskFacts(**row)


@dataclass(frozen=True, slots=True)
class OverworkFacts:
    """2.2: unasked messages, and questions kept while a worker rests."""

    busiest_day: int
    """The most unasked messages to one number on a day."""
    at_night: int
    """The unasked messages that left in the quiet hours of their reader."""
    after_stop: int
    """The unasked messages that left after a worker's STOP."""


async def overwork(
    db: Connection, p: Period, hours: dict[str, str], quiet: tuple[int, int]
) -> OverworkFacts:
    """Return the unasked messages of the period that no worker should get.

    `hours` is the time zone by country, and `quiet` the hours of the settings.
    """
    row = await db.row(
        """with unasked as (
             select o.to_index, o.sent_at, w.id, w.region, w.zone, w.quiet_from, w.quiet_until from outbox o
               join worker w on w.id = o.worker_id
               where o.created_at >= $1 and o.created_at < $2 and o.sent_at is not null
                 and o.purpose in ('question', 'notice'))
           select coalesce((select max(n) from (select count(*) as n from unasked group by to_index, sent_at::date) d), 0)::int
               as busiest_day,
             (select count(*) from unasked u where is_quiet(
               extract(hour from u.sent_at at time zone coalesce(u.zone, $3::jsonb ->> u.region, 'UTC'))::int,
               coalesce(u.quiet_from, $4), coalesce(u.quiet_until, $5)))::int as at_night,
             (select count(*) from unasked u where exists (select from consent c where c.worker_id = u.id
                 and c.act = 'stopped' and c.at < u.sent_at - interval '1 minute'
                 and not exists (select from consent d where d.worker_id = u.id and d.at > c.at and d.at <= u.sent_at
                   and d.act in ('joined', 'agreed', 'restarted'))))::int as after_stop""",
        p.since,
        p.until,
        hours,
        *quiet,
    )
    assert row is not None
    return OverworkFacts(**row)


@dataclass(frozen=True, slots=True)
class TermsFacts:
    """3.1 and 3.2: consent before work, and the price that was promised."""

    workers: int
    without_consent: int
    """The workers with an answer in the period who had not agreed before it."""
    other_price: int
    """The answers that were paid with another price than their batch promised."""
    taken_back: int
    """The corrections of money that was paid out already, which the rules forbid."""


async def terms(db: Connection, p: Period) -> TermsFacts:
    """Return the answers without a consent, or with another price than was promised."""
    row = await db.row(
        f"""with done as (select a.worker_id, min(a.created_at) as at from answer a
              where a.created_at >= $1 and a.created_at < $2 group by 1)
            select (select count(*) from done)::int as workers,
              (select count(*) from done d where not exists (select from consent c where c.worker_id = d.worker_id
                and c.act in ('joined', 'agreed', 'restarted') and c.at <= d.at))::int as without_consent,
              (select count(*) from answer a join task t on t.id = a.task_id join batch b on b.id = t.batch_id
                where a.created_at >= $1 and a.created_at < $2
                  and a.price not between coalesce(b.first_price, b.price) and b.price)::int as other_price,
              (select count(*) from (select t.debit, date_trunc('week', t.at) as week, sum(t.amount) as taken
                  from transfer t where t.seq > $3 and t.seq <= $4 and t.at >= $1 and t.at < $2
                    and t.code = {Code.CORRECT_DOWN:d} group by 1, 2) c
                where c.taken * 10 > (select coalesce(sum(e.amount), 0) from transfer e where e.credit = c.debit
                  and e.code = {Code.EARN:d} and e.at >= c.week and e.at < c.week + interval '7 days'))::int as taken_back""",
        p.since,
        p.until,
        p.after_seq,
        p.last_seq,
    )
    assert row is not None
    return TermsFacts(**row)


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """4.1: appeals."""

    appeals: int
    overdue: int
    """The appeals that wait beyond their deadline."""
    same_person: int
    """The appeals that were decided by the person whose decision was appealed."""
    without_reason: int


async def process(db: Connection, p: Period, now: datetime) -> ProcessFacts:
    """Return the appeals of the period, and those that were not handled as promised."""
    row = await db.row(
        """select count(*)::int as appeals,
             count(*) filter (where state = 'waiting' and due_at < $3)::int as overdue,
             count(*) filter (where state in ('upheld', 'stands') and decided_kind in ('person', 'coordinator')
               and lower(coalesce(decider, '')) = lower(decided_by))::int as same_person,
             count(*) filter (where state in ('upheld', 'stands') and coalesce(reason, '') = '')::int as without_reason
           from appeal where created_at >= $1 and created_at < $2""",
        p.since,
        p.until,
        now,
    )
    assert row is not None
    return ProcessFacts(**row)


@dataclass(frozen=True, slots=True)
class EquityFacts:
    """4.2: the same pay for the same question, and a way back after a pause."""

    batches: int
    unequal_batches: int
    """The batches in which two workers got different prices for an answer."""
    endless_pauses: int
    """The pauses of workers that have no end."""


async def equity(db: Connection, p: Period) -> EquityFacts:
    """Return the batches of the period with unequal prices, and pauses without an end."""
    row = await db.row(
        """with priced as (select t.batch_id, count(distinct a.price) as prices from answer a join task t on t.id = a.task_id
             where a.created_at >= $1 and a.created_at < $2 group by 1)
           select count(*)::int as batches, count(*) filter (where prices > 1)::int as unequal_batches,
             (select count(*) from skill where paused_until = 'infinity')::int as endless_pauses from priced""",
        p.since,
        p.until,
    )
    assert row is not None
    return EquityFacts(**row)
