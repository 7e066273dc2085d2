"""The audits of batches: the drawn sample, its judgements, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store.batches.reviews import AUDIT, NOT_FINAL
from gateway.store.db import Connection, Database


@dataclass(frozen=True, slots=True)
class DecidedTask:
    """A decided task of a batch that is about to be delivered."""

    task: str
    """The client's id of the task."""
    answered: str | None
    """The result of the workers' answers alone, before a review."""
    value: str
    """The result to be delivered."""
    confidence: float
    """The confidence of the result."""
    is_final: bool
    """True if a person, a review or an audit decided it."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One audit of a batch."""

    round: int
    """Its number, from 1."""
    seed: str
    """The seed of the draw."""
    population: int
    """The number of decided tasks from which the sample was drawn."""
    size: int
    """The size of the sample."""
    judged: int
    """The tasks that were judged."""
    unclear: int
    """The judged tasks of which no auditor could tell the true value."""
    errors: int
    """The judged tasks whose result was wrong."""
    answered_errors: int
    """The judged tasks whose answers alone had led to a wrong result."""
    ended_at: datetime | None
    """The time when it ended."""
    keeps_promise: bool | None
    """True if the batch keeps its promise. None until the end, and where nothing was judged."""
    asked_again: int | None
    """The tasks that were asked again because of it."""


@dataclass(frozen=True, slots=True)
class AuditTask:
    """A task of a sample as an auditor sees it, without its result."""

    task: str
    """The client's id of the task."""
    text: str
    """The question."""
    place: int
    """Its place in the sample, from 1."""


@dataclass(frozen=True, slots=True)
class AuditItem:
    """A task of a sample as it is judged."""

    answered: str | None
    """The result of the workers' answers alone."""
    value: str
    """The result to be delivered."""
    judged_at: datetime | None
    """The time of the judgement, if there is one."""


@dataclass(frozen=True, slots=True)
class AppealedResults:
    """The results that upheld appeals changed after an audit had ended."""

    missed: int
    """The ones that the audit had judged to be right."""
    others: int
    """The ones that it had not judged."""


async def changed_by_appeals(
    db: Connection | Database, batch: str, nth: int, since: datetime
) -> AppealedResults:
    """Return the number of results that upheld appeals changed since an audit ended."""
    row = await db.row(
        """select count(distinct t.id) filter (where i.is_right) as missed,
             count(distinct t.id) filter (where i.judged_at is null) as others
           from task t join answer x on x.task_id = t.id join appeal a on a.answer_id = x.id
             left join audit_item i on i.task_id = t.id and i.round = $2
           where t.batch_id = $1 and t.gold is null and a.state = 'upheld' and a.decided_at > $3
             and a.truth is distinct from x.value""",
        batch,
        nth,
        since,
    )
    assert row is not None
    return AppealedResults(row["missed"], row["others"])


@dataclass(frozen=True, slots=True)
class SampleSums:
    """The judged tasks of a batch's last audit whose true value could be told."""

    judged: int
    """Their number."""
    errors: int
    """The number of wrong results among them."""


async def last_sums(db: Connection | Database, batch: str, value: str | None = None) -> SampleSums:
    """Return the sums of the last audit that ended with a judgement.

    With a `value`, only results of this value count. They are a random sample of all such results.
    """
    row = await db.row(
        """with last as (select a.round from audit a where a.batch_id = $1 and a.ended_at is not null
             and exists (select from audit_item i where i.batch_id = a.batch_id and i.round = a.round and i.truth is not null)
             order by a.round desc limit 1)
           select count(*) as judged, count(*) filter (where not i.is_right) as errors
             from audit_item i join last on last.round = i.round
             where i.batch_id = $1 and i.truth is not null and ($2::text is null or i.value = $2)""",
        batch,
        value,
    )
    assert row is not None
    return SampleSums(row["judged"], row["errors"])


async def decided_tasks(db: Connection | Database, batch: str, bar: float) -> list[DecidedTask]:
    """Return the tasks of a batch that are decided, by its estimate where there is one.

    A result that the estimate changes without reaching the confidence `bar` is not decided.
    """
    rows = await db.rows(
        f"""select t.name, case when r.task_id is null then s.value else r.was end as answered, s.value, s.confidence,
             not ({NOT_FINAL.format(task="t")}) as is_final
           from task t left join estimate e on e.task_id = t.id and {NOT_FINAL.format(task="t")}
             cross join lateral (select coalesce(e.value, t.value) as value,
               coalesce(e.confidence, t.confidence, 0)::float8 as confidence) s
             left join lateral (select x.task_id, x.was from review_item x where x.task_id = t.id and x.decided
               order by x.round desc limit 1) r on true
           where t.batch_id = $1 and t.gold is null and t.state = 'decided' and s.value is not null
             and (e.confidence < $2 and t.value is distinct from e.value) is not true
           order by t.position""",
        batch,
        bar,
    )
    return [
        DecidedTask(row["name"], row["answered"], row["value"], row["confidence"], row["is_final"])
        for row in rows
    ]


async def begin(
    db: Connection, batch: str, nth: int, seed: str, population: int, sample: Sequence[DecidedTask]
) -> None:
    """Store a drawn sample in the order of its draw."""
    await db.execute(
        "insert into audit (batch_id, round, seed, population, size) values ($1, $2, $3, $4, $5)",
        batch,
        nth,
        seed,
        population,
        len(sample),
    )
    await db.execute(
        """insert into audit_item (batch_id, round, place, task_id, answered, value)
           select $1, $2, n.place, t.id, n.answered, n.value
             from unnest($3::text[], $4::text[], $5::text[]) with ordinality as n(name, answered, value, place)
             join task t on t.batch_id = $1 and t.name = n.name and t.gold is null""",
        batch,
        nth,
        [one.task for one in sample],
        [one.answered for one in sample],
        [one.value for one in sample],
    )


