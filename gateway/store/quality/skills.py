"""The skills of workers: the stored skills, and what new decided answers or a whole batch teach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.qa.skills.skill import Skill
from gateway.store.db import Connection, Database
from gateway.store.quality import credentials

_PAGE = 2000
"""The number of tasks whose answers are read at a time."""


@dataclass(frozen=True, slots=True)
class TaskToScore:
    """A task with answers that no skill knows of yet."""

    task_id: int
    version: int


async def to_score(db: Connection, limit: int, now: datetime) -> list[TaskToScore]:
    """Return the tasks with answers that no skill knows of yet, as (task_id, version).

    They are in the order in which they became due. Tasks of a batch that is being estimated as a
    whole are left out, since that estimate covers them.
    """
    rows = await db.rows(
        """select d.task_id, d.version from score_due d join batch b on b.id = d.batch_id
           where b.learning_until is null or b.learning_until <= $2 order by d.seq limit $1""",
        limit,
        now,
    )
    return [TaskToScore(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class UnscoredAnswer:
    """An answer that no skill knows of yet, with the decision on its task."""

    id: int
    worker_id: int
    value: str
    right: bool | None
    """True if an answer to gold is right; None for other tasks."""
    decided: str | None
    """The task's result."""
    confidence: float | None
    gold: str | None
    answered: int
    kind: str
    batch_id: str
    languages: list[str]
    fields: Any | None


async def unscored(db: Connection, tasks: Sequence[int]) -> list[UnscoredAnswer]:
    """Return the answers to these tasks that no skill knows of yet, in order.

    They are locked against other runners.
    """
    rows = await db.rows(
        """select a.id, a.worker_id, a.value, a."right", t.value as decided, t.confidence, t.gold, t.answered, b.kind, b.id as batch_id, b.languages, b.fields
           from answer a join task t on t.id = a.task_id join batch b on b.id = t.batch_id
           where a.task_id = any($1) and not a.scored and (t.gold is not null or t.state in ('decided', 'review'))
           order by a.id for update of a skip locked""",
        tasks,
    )
    return [UnscoredAnswer(**row) for row in rows]


async def end_scoring(db: Connection, tasks: Sequence[TaskToScore]) -> None:
    """Remove these tasks (task_id, version) from the queue.

    Tasks stay if another runner holds some of their answers, or if answers came meanwhile.
    """
    await db.execute(
        """delete from score_due d using unnest($1::bigint[], $2::int[]) as n(task, version)
           where d.task_id = n.task and d.version = n.version
             and not exists (select from answer a join task t on t.id = a.task_id
               where a.task_id = d.task_id and not a.scored and (t.gold is not null or t.state in ('decided', 'review')))""",
        [row.task_id for row in tasks],
        [row.version for row in tasks],
    )


@dataclass(frozen=True, slots=True)
class LockedSkill:
    """A worker's skill at one kind, locked."""

    worker_id: int
    kind: str
    right: float
    wrong: float
    learned_at: datetime
    drift: float
    trial_right: int
    trial_wrong: int
    """The gold since the worker's last pause."""
    paused: bool


async def lock(
    db: Connection, pairs: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], LockedSkill]:
    """Return the skills of (worker, kind) pairs, which must be sorted, and lock them.

    A pair without a skill gets one.
    """
    workers, kinds = [w for w, _ in pairs], [k for _, k in pairs]
    await db.execute(
        """insert into skill (worker_id, kind) select w, k from unnest($1::bigint[], $2::text[]) as p(w, k)
           on conflict do nothing""",
        workers,
        kinds,
    )
    rows = await db.rows(
        """select s.worker_id, s.kind, s."right", s.wrong, s.learned_at, s.drift, s.trial_right, s.trial_wrong,
             coalesce(s.paused_until > now(), false) as paused
           from skill s join unnest($1::bigint[], $2::text[]) as p(w, k) on s.worker_id = p.w and s.kind = p.k
           order by s.worker_id, s.kind for update of s""",
        workers,
        kinds,
    )
    return {(row["worker_id"], row["kind"]): LockedSkill(**row) for row in rows}


async def write(db: Connection, skills: Sequence[tuple[int, str, Skill, float]]) -> None:
    """Store the skill and the drift of each (worker, kind) pair."""
    await db.execute(
        """update skill s set "right" = n.r, wrong = n.w, drift = n.d, learned_at = now()
           from unnest($1::bigint[], $2::text[], $3::real[], $4::real[], $5::real[]) as n(worker, kind, r, w, d)
           where s.worker_id = n.worker and s.kind = n.kind""",
        [worker for worker, _, _, _ in skills],
        [kind for _, kind, _, _ in skills],
        [skill.right for _, _, skill, _ in skills],
        [skill.wrong for _, _, skill, _ in skills],
        [drift for _, _, _, drift in skills],
    )


