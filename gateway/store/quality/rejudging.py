"""The tasks that are judged again, with all that the judge needs, locked in order of their ids."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.qa.judging.verdict_effect import TaskEffect
from gateway.store.batches.reviews import NOT_FINAL
from gateway.store.db import Connection

_TASK = """
select t.id, t.name, t.text, t.state, t.wanted, t.maximum, t.answered, t.held, t.value,
  t.confidence, t.rule, v.values, v.rights, v.wrongs, v.via
from t cross join lateral (
  select coalesce(array_agg(a.value order by a.id), '{}') as values,
      coalesce(array_agg(coalesce(s."right" * kept(s.learned_at), 0) order by a.id), '{}') as rights,
      coalesce(array_agg(coalesce(s.wrong * kept(s.learned_at), 0) order by a.id), '{}') as wrongs,
      coalesce((array_agg(a.via order by a.id desc))[1], 'ussd') as via
    from answer a join batch b on b.id = t.batch_id left join skill s on s.worker_id = a.worker_id and s.kind = b.kind
    where a.task_id = t.id and not a.void) v order by t.id"""


@dataclass(frozen=True, slots=True)
class TaskToJudge:
    """A task that is judged again, locked, with its counted answers in order of time."""

    id: int
    name: str
    text: str
    state: str
    wanted: int
    maximum: int
    answered: int
    held: int
    value: str | None
    confidence: float | None
    rule: str | None
    values: list[str]
    rights: list[float]
    wrongs: list[float]
    """The evidence for the skills of the workers behind the values."""
    via: str
    """The channel of the last answer."""


async def open_tasks(db: Connection, batch: str, after: int, limit: int) -> list[TaskToJudge]:
    """Return the next open tasks of a batch behind the id `after`."""
    rows = await db.rows(
        f"""with t as (select * from task where batch_id = $1 and id > $2 and state = 'open' and gold is null
              order by id limit $3 for update) {_TASK}""",  # The query is made of constants.
        batch,
        after,
        limit,
    )
    return [TaskToJudge(**row) for row in rows]


async def ended_tasks(db: Connection, batch: str, limit: int) -> list[TaskToJudge]:
    """Return open tasks of an ended batch that have answers and that no worker holds."""
    rows = await db.rows(
        f"""with t as (select * from task where batch_id = $1 and state = 'open' and gold is null and held = 0
              and answered > 0 order by id limit $2 for update) {_TASK}""",  # The query is made of constants.
        batch,
        limit,
    )
    return [TaskToJudge(**row) for row in rows]


_ANSWERED_BY = {
    "workers": "x.worker_id = any(array(select jsonb_array_elements($3::jsonb)::bigint))",
    "value": "x.value = $3::jsonb #>> '{}'",
    "void": "x.void and x.value = $3::jsonb #>> '{}'",
}


async def decided_tasks(
    db: Connection, batch: str, after: int, by: str, argument: object, limit: int
) -> list[TaskToJudge]:
    """Return the next tasks behind the id `after` that have certain answers.

    `by` selects the answers: those of some `workers`, those of a `value`, or those of a value that
    are `void`. The tasks are decided, in review or open. A person's decision stands.
    """
    rows = await db.rows(
        f"""with t as (select * from task k where batch_id = $1 and id > $2 and gold is null
              and state in ('open', 'decided', 'review') and {NOT_FINAL.format(task="k")} and answered > 0
              and exists (select from answer x where x.task_id = k.id and {_ANSWERED_BY[by]})
              order by id limit $4 for update) {_TASK}""",  # The query is made of constants.
        batch,
        after,
        argument,
        limit,
    )
    return [TaskToJudge(**row) for row in rows]


async def write_outcomes(
    db: Connection, after: Sequence[tuple[int, TaskEffect]], ruling: str, min_skill: float | None
) -> None:
    """Write the new states of the tasks with these ids, judged by the version `ruling`.

    The basis of each judgement is stored with the task's last answer. `min_skill` is the least
    skill of the workers who may be asked; None for all workers.
    """
    tasks, effects = [task for task, _ in after], [effect for _, effect in after]
    await db.execute(
        """update answer a set judged = coalesce(a.judged, '[]') || jsonb_build_array(n.judged)
           from unnest($1::bigint[], $2::jsonb[]) as n(task, judged)
           where a.id = (select max(x.id) from answer x where x.task_id = n.task)""",
        tasks,
        [one.judged for one in effects],
    )
    await db.execute(
        """update task t set state = n.state, wanted = n.wanted, value = n.value, confidence = n.confidence, rule = n.rule,
             ruling = case n.state when 'open' then t.ruling else $7 end, skill_wanted = case n.state when 'open' then $8::real end,
             better_until = null, fields_asked = n.judged->'fields',
             decided_at = case n.state when 'open' then null else coalesce(t.decided_at, now()) end
           from unnest($1::bigint[], $2::text[], $3::smallint[], $4::text[], $5::real[], $6::text[], $9::jsonb[])
             as n(id, state, wanted, value, confidence, rule, judged)
           where t.id = n.id""",
        tasks,
        [one.state for one in effects],
        [one.wanted for one in effects],
        [one.value for one in effects],
        [one.confidence for one in effects],
        [one.rule for one in effects],
        ruling,
        min_skill,
        [one.judged for one in effects],
    )