async def tell(db: Connection, batch: str, data: Mapping[str, object]) -> None:
    """Tell the client of a batch that its audit has begun or ended."""
    await db.execute(
        """select tell_client(p_client => client_id, p_batch => id, p_type => 'batch.audit', p_data => $2)
           from batch where id = $1""",
        batch,
        dict(data),
    )


async def of_batch(db: Connection | Database, batch: str) -> list[AuditRow]:
    """Return the audits of a batch, oldest first."""
    rows = await db.rows(
        """select a.round, a.seed, a.population, a.size, a.ended_at, a.keeps_promise, a.asked_again,
             count(i.judged_at) as judged, count(*) filter (where i.judged_at is not null and i.truth is null) as unclear,
             count(*) filter (where not i.is_right) as errors,
             count(*) filter (where not i.answered_right) as answered_errors
           from audit a left join audit_item i on i.batch_id = a.batch_id and i.round = a.round
           where a.batch_id = $1 group by a.batch_id, a.round order by a.round""",
        batch,
    )
    return [AuditRow(**dict(row)) for row in rows]


async def judged_tasks(db: Connection, batch: str) -> frozenset[str]:
    """Return the client's ids of the tasks that auditors found to be right or wrong."""
    rows = await db.rows(
        """select distinct t.name from audit_item i join task t on t.id = i.task_id
           where i.batch_id = $1 and i.truth is not null""",
        batch,
    )
    return frozenset(row["name"] for row in rows)


async def next_task(db: Database, batch: str, nth: int) -> AuditTask | None:
    """Return the first task of a sample that is not judged yet, or None."""
    row = await db.row(
        """select t.name as task, t.text, i.place from audit_item i join task t on t.id = i.task_id
           where i.batch_id = $1 and i.round = $2 and i.judged_at is null order by i.place limit 1""",
        batch,
        nth,
    )
    return AuditTask(**dict(row)) if row else None


async def item(db: Connection | Database, batch: str, nth: int, task: str) -> AuditItem | None:
    """Return a task of a sample, or None when it is not in the sample."""
    row = await db.row(
        """select i.answered, i.value, i.judged_at from audit_item i join task t on t.id = i.task_id
           where i.batch_id = $1 and i.round = $2 and t.name = $3 and t.gold is null""",
        batch,
        nth,
        task,
    )
    return AuditItem(**dict(row)) if row else None


async def judge(
    db: Connection,
    batch: str,
    nth: int,
    task: str,
    truth: str | None,
    *,
    right: tuple[bool, bool] | None,
    by: str,
) -> bool:
    """Store a judgement. Return False when the task was judged before.

    `right` says whether the result to be delivered and that of the answers alone are right.
    """
    return bool(
        await db.value(
            """update audit_item i set truth = $4, is_right = $5, answered_right = $6, judged_by = $7, judged_at = now() from task t
               where t.id = i.task_id and i.batch_id = $1 and i.round = $2 and t.name = $3 and i.judged_at is null
               returning true""",
            batch,
            nth,
            task,
            truth,
            right and right[0],
            right and right[1],
            by,
        )
    )


async def finish(
    db: Connection,
    batch: str,
    nth: int,
    *,
    keeps_promise: bool | None,
    asked_again: int,
) -> None:
    """End an audit: the errors that it found are corrected, and its result is stored."""
    await db.execute(
        f"""with corrected as (
             update task t set value = i.truth, confidence = 1, rule = '{AUDIT}', decided_by = i.judged_by, decided_at = now()
             from audit_item i where i.batch_id = $1 and i.round = $2 and not i.is_right and t.id = i.task_id
               and t.state in ('decided', 'review') and t.rule is distinct from 'person' returning t.id, t.decided_by)
           select note_decision('review', decided_by, null, id, null, true) from corrected order by id""",
        batch,
        nth,
    )
    await db.execute(
        """update audit a set ended_at = now(), keeps_promise = $3, asked_again = $4,
             judged = (select count(judged_at) from audit_item i where i.batch_id = $1 and i.round = $2),
             errors = (select count(*) from audit_item i where i.batch_id = $1 and i.round = $2 and not i.is_right)
           where a.batch_id = $1 and a.round = $2""",
        batch,
        nth,
        keeps_promise,
        asked_again,
    )


async def reopen(db: Connection, batch: str, tasks: Sequence[str], more: int) -> int:
    """Open tasks for `more` further answers each, and return their number.

    Money for these answers must be there.
    """
    done = await db.execute(
        f"""update task t set state = 'open', wanted = t.answered + $3, maximum = greatest(t.maximum, t.answered + $3),
             value = null, confidence = null, rule = null, ruling = null, decided_at = null
           where t.batch_id = $1 and t.name = any($2) and t.gold is null and t.state = 'decided'
             and {NOT_FINAL.format(task="t")}""",
        batch,
        list(tasks),
        more,
    )
    return int(done.split()[-1])


async def give_up_slots(db: Connection, batch: str) -> int:
    """Give up the paid slots that decided tasks did not need, and return their number.

    Their money can then pay for further answers to other tasks.
    """
    return await db.value(
        """with spare as (select id, maximum - answered as slots from task where batch_id = $1 and gold is null
               and state in ('decided', 'review') and maximum > answered order by id for update),
             less as (update task t set maximum = t.answered, wanted = least(t.wanted, t.answered)
               from spare s where t.id = s.id)
           select coalesce(sum(slots), 0)::bigint from spare""",
        batch,
    )