async def add_taught(db: Connection, taught: Sequence[tuple[str, int, Skill]]) -> None:
    """Add what the answers of one batch have taught about its workers."""
    await db.execute(
        """insert into taught as t (batch_id, worker_id, "right", wrong)
           select * from unnest($1::text[], $2::bigint[], $3::real[], $4::real[])
           on conflict (batch_id, worker_id) do update set "right" = t."right" + excluded."right",
             wrong = t.wrong + excluded.wrong""",
        [batch for batch, _, _ in taught],
        [worker for _, worker, _ in taught],
        [skill.right for _, _, skill in taught],
        [skill.wrong for _, _, skill in taught],
    )


async def scored(db: Connection, answers: Sequence[int]) -> None:
    """Mark answers as known to the skills, and count them as accepted once."""
    rows = await db.rows(
        """with done as (update answer set scored = true where id = any($1) and not scored returning worker_id, task_id, void)
           select d.worker_id, b.kind, count(*) as times
           from done d join task t on t.id = d.task_id join batch b on b.id = t.batch_id
           where not d.void group by d.worker_id, b.kind order by d.worker_id, b.kind""",
        answers,
    )
    await credentials.count_accepted(
        db, [(row["worker_id"], row["kind"], row["times"]) for row in rows]
    )


async def count_learned(db: Connection, counts: Mapping[str, int], least: int) -> list[str]:
    """Add to the batches' counts.

    Return the running batches with enough news to be estimated again.
    """
    rows = await db.rows(
        """update batch b set unlearned = unlearned + n.count
           from unnest($1::text[], $2::int[]) as n(id, count) where b.id = n.id
           returning b.id, b.state = 'running' and b.unlearned >= greatest($3, b.learned / 10) as due""",
        list(counts),
        list(counts.values()),
        least,
    )
    return sorted(row["id"] for row in rows if row["due"])


@dataclass(frozen=True, slots=True)
class DecidedAnswer:
    """An answer to a decided task."""

    id: int
    name: str
    """The client's id of the task."""
    worker_id: int
    value: str
    gold: str | None
    scored: bool
    said: str | None
    """The value by a person's decision; None for other tasks."""


async def decided_answers(db: Connection | Database, batch: str) -> list[DecidedAnswer]:
    """Return every answer to the decided tasks of a batch, gold included, task by task.

    `said` is the value of a task that a person decided, and null for other tasks.
    They are read page by page, so that no page blocks the event loop for long.
    """
    found: list[DecidedAnswer] = []
    position = 0
    while True:
        tasks = await db.rows(
            "select position from task where batch_id = $1 and position > $2 order by position limit $3",
            batch,
            position,
            _PAGE,
        )
        if not tasks:
            return found
        rows = await db.rows(
            """select a.id, t.name, a.worker_id, a.value, t.gold, a.scored,
                 case when t.rule in ('person', 'audit') and t.gold is null then t.value end as said
               from task t join answer a on a.task_id = t.id
               where t.batch_id = $1 and t.position > $2 and t.position <= $3 and not a.void
                 and (t.gold is not null or t.state in ('decided', 'review')) order by t.position, a.id""",
            batch,
            position,
            tasks[-1]["position"],
        )
        found += [DecidedAnswer(**row) for row in rows]
        position = tasks[-1]["position"]


async def of_workers(db: Database, kind: str, workers: Sequence[int]) -> dict[int, Skill]:
    """Return the present skill of these workers at a kind; workers without one are left out."""
    rows = await db.rows(
        """select worker_id, "right" * kept(learned_at) as r, wrong * kept(learned_at) as w from skill
           where kind = $1 and worker_id = any($2)""",
        kind,
        list(workers),
    )
    return {row["worker_id"]: Skill(row["r"], row["w"]) for row in rows}


async def replace_taught(db: Connection, batch: str, kind: str, shown: Mapping[int, Skill]) -> None:
    """Replace what a batch's answers had taught one by one by the estimate of the whole batch."""
    await lock(db, [(worker, kind) for worker in sorted(shown)])
    await db.execute(
        """with new as (select * from unnest($3::bigint[], $4::real[], $5::real[]) as n(worker, r, w)),
             told as (
               update skill s set "right" = greatest(0, s."right" + n.r - coalesce(t."right", 0)),
                   wrong = greatest(0, s.wrong + n.w - coalesce(t.wrong, 0))
                 from new n left join taught t on t.batch_id = $1 and t.worker_id = n.worker
                 where s.worker_id = n.worker and s.kind = $2)
           insert into taught as t (batch_id, worker_id, "right", wrong) select $1, worker, r, w from new
             on conflict (batch_id, worker_id) do update set "right" = excluded."right", wrong = excluded.wrong""",
        batch,
        kind,
        sorted(shown),
        [shown[worker].right for worker in sorted(shown)],
        [shown[worker].wrong for worker in sorted(shown)],
    )


