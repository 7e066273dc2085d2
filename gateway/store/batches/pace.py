"""The pace of answers, the workers who may give them, and the work that waits before a batch.

Everything is read from counts that `count_pace` keeps once a minute (`sql/fair_pay.sql`), or is
counted over the present workers. No function reads the history of answers.
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.qa.skills.skill import Skill
from gateway.store.batches.batches import Batch
from gateway.store.db import Database
from gateway.workers.pace import WorkedHour

_PARTS_MAX, _AHEAD_MAX = 5000, 1000

_MAY_BE_ASKED = """w.state = 'active' and w.currency = $1 and (cardinality($2::text[]) = 0 or w.language = any($2))
  and ($3::real = 0 or $3::real <= skill_mean(s."right", s.wrong, s.learned_at))"""
_ABLE = "(s.paused_until > $5) is not true and (not $6 or s.lesson_passed_at is not null)"
"""The condition that a worker `w` with the skill `s` is neither paused nor without the lesson."""


@dataclass(frozen=True, slots=True)
class WorkersAtZone:
    """The workers who may be asked about a batch, in one time zone with the same quiet hours."""

    region: str
    """The country."""
    zone: str | None
    """The time zone of their own; None for that of the country."""
    quiet_from: int | None
    """The beginning of quiet hours of their own; None for the gateway's."""
    quiet_until: int | None
    """The end of quiet hours of their own."""
    workers: int
    """The number of them."""
    able: int
    """The number of these who are not paused at the kind and have the lesson that is needed."""
    reachable: int
    """The number of the able ones whose phone is not known to be off."""


@dataclass(frozen=True, slots=True)
class SkillGroup:
    """Some able workers of about the same skill."""

    workers: int
    """The number of them."""
    skill: Skill
    """Their mean evidence, as it counts now."""
    gold: float
    """The gold answers of each so far at the kind, on average."""


async def workers_by_zone(db: Database, batch: Batch, now: datetime) -> list[WorkersAtZone]:
    """Return the active workers who may be asked about a batch, counted by zone."""
    rows = await db.rows(
        f"""select w.region, w.zone, w.quiet_from, w.quiet_until, count(*) as workers, count(*) filter (where {_ABLE}) as able,
             count(*) filter (where {_ABLE} and w.away_since is null and (w.unreached_until < $5) is not false) as reachable
           from worker w left join skill s on s.worker_id = w.id and s.kind = $4
           where {_MAY_BE_ASKED} group by 1, 2, 3, 4 order by 5 desc, 1, 2, 3, 4 limit {_PARTS_MAX}""",
        *_asked(batch, now),
    )
    return [WorkersAtZone(**row) for row in rows]


async def workers_by_skill(db: Database, batch: Batch, now: datetime) -> list[SkillGroup]:
    """Return the able workers of a batch in groups of about the same skill, best first."""
    rows = await db.rows(
        f"""select round(skill_mean(s."right", s.wrong, s.learned_at)::numeric, 2) as mean, count(*) as workers,
             coalesce(avg(s."right" * kept(s.learned_at)), 0) as r, coalesce(avg(s.wrong * kept(s.learned_at)), 0) as wrong,
             coalesce(avg(s.gold_right + s.gold_wrong), 0)::float8 as gold
           from worker w left join skill s on s.worker_id = w.id and s.kind = $4
           where {_MAY_BE_ASKED} and {_ABLE} group by 1 order by 1 desc""",
        *_asked(batch, now),
    )
    return [SkillGroup(row["workers"], Skill(row["r"], row["wrong"]), row["gold"]) for row in rows]


def _asked(batch: Batch, now: datetime) -> tuple[object, ...]:
    return (
        batch.currency,
        list(batch.languages),
        batch.handling.min_skill,
        batch.kind,
        now,
        batch.handling.needs_lesson,
    )


async def crowd_hours(db: Database, batch: Batch, since: datetime) -> list[WorkedHour]:
    """Return the hours since then with work for workers of the batch, with their answers."""
    rows = await db.rows(
        """select hour, sum(answers)::bigint as answers from crowd_hour
           where currency = $1 and hour >= $3 and (cardinality($2::text[]) = 0 or language = any($2) or language = '')
           group by hour order by hour""",
        batch.currency,
        list(batch.languages),
        since,
    )
    return [WorkedHour(row["hour"], row["answers"]) for row in rows]


async def batch_hours(db: Database, batch: str, since: datetime) -> list[WorkedHour]:
    """Return the hours since then in which a batch was answered, with the answers."""
    rows = await db.rows(
        "select hour, answers from batch_hour where batch_id = $1 and hour >= $2 order by hour",
        batch,
        since,
    )
    return [WorkedHour(row["hour"], row["answers"]) for row in rows]


async def answers_ahead(db: Database, batch: Batch) -> int:
    """Return the answers that running batches with the same workers are still to be given first.

    Workers are asked about the batch that started first. A draft comes behind all others.
    """
    return await db.value(
        f"""select coalesce(sum(greatest(0, (b.filled->>'least')::bigint - coalesce(g.answers, 0))), 0)::bigint
           from (select * from batch b where b.state = 'running' and b.currency = $1 and b.id <> $3
               and (cardinality($2::text[]) = 0 or b.languages = '{{}}' or b.languages && $2)
               and b.started_at < coalesce((select started_at from batch where id = $3), 'infinity')
             order by b.started_at limit {_AHEAD_MAX}) b left join batch_given g on g.batch_id = b.id""",
        batch.currency,
        list(batch.languages),
        batch.id,
    )
