"""The figures of a batch's quality steps, counted from the rows."""

from dataclasses import dataclass

from gateway.store.batches.batches import Batch
from gateway.store.db import Database


@dataclass(frozen=True, slots=True)
class WorkerFigures:
    """The workers whom the batch's qualification excludes and admits, as their gold shows them."""

    excluded: int
    """The workers with gold whose skill is below the least skill."""
    excluded_right: int
    """The gold answers of these workers that were right."""
    excluded_wrong: int
    """The gold answers of these workers that were wrong."""


@dataclass(frozen=True, slots=True)
class GoldFigures:
    """The gold answers of a batch."""

    entry: int
    """The gold answers with which workers qualified."""
    entry_wrong: int
    """The wrong ones among them."""
    hidden: int
    """The other gold answers."""
    hidden_wrong: int
    """The wrong ones among them."""
    trusted: int
    """The gold answers of workers who are not paused now and are not excluded."""
    trusted_wrong: int
    """The wrong ones among them."""
    paused: int
    """The workers who answered in this batch and were paused after its start."""
    relearning: int
    """The workers who answered in this batch and got a lesson on their mistakes after its start."""
    drifting: int
    """The workers who answered in this batch and were found to be getting worse."""


@dataclass(frozen=True, slots=True)
class AnswerFigures:
    """The answers to the real questions of a batch."""

    answers: int
    """The paid answers."""
    outvoted: int
    """The answers that differ from the result of their decided task."""
    slots: int
    """The most answers that were planned."""
    decided: int
    """The decided tasks."""
    in_review: int
    """The tasks without a decision."""
    doubt: float | None
    """The mean of 1 - confidence over the tasks that answers alone decided; None without one."""


@dataclass(frozen=True, slots=True)
class CheckFigures:
    """The paid questions of the review or the audit of a batch."""

    answers: int
    """The paid answers."""
    cost_minor: int
    """The money that they earned, in minor units."""
    gold_right: int
    """The answers to hidden gold that were right."""
    gold_wrong: int
    """The answers to hidden gold that were wrong."""
    workers: int
    """The workers who answered."""
    audited: int
    """The answers to tasks that an audit judged."""
    audited_right: int
    """The answers that agree with the audit."""


@dataclass(frozen=True, slots=True)
class ReviewFigures:
    """The tasks that were given to reviewers."""

    tasks: int
    """The tasks in review."""
    reviewed: int
    """The tasks that reviewers answered."""
    decided: int
    """The tasks that they decided."""
    changed: int
    """The decided tasks that had another value before."""
    settled: int
    """The decided tasks that were without a decision before."""


@dataclass(frozen=True, slots=True)
class MessageFigures:
    """The messages of a batch, and its answers by SMS."""

    segments: int
    """The segments that providers accepted."""
    by_sms: int
    """The answers by SMS."""
    answers: int
    """All answers."""


async def of_workers(db: Database, batch: Batch) -> WorkerFigures:
    """Count the workers of a batch whose gold shows them to be below its least skill."""
    row = await db.row(
        """select count(*) as excluded, coalesce(sum(s.gold_right), 0)::int as excluded_right,
             coalesce(sum(s.gold_wrong), 0)::int as excluded_wrong
           from skill s join worker w on w.id = s.worker_id
           where s.kind = $1 and w.state = 'active' and w.currency = $2
             and (cardinality($3::text[]) = 0 or w.language = any($3)) and s.gold_right + s.gold_wrong > 0
             and skill_mean(s."right", s.wrong, s.learned_at) < $4::real""",
        batch.kind,
        batch.currency,
        list(batch.languages),
        batch.handling.min_skill,
    )
    assert row is not None
    return WorkerFigures(**dict(row))