async def learned(db: Connection, batch: str, answers: int) -> None:
    await db.execute("update batch set learned = $2, unlearned = 0 where id = $1", batch, answers)


@dataclass(frozen=True, slots=True)
class BestBand:
    """Figures of the best workers who might work on a batch."""

    floor: float
    """The least chance to be right among the best."""
    mean: float
    """The mean chance of all workers."""
    workers: int
    by_sms: float
    """The share of the best who are reached by SMS."""
    open: int
    """The batch's open tasks."""
    waiting: int
    """The open tasks that wait for such a worker."""


async def band(db: Database, batch: str, share: float) -> BestBand | None:
    """Return the figures of the best `share` of the workers who might work on a batch.

    Only workers who did work of its kind in the last 30 days count. `floor` is the least chance to
    be right among the best, and `mean` that of all. `workers` is the number of the best, and
    `by_sms` the share of them by SMS. `open` is the number of the batch's open tasks, and `waiting`
    the number of those that wait for such a worker.
    """
    row = await db.row(
        """with crowd as (
             select skill_mean(s."right", s.wrong, s.learned_at) as mean, w.reach = 'sms' as by_sms
               from batch b join skill s on s.kind = b.kind join worker w on w.id = s.worker_id
               where b.id = $1 and w.state = 'active' and w.currency = b.currency
                 and (b.languages = '{}' or w.language = any(b.languages))
                 and s.learned_at > now() - interval '30 days' and (s.paused_until <= now()) is not false),
             marks as (select percentile_disc(1 - $2::float8) within group (order by mean) as floor, avg(mean) as mean from crowd)
           select m.floor, m.mean, count(*) as workers, avg(c.by_sms::int)::float8 as by_sms,
               (select count(*) from task t where t.batch_id = $1 and t.state = 'open' and t.gold is null) as open,
               (select count(*) from task t where t.batch_id = $1 and t.state = 'open' and t.skill_wanted is not null
                 and t.better_until > now()) as waiting
             from marks m join crowd c on c.mean >= m.floor group by m.floor, m.mean""",
        batch,
        share,
    )
    return BestBand(**row) if row else None


async def set_better(db: Database, batch: str, better: tuple[float, float] | None) -> None:
    """Store the skill of a batch's better workers, and the share of them that is asked by SMS.

    The judge uses both.
    """
    skill, by_sms = better or (None, None)
    await db.execute(
        "update batch set better = $2, better_by_sms = $3 where id = $1 and better is distinct from $2",
        batch,
        skill,
        by_sms,
    )


async def pause(db: Connection, worker: int, kind: str, until: datetime) -> None:
    """Pause a worker at a kind of task, and begin a new trial of her gold."""
    await db.execute(
        """update skill set paused_until = $3, paused_right = trial_right,
             paused_wrong = trial_wrong, pauses = pauses + 1, trial_right = 0, trial_wrong = 0,
             trial_from = now(), drift = 0, carded = false
           where worker_id = $1 and kind = $2""",
        worker,
        kind,
        until,
    )


async def unpause(db: Connection, worker: int, kind: str) -> None:
    """End a pause that was unjustified, and continue the trial before it."""
    await db.execute(
        """update skill set paused_until = null, pauses = greatest(0, pauses - 1),
             trial_right = trial_right + paused_right, trial_wrong = trial_wrong + paused_wrong,
             trial_from = 'epoch'
           where worker_id = $1 and kind = $2""",
        worker,
        kind,
    )


@dataclass(frozen=True, slots=True)
class GoldSoFar:
    """The gold answers of a worker, the end of her pause and the number of her answers."""

    right: int
    seen: int
    until: datetime | None
    answers: int


async def gold_so_far(db: Database, worker: int) -> GoldSoFar:
    """Return the gold answers of a worker (`right`, `seen`), her pause and her answers."""
    row = await db.row(
        """select coalesce(sum(gold_right), 0)::int as right,
             coalesce(sum(gold_right + gold_wrong), 0)::int as seen,
             max(paused_until) filter (where paused_until > now()) as until,
             (select count(*) from answer where worker_id = $1) as answers
           from skill where worker_id = $1""",
        worker,
    )
    assert row is not None
    return GoldSoFar(**row)
