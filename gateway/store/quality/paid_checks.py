"""The paid questions of a review or an audit: tasks of a batch that other workers answer again.

They are a batch of their own, which clients do not see, with the names of the tasks. So workers
are asked, paid and judged as for any other question. The workers who answered a task before have
skipped it in this batch from the beginning, and never see it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.qa.skills.skill import Skill
from gateway.store.db import Connection, Database


@dataclass(frozen=True, slots=True)
class CheckAnswers:
    """The answers of the workers who answered one task again."""

    task: str
    """The client's id of the task."""
    values: tuple[str, ...]
    """The answers in the order in which they came."""
    skills: tuple[Skill, ...]
    """The skills of their workers now."""


async def link(db: Connection, batch: str, parent: str, purpose: str, nth: int) -> None:
    """Record that a batch is the review or the audit of another one."""
    await db.execute(
        "insert into check_batch (batch_id, parent_id, purpose, round) values ($1, $2, $3, $4)",
        batch,
        parent,
        purpose,
        nth,
    )


async def copy_tasks(
    db: Connection, batch: str, parent: str, tasks: Sequence[str], answers: int, min_skill: float
) -> None:
    """Copy tasks of `parent` into `batch`, in this order, for workers of at least `min_skill`.

    The workers who answered them, or an earlier review of them, are never asked.
    """
    await db.execute(
        """insert into task (batch_id, name, position, text, audience, maximum, wanted, skill_wanted)
           select $1, t.name, n.place, t.text, t.audience, $4, $4, $5
             from unnest($3::text[]) with ordinality as n(name, place)
             join task t on t.batch_id = $2 and t.name = n.name and t.gold is null""",
        batch,
        parent,
        list(tasks),
        answers,
        min_skill,
    )
    await db.execute(
        """insert into assignment (task_id, worker_id, state, via, lease_until)
           select distinct n.id, a.worker_id, 'skipped', 'sms', now() from task n
             join task t on t.name = n.name and t.gold is null and (t.batch_id = $2
               or t.batch_id in (select c.batch_id from check_batch c where c.parent_id = $2 and c.batch_id <> $1))
             join answer a on a.task_id = t.id
             where n.batch_id = $1 and n.gold is null""",
        batch,
        parent,
    )


async def copy_gold(db: Connection, batch: str, parent: str, answers: int, seed: str) -> int:
    """Copy gold of the client into `batch` for at most `answers` answers; return those answers.

    The seed decides which gold is taken. A worker is never asked gold that she has seen.
    """
    return await db.value(
        """with taken as (select t.* from task t where t.batch_id = $2 and t.gold is not null and t.promoted_from is null
               order by md5($4 || ':' || t.name) limit $3),
             number as (select greatest(count(*), 1) as n from taken),
             made as (insert into task (batch_id, name, position, text, gold, maximum, wanted)
               select $1, t.name, 1000000 + row_number() over (order by t.id), t.text, t.gold, $3 / n.n, $3 / n.n
               from taken t, number n returning maximum)
           select coalesce(sum(maximum), 0)::int from made""",
        batch,
        parent,
        answers,
        seed,
    )


async def answers_of(db: Connection | Database, batch: str) -> list[CheckAnswers]:
    """Return the answers to the questions of a review or audit, without its gold."""
    rows = await db.rows(
        """select t.name, array_agg(a.value order by a.id) as values,
             array_agg(coalesce(s."right" * kept(s.learned_at), 0) order by a.id) as rights,
             array_agg(coalesce(s.wrong * kept(s.learned_at), 0) order by a.id) as wrongs
           from batch b join task t on t.batch_id = b.id and t.gold is null
             join answer a on a.task_id = t.id and not a.void
             left join skill s on s.worker_id = a.worker_id and s.kind = b.kind
           where b.id = $1 group by t.id, t.name order by t.id""",
        batch,
    )
    return [
        CheckAnswers(
            row["name"],
            tuple(row["values"]),
            tuple(Skill(r, w) for r, w in zip(row["rights"], row["wrongs"], strict=True)),
        )
        for row in rows
    ]
