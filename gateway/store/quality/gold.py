"""The gold tasks: their truth, their answers, corrections, and results that become gold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.base.errors import Conflict, Refused
from gateway.store.batches.reviews import NOT_FINAL
from gateway.store.db import Connection, Database
from gateway.store.ledger import adjustments


@dataclass(frozen=True, slots=True)
class GoldTask:
    """A gold task."""

    id: int
    gold: str


async def lock(db: Connection, batch: str, task: str) -> GoldTask | None:
    """Return a gold task by the client's id for it, locked, or None when there is none."""
    row = await db.row(
        "select id, gold from task where batch_id = $1 and name = $2 and gold is not null for update",
        batch,
        task,
    )
    return GoldTask(**row) if row else None


async def begin_correction(db: Connection, batch: str) -> bool:
    """Let no other correction of the batch begin before this transaction ends.

    Return whether the batch still runs (or is paused). Its row stays free: `lock_batch` takes it
    when everything is ready to be committed.

    Raises Refused while the batch's results are being published, since they must be complete first.
    """
    await db.execute(
        "select pg_advisory_xact_lock(hashtextextended('correcting:' || $1, 0))", batch
    )
    running = await is_running(db, batch)
    if not running and await db.value(
        """select exists (select from estimate e where e.batch_id = b.id) from batch b
           where b.id = $1 and b.state = 'done'""",
        batch,
    ):
        raise Refused(
            "the batch has just been closed and its results are being published: send the correction again in a minute",
            status=409,
        )
    return running


async def is_running(db: Connection, batch: str) -> bool:
    """Return whether the batch runs or is paused, so that its tasks may be asked again."""
    state = await db.value("select state from batch where id = $1", batch)
    return state in ("running", "paused")


async def lock_batch(db: Connection, batch: str, *, running: bool) -> None:
    """Keep the batch from being closed, cancelled or paused until this transaction ends.

    `running` is the state that the correction has assumed. Raises Conflict when it is no longer
    true.
    """
    state = await db.value("select state from batch where id = $1 for no key update", batch)
    if (state in ("running", "paused")) != running:
        raise Conflict("the batch was closed or cancelled meanwhile")


async def set_same(db: Connection, batch: str, same: Mapping[str, str]) -> None:
    """Set which options mean the same as another. A reader of the batch's revision notices it."""
    await db.execute(
        """update batch set revision = revision + 1, policy_options = policy_options || jsonb_build_object('same', $2::jsonb)
           where id = $1""",
        batch,
        same,
    )


async def rename(db: Connection, batch: str, was: str, becomes: str) -> int:
    """Replace one option by another in answers and gold, and return how many answers changed."""
    await db.execute(
        "update task set gold = $3 where batch_id = $1 and gold = $2", batch, was, becomes
    )
    done = await db.execute(
        """with renamed as (update answer a set value = $3 from task t
             where t.id = a.task_id and t.batch_id = $1 and a.value = $2 returning a.id)
           insert into answer_renamed (answer_id, was, becomes) select id, $2, $3 from renamed""",
        batch,
        was,
        becomes,
    )
    return int(done.split()[-1])


async def set_options(db: Connection, batch: str, options: Sequence[Mapping[str, object]]) -> None:
    """Set new labels. A reader of the batch's revision notices them."""
    await db.execute(
        "update batch set revision = revision + 1, options = $2, weights = null where id = $1",
        batch,
        list(options),
    )


@dataclass(frozen=True, slots=True)
class MisledAnswer:
    """An answer that a wrong label may have misled."""

    id: int
    task_id: int
    worker_id: int
    value: str
    right: bool
    """False for gold that was missed. An answer to another task counts as False, too."""
    scored: bool
    created_at: datetime
    gold: str | None
    age_days: float