async def of_gold(db: Database, batch: Batch) -> GoldFigures:
    """Count the gold answers of a batch.

    A worker's first ones are those with which she qualified, as far as she had no gold of this kind
    from elsewhere.
    """
    row = await db.row(
        """with given as (
             select a.worker_id, a."right", row_number() over (partition by a.worker_id order by a.id)
                 + greatest(0, coalesce(s.gold_right + s.gold_wrong, 0) - count(*) over (partition by a.worker_id)) <= $3 as is_entry,
               (s.paused_until > now()) is not true
                 and (skill_mean(s."right", s.wrong, s.learned_at) < $4::real) is not true as is_trusted
             from task t join answer a on a.task_id = t.id left join skill s on s.worker_id = a.worker_id and s.kind = $2
             where t.batch_id = $1 and t.gold is not null),
           found as (
             select distinct f.kind, f.worker_id from finding f where f.kind in ('below_bar', 'drift') and f.worker_id is not null
               and f.evidence->>'kind' = $2 and f.created_at >= (select started_at from batch where id = $1)
               and exists (select from task t join answer a on a.task_id = t.id where t.batch_id = $1 and a.worker_id = f.worker_id))
           select count(*) filter (where is_entry) as entry, count(*) filter (where is_entry and not "right") as entry_wrong,
             count(*) filter (where not is_entry) as hidden, count(*) filter (where not is_entry and not "right") as hidden_wrong,
             count(*) filter (where is_trusted) as trusted, count(*) filter (where is_trusted and not "right") as trusted_wrong,
             (select count(*) from found where kind = 'below_bar') as paused,
             (select count(distinct r.worker_id) from relearning r where r.kind = $2
               and r.created_at >= (select started_at from batch where id = $1) and exists (
                 select from task t join answer a on a.task_id = t.id where t.batch_id = $1 and a.worker_id = r.worker_id))
               as relearning,
             (select count(*) from found where kind = 'drift') as drifting
           from given""",
        batch.id,
        batch.kind,
        batch.handling.entry_gold,
        batch.handling.min_skill,
    )
    assert row is not None
    return GoldFigures(**dict(row))


async def of_answers(db: Database, batch: str) -> AnswerFigures:
    """Count the answers to the real questions of a batch, and the doubt about their results."""
    row = await db.row(
        """select coalesce(sum(t.answered), 0)::int as answers, coalesce(sum(t.maximum), 0)::int as slots,
             count(*) filter (where t.state = 'decided') as decided, count(*) filter (where t.state = 'review') as in_review,
             avg(1 - t.confidence) filter (where t.state = 'decided' and coalesce(t.rule, '') not in ('person', 'review', 'audit'))
               ::float8 as doubt,
             coalesce((select count(*) from task d join answer a on a.task_id = d.id
               where d.batch_id = $1 and d.gold is null and d.state = 'decided' and not a.void and a.value <> d.value), 0)::int
               as outvoted
           from task t where t.batch_id = $1 and t.gold is null""",
        batch,
    )
    assert row is not None
    return AnswerFigures(**dict(row))


async def of_check(db: Database, batch: str, purpose: str) -> CheckFigures:
    """Count the paid questions of a batch's reviews or audits."""
    row = await db.row(
        """with given as (
             select a.worker_id, a.value, a."right", t.gold is not null as is_gold, k.price, i.truth
             from check_batch c join batch k on k.id = c.batch_id join task t on t.batch_id = k.id
               join answer a on a.task_id = t.id
               left join task p on p.batch_id = c.parent_id and p.name = t.name and p.gold is null and t.gold is null
               left join lateral (select x.truth from audit_item x where x.task_id = p.id and x.truth is not null
                 and x.judged_by <> 'reviewers' order by x.round desc limit 1) i on true
             where c.parent_id = $1 and c.purpose = $2)
           select count(*) as answers, coalesce(sum(price), 0)::bigint as cost_minor,
             count(*) filter (where is_gold and "right") as gold_right,
             count(*) filter (where is_gold and not "right") as gold_wrong,
             count(distinct worker_id) as workers, count(truth) as audited,
             count(*) filter (where truth = value) as audited_right
           from given""",
        batch,
        purpose,
    )
    assert row is not None
    return CheckFigures(**dict(row))


async def of_review(db: Database, batch: str) -> ReviewFigures:
    """Count what the review of a batch has changed."""
    row = await db.row(
        """select count(*) as tasks, count(value) as reviewed, count(*) filter (where decided) as decided,
             count(*) filter (where decided and value is distinct from was) as changed,
             count(*) filter (where decided and was_state = 'review') as settled
           from review_item where batch_id = $1""",
        batch,
    )
    assert row is not None
    return ReviewFigures(**dict(row))


async def of_messages(db: Database, batch: str, purpose: str | None = None) -> MessageFigures:
    """Count the SMS segments of a batch, or with a `purpose` of its reviews or audits."""
    row = await db.row(
        """with it as (select $1::text as id where $2::text is null
               union all select batch_id from check_batch where parent_id = $1 and purpose = $2)
           select (select coalesce(sum(m.segments), 0)::bigint from message_bill m where m.batch_id in (select id from it)) as segments,
             count(*) filter (where a.via = 'sms') as by_sms, count(*) as answers
           from it join task t on t.batch_id = it.id join answer a on a.task_id = t.id""",
        batch,
        purpose,
    )
    assert row is not None
    return MessageFigures(**dict(row))
