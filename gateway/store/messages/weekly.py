"""The weekly message: its pass over the workers, the figures of a worker's week, and its cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from gateway.base.ids import WorkerId
from gateway.store.db import Connection, Database, Write


@dataclass(frozen=True, slots=True)
class WeekFigures:
    """The figures of one worker over some days. Amounts are in minor units."""

    answers: int
    """The number of answers."""
    right: int
    """The number of answers to gold that were right."""
    checked: int
    """The number of answers to gold."""
    earned_minor: int
    """The pay for the answers."""
    paid_minor: int
    """The payouts that arrived."""
    balance_minor: int
    """The balance now."""
    off: bool
    """True when the worker wants no weekly message."""


@dataclass(frozen=True, slots=True)
class WeeklyReader:
    """A worker who is due her weekly message, with her week."""

    worker: int
    sealed: bytes
    """The sealed number."""
    channel: str
    language: str
    currency: str
    week: date
    """The first day of the week."""
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class WeeklyRules:
    """The day (1 is Monday) and the hour of the message, and the time zones of the regions."""

    day: int
    hour: int
    hours_open: int
    """The hours after that hour in which it may still be sent."""
    zones: Mapping[str, str]
    """The time zone of each region."""


@dataclass(frozen=True, slots=True)
class WeeklyPart:
    """One part of a pass: its readers, its last worker, and the number of workers it looked at."""

    readers: Sequence[WeeklyReader]
    last: int
    looked_at: int


@dataclass(frozen=True, slots=True)
class WeeklyPass:
    """The progress of the pass."""

    after: int
    due_at: datetime


# The week ends with the last midnight before the day of the message, where the worker lives.
_PART = """
with part as materialized (
  select w.id from worker w where w.id > $1 and w.state = 'active' order by w.id limit $2
), bounds as (
  select count(*)::int as looked_at, coalesce(max(id), 0) as last from part
)
select b.looked_at, b.last, f.* from bounds b left join lateral (
  select w.id as worker, w.msisdn_sealed as sealed, w.sms_channel as channel, w.language, w.currency,
      (d.ends - 7) as week, (d.ends - 7)::timestamp at time zone z.zone as since,
      d.ends::timestamp at time zone z.zone as until
    from part p join worker w on w.id = p.id left join worker_week k on k.worker_id = w.id
      cross join lateral (select coalesce(w.zone, $3::jsonb ->> w.region, 'UTC') as zone) z
      cross join lateral (select $4::timestamptz at time zone z.zone as local) l
      cross join lateral (select l.local::date - ((extract(isodow from l.local)::int - $5::int + 7) % 7) as ends) d
    where l.local >= d.ends + make_interval(hours => $6::int)
      and l.local < d.ends + make_interval(hours => $6::int + $7::int)
      and not coalesce(k.off, false) and (k.told_week is null or k.told_week < d.ends - 7)
      and may_prompt(w, $8::jsonb, $4)
      and not exists (select from opt_out x where x.msisdn_index = w.msisdn_index)
      and exists (select from answer a where a.worker_id = w.id
        and a.created_at >= (d.ends - 7)::timestamp at time zone z.zone
        and a.created_at < d.ends::timestamp at time zone z.zone)) f on true"""


async def next_part(
    db: Database, rules: WeeklyRules, prompts: Mapping[str, object], now: datetime, limit: int
) -> WeeklyPart:
    """Return the readers among the next workers of the pass, `limit` workers at most."""
    rows = await db.rows(
        _PART,
        (await progress(db)).after,
        limit,
        dict(rules.zones),
        now,
        rules.day,
        rules.hour,
        rules.hours_open,
        prompts,
    )
    first = rows[0]
    readers = [
        WeeklyReader(
            row["worker"],
            row["sealed"],
            row["channel"],
            row["language"],
            row["currency"],
            row["week"],
            row["since"],
            row["until"],
        )
        for row in rows
        if row["worker"] is not None
    ]
    return WeeklyPart(readers, first["last"], first["looked_at"])


async def progress(db: Database) -> WeeklyPass:
    """Return the progress of the pass. A gateway without one begins at once."""
    row = await db.row("select after, due_at from weekly_pass")
    return (
        WeeklyPass(row["after"], row["due_at"])
        if row
        else WeeklyPass(0, datetime.min.replace(tzinfo=UTC))
    )


async def go_on(db: Connection | Database, after: int, due_at: datetime) -> None:
    """Continue the pass behind a worker, at that time."""
    await db.execute(
        """insert into weekly_pass (after, due_at) values ($1, $2)
           on conflict (id) do update set after = excluded.after, due_at = excluded.due_at""",
        after,
        due_at,
    )


async def told(db: Connection, worker: int, week: date) -> bool:
    """Record that a worker is told of a week. Return False where she was told before."""
    return bool(
        await db.value(
            """insert into worker_week as k (worker_id, told_week) values ($1, $2)
               on conflict (worker_id) do update set told_week = excluded.told_week
                 where not k.off and (k.told_week is null or k.told_week < excluded.told_week) returning true""",
            worker,
            week,
        )
    )


async def may_offer_about(db: Connection, worker: WorkerId) -> bool:
    """Return whether a worker who said nothing about herself is due her first weekly message."""
    return await db.value(
        """select not exists (select from worker_week where worker_id = $1 and told_week is not null)
             and not exists (select from about where worker_id = $1)""",
        worker,
    )


async def count(db: Connection, week: date, segments: int) -> None:
    """Add a message to the cost of its week."""
    await db.execute(
        """insert into weekly_tally as t (week, messages, segments) values ($1, 1, $2)
           on conflict (week) do update set messages = t.messages + 1, segments = t.segments + excluded.segments""",
        week,
        segments,
    )


async def figures(
    db: Connection | Database, worker: WorkerId, since: datetime, until: datetime
) -> WeekFigures:
    """Return the figures of a worker between two times."""
    row = await db.row(
        """select a.*, x.balance as balance_minor, coalesce(k.off, false) as off,
             (select coalesce(sum(p.amount), 0)::bigint from payout p where p.worker_id = w.id
                and p.state in ('paid', 'late_paid') and p.settled_at >= $2 and p.settled_at < $3) as paid_minor
           from worker w join account x on x.id = w.account_id left join worker_week k on k.worker_id = w.id
             cross join lateral (select count(*)::int as answers, count(*) filter (where n."right")::int as right,
                 count(n."right")::int as checked, coalesce(sum(n.price), 0)::bigint as earned_minor
               from answer n where n.worker_id = w.id and n.created_at >= $2 and n.created_at < $3) a
           where w.id = $1""",
        worker,
        since,
        until,
    )
    assert row is not None
    return WeekFigures(**row)


async def missed_gold(
    db: Connection, worker: WorkerId, since: datetime, until: datetime
) -> int | None:
    """Return the newest answer of those days that missed gold, or None."""
    return await db.value(
        """select id from answer where worker_id = $1 and created_at >= $2 and created_at < $3 and "right" is false
             and not void order by created_at desc limit 1""",
        worker,
        since,
        until,
    )


async def is_busy(db: Database, now: datetime) -> bool:
    """Return whether a message waits to be sent on some channel."""
    return await db.value(
        "select exists (select from outbox where state = 'queued' and due_at <= $1 and created_at < until_now())",
        now,
    )


def choose(worker: WorkerId, *, off: bool) -> Write:
    """Switch the weekly message of a worker off or on."""
    return Write("set_weekly", {"worker": worker, "off": off})


@dataclass(frozen=True, slots=True)
class WeekTally:
    """The messages of one week and their segments."""

    week: date
    messages: int
    segments: int


async def tallies(db: Database, limit: int) -> list[WeekTally]:
    """Return the cost of the last weeks, the newest first."""
    rows = await db.rows("select * from weekly_tally order by week desc limit $1", limit)
    return [WeekTally(**row) for row in rows]


async def number_off(db: Database) -> int:
    """Return how many active workers want no weekly message."""
    return await db.value(
        "select count(*) from worker_week k join worker w on w.id = k.worker_id where k.off and w.state = 'active'"
    )