async def misled(
    db: Connection, batch: str, option: str, read_it: Sequence[str], did_not: Sequence[str]
) -> list[MisledAnswer]:
    """Return the answers that a wrong label of `option` may have misled, locked.

    These are answers that chose the option, and gold that was missed because of it. Only workers
    who read the label count: those of the languages `read_it`, or, if that is empty, of all but
    `did_not`.
    """
    rows = await db.rows(
        """select a.id, a.task_id, a.worker_id, a.value, coalesce(a."right", false) as right, a.scored, a.created_at, t.gold,
             extract(epoch from now() - a.created_at)::float8 / 86400 as age_days
           from answer a join task t on t.id = a.task_id join worker w on w.id = a.worker_id
           where t.batch_id = $1 and not a.void and (a.value = $2 or t.gold = $2) and a."right" is not true
             and (t.gold is not null or a.value = $2)
             and case when $3::text[] = '{}' then w.language <> all($4) else w.language = any($3) end
           order by a.id for update of a""",
        batch,
        option,
        list(read_it),
        list(did_not),
    )
    return [MisledAnswer(**row) for row in rows]


async def make_void(db: Connection, answers: Sequence[int]) -> None:
    """Void these answers, so that they no longer decide or teach anything new."""
    await db.execute(
        """update answer a set void = true, scored = a.scored or t.gold is null from task t
           where a.id = any($1) and t.id = a.task_id""",
        answers,
    )


async def ask_anew(db: Connection, batch: str) -> None:
    """Withdraw the batch's held questions, so that they are asked again with the current words.

    A worker who answers the old message anyway is paid as for any late answer.
    """
    await db.execute(
        """select release_task(h.id, 'expired') from (
             select a.id from assignment a join task t on t.id = a.task_id
             where t.batch_id = $1 and a.state = 'held' order by t.id, a.id) h""",
        batch,
    )


@dataclass(frozen=True, slots=True)
class GoldenAnswer:
    """An answer to a gold task."""

    id: int
    worker_id: int
    value: str
    right: bool
    scored: bool
    """True where the worker's skill knows of it."""
    created_at: datetime
    gold: str
    age_days: float
    """The age in days."""


async def golden_answers(db: Connection, batch: str) -> list[GoldenAnswer]:
    """Return every answer to the gold of a batch."""
    rows = await db.rows(
        """select a.id, a.worker_id, a.value, a."right", a.scored, a.created_at, t.gold,
             extract(epoch from now() - a.created_at)::float8 / 86400 as age_days
           from answer a join task t on t.id = a.task_id where t.batch_id = $1 and t.gold is not null order by a.id""",
        batch,
    )
    return [GoldenAnswer(**row) for row in rows]


async def flip_correctness(db: Connection, turned: Sequence[int]) -> None:
    """Exchange right and wrong for these answers.

    Adjustments for those that are right now are void.
    """
    rows = await db.rows(
        'update answer set "right" = not "right" where id = any($1) returning id, "right"', turned
    )
    await adjustments.void_for(db, [row["id"] for row in rows if row["right"]], "gold")


async def answers(db: Connection, task: int) -> list[GoldenAnswer]:
    """Return the answers to one gold task."""
    rows = await db.rows(
        """select a.id, a.worker_id, a.value, a."right", a.scored, a.created_at, t.gold,
             extract(epoch from now() - a.created_at)::float8 / 86400 as age_days
           from answer a join task t on t.id = a.task_id where a.task_id = $1 order by a.id""",
        task,
    )
    return [GoldenAnswer(**row) for row in rows]


async def set_truth(db: Connection, task: int, value: str, turned: Sequence[int]) -> None:
    """Set the new truth. `turned` are the answers for which right and wrong are exchanged."""
    await db.execute(
        "update task set gold = $2, value = case when value is null then null else $2 end where id = $1",
        task,
        value,
    )
    await flip_correctness(db, turned)


async def move_skill(
    db: Connection, worker: int, kind: str, step: int, weight: float, given_at: datetime
) -> tuple[int, int]:
    """Count one gold answer of a worker as right after all (`step` 1) or as wrong (-1).

    Return the right and wrong gold of her last pause. `weight` is the remaining worth of the
    answer's evidence, or 0 if no skill knows it yet.
    """
    row = await db.row(
        """update skill set gold_right = gold_right + $3, gold_wrong = gold_wrong - $3,
             "right" = greatest(0, "right" + $3 * $4::real), wrong = greatest(0, wrong - $3 * $4::real),
             drift = case when $3 > 0 then 0 else drift end,
             trial_right = trial_right + case when $5 >= trial_from then $3 else 0 end,
             trial_wrong = trial_wrong - case when $5 >= trial_from then $3 else 0 end,
             paused_right = paused_right + case when $5 < trial_from and paused_until is not null then $3 else 0 end,
             paused_wrong = paused_wrong - case when $5 < trial_from and paused_until is not null then $3 else 0 end
           where worker_id = $1 and kind = $2 returning paused_right, paused_wrong""",
        worker,
        kind,
        step,
        weight,
        given_at,
    )
    assert row is not None
    return row["paused_right"], row["paused_wrong"]


@dataclass(frozen=True, slots=True)
class ChangedResult:
    """A result that a correction changed."""

    name: str
    was: str
    value: str
    confidence: float
    rule: str | None


async def move_evidence(db: Connection, worker: int, kind: str, right: float, wrong: float) -> None:
    """Add evidence, which may be negative, to the skill of a worker."""
    await db.execute(
        """update skill set "right" = greatest(0, "right" + $3::real), wrong = greatest(0, wrong + $4::real)
           where worker_id = $1 and kind = $2""",
        worker,
        kind,
        right,
        wrong,
    )


async def change_results(
    db: Connection, batch: str, moved: Mapping[str, tuple[str, float]]
) -> list[ChangedResult]:
    """Change results, and return them with their earlier values.

    A person's decision is left alone.
    """
    rows = await db.rows(
        f"""with old as (select t.id, t.name, t.value, n.value as new_value, n.confidence as new_confidence
             from task t join unnest($2::text[], $3::text[], $4::real[]) as n(name, value, confidence) on n.name = t.name
             where t.batch_id = $1 and t.gold is null and t.state in ('decided', 'review') and {NOT_FINAL.format(task="t")}
               and t.value is distinct from n.value order by t.id for update of t)
           update task t set value = o.new_value, confidence = o.new_confidence from old o where t.id = o.id
           returning t.name, o.value as was, t.value, t.confidence, t.rule""",
        batch,
        list(moved),
        [value for value, _ in moved.values()],
        [confidence for _, confidence in moved.values()],
    )
    return [ChangedResult(**row) for row in rows]


async def keep_correction(
    db: Connection,
    batch: str,
    task: int | None,
    was: str,
    becomes: str,
    by: str,
    reason: str,
    diff: Mapping[str, object],
) -> int:
    """Store a correction with its changes, for good, and return its id."""
    return await db.value(
        """insert into correction (batch_id, task_id, was, becomes, by, reason, diff)
           values ($1, $2, $3, $4, $5, $6, $7) returning id""",
        batch,
        task,
        was,
        becomes,
        by,
        reason,
        diff,
    )


async def unfinished(db: Database, batch: str) -> list[int]:
    """Return the corrections of a batch whose tasks are not all judged again yet, oldest first."""
    rows = await db.rows(
        "select id from correction where batch_id = $1 and diff ? 'rejudge' order by id", batch
    )
    return [row["id"] for row in rows]


@dataclass(frozen=True, slots=True)
class UnfollowedCorrection:
    """A correction whose tasks are still to be judged again."""

    was: str
    becomes: str
    rejudge: Any
    """The tasks, as stored."""


async def lock_correction(db: Connection, correction: int) -> UnfollowedCorrection | None:
    """Return the work that a correction still has to judge again, locked, or None."""
    row = await db.row(
        """select was, becomes, diff -> 'rejudge' as rejudge from correction
           where id = $1 and diff ? 'rejudge' for update""",
        correction,
    )
    return UnfollowedCorrection(**row) if row else None


async def add_moved(
    db: Connection, correction: int, moved: Sequence[object], rejudge: Mapping[str, object] | None
) -> None:
    """Add tasks to those that a correction has moved.

    `rejudge` is the work that is still to be judged again, or None for none.
    """
    await db.execute(
        """update correction set diff = (diff - 'rejudge')
             || jsonb_build_object('moved', (diff -> 'moved') || $2::jsonb)
             || case when $3::jsonb is null then '{}'::jsonb else jsonb_build_object('rejudge', $3::jsonb) end
           where id = $1""",
        correction,
        list(moved),
        rejudge,
    )


async def diff_of(db: Database, correction: int) -> Mapping[str, object]:
    """Return the changes of a correction."""
    return await db.value("select diff from correction where id = $1", correction)


@dataclass(frozen=True, slots=True)
class BankedGold:
    """A gold task of a batch, with how it was answered."""

    name: str
    text: str
    gold: str
    promoted: bool
    answered: int
    wanted: int
    right: int | None
    corrections: int


async def bank(db: Database, batch: str) -> list[BankedGold]:
    """Return the gold of a batch, with how often each was shown, answered rightly and corrected."""
    rows = await db.rows(
        """select t.name, t.text, t.gold, t.promoted_from is not null as promoted, t.answered, t.wanted,
             (select count(*) from answer a where a.task_id = t.id and a."right") as right,
             (select count(*) from correction c where c.task_id = t.id) as corrections
           from task t where t.batch_id = $1 and t.gold is not null order by t.position, t.id""",
        batch,
    )
    return [BankedGold(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class TaskToPromote:
    """A decided task with unused paid answers, that may become gold."""

    id: int
    name: str
    value: str
    answered: int
    maximum: int
    values: list[str]
    partners: list[int | None]
    rights: list[int]
    wrongs: list[int]
    contested: bool


async def candidates(db: Connection, batch: str, kind: str) -> list[TaskToPromote]:
    """Return decided tasks with unused paid slots, with the values and workers of their answers."""
    rows = await db.rows(
        """select t.id, t.name, t.value, t.answered, t.maximum,
             array_agg(a.value order by a.id) as values, array_agg(w.partner_id order by a.id) as partners,
             array_agg(coalesce(s.gold_right, 0) order by a.id) as rights,
             array_agg(coalesce(s.gold_wrong, 0) order by a.id) as wrongs,
             bool_or(exists (select from finding f where f.worker_id = w.id and f.state = 'open')
               or exists (select from appeal p where p.answer_id = a.id and p.state = 'waiting')) as contested
           from task t join answer a on a.task_id = t.id join worker w on w.id = a.worker_id and not a.void
             left join skill s on s.worker_id = w.id and s.kind = $2
           where t.batch_id = $1 and t.gold is null and t.state = 'decided' and t.maximum > t.answered
             and not exists (select from task p where p.promoted_from = t.id)
           group by t.id order by t.id""",
        batch,
        kind,
    )
    return [TaskToPromote(**row) for row in rows]


async def promote(db: Connection, task: int) -> None:
    """Turn a result into gold: a new task in the paid slots that the result did not need.

    A worker who has answered the question has seen it already.
    """
    await db.execute(
        """with was as (select * from task where id = $1 for update),
             less as (update task t set maximum = t.answered, wanted = t.answered from was where t.id = was.id),
             seen as (insert into gold_seen select a.worker_id, gold_digest(was.text) from answer a, was
               where a.task_id = was.id on conflict do nothing)
           insert into task (batch_id, name, position, text, gold, audience, maximum, wanted, promoted_from)
             select batch_id, name || '~gold', position, text, value, audience, maximum - answered, maximum - answered, id
             from was""",
        task,
    )
