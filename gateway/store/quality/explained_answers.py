"""The facts that a worker may know about an answer of hers, and about an appeal against it."""

from dataclasses import dataclass
from datetime import datetime

from gateway.base.ids import WorkerId
from gateway.store.db import Database

_LOOKED_AT = 500
"""The number of a worker's newest answers among which a wrong one is searched."""


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """An answer with the state of its task, and with her case about it."""

    answer: int
    """The answer's id."""
    batch: str
    """The id of the batch."""
    kind: str
    """The kind of task."""
    text: str
    """The question."""
    said: str
    """The words that she typed."""
    value: str
    """The option or the text that they mean."""
    gold_right: bool | None
    """True or false for gold, and None for a real question."""
    truth: str | None
    """The truth of gold, else the decided value; None while there is none."""
    decided: bool
    """True when the task is decided, or is gold."""
    by_person: bool
    """True when a person decided the task."""
    created_at: datetime
    """The time of the answer."""
    void: bool
    """True when the answer no longer decides anything."""
    case_ref: str | None
    """The reference of the adjustment for it, and None for none."""
    case_state: str | None
    """The state of the adjustment."""
    case_minor: int
    """The amount of the adjustment, in minor units."""
    appeal_ref: str | None
    """The reference under which she appealed, and None where she did not."""
    appeal_state: str | None
    """The state of her appeal."""
    appeal_due_at: datetime | None
    """The deadline of her appeal."""
    appeal_handler: int | None
    """The coordinator who looks at it."""


_FACTS = """select a.id as answer, t.batch_id as batch, b.kind, t.text, a.said, a.value, a."right" as gold_right,
    coalesce(t.gold, t.value) as truth, t.gold is not null or t.state = 'decided' as decided,
    coalesce(t.rule in ('person', 'audit'), false) as by_person, a.created_at, a.void,
    j.ref as case_ref, j.state as case_state, coalesce(j.amount, 0)::bigint as case_minor,
    p.ref as appeal_ref, p.state as appeal_state, p.due_at as appeal_due_at, p.handler_id as appeal_handler
  from answer a join task t on t.id = a.task_id join batch b on b.id = t.batch_id
    left join adjustment j on j.answer_id = a.id left join appeal p on p.answer_id = a.id"""


async def answer_facts(db: Database, worker: WorkerId, answer: int) -> AnswerFacts | None:
    """Return the facts about an answer of this worker, or None for any other answer."""
    row = await db.row(f"{_FACTS} where a.id = $1 and a.worker_id = $2", answer, worker)
    return AnswerFacts(**row) if row else None


async def case_facts(db: Database, worker: WorkerId, ref: str) -> AnswerFacts | None:
    """Return the facts about the answer of a worker's adjustment, or None for another reference."""
    row = await db.row(f"{_FACTS} where j.ref = $2 and j.worker_id = $1", worker, ref)
    return AnswerFacts(**row) if row else None


async def doubtful_facts(
    db: Database, worker: WorkerId, since: datetime, limit: int
) -> list[AnswerFacts]:
    """Return a worker's newest answers since then that differ from what counts as right.

    A typed answer may still mean the same. Answers with an adjustment are among them. Only her
    newest answers are looked at.
    """
    rows = await db.rows(
        f"""{_FACTS} where a.id in (select x.id from answer x where x.worker_id = $1 and x.created_at >= $2
              order by x.created_at desc limit {_LOOKED_AT})
            and not a.void and (a."right" is false or t.gold is null and t.state = 'decided' and t.value <> a.value
              or j.state in ('open', 'disputed', 'standing', 'done'))
          order by a.created_at desc limit $3""",
        worker,
        since,
        limit,
    )
    return [AnswerFacts(**row) for row in rows]


async def open_cases(db: Database, worker: WorkerId, since: datetime) -> list[str]:
    """Return the references of a worker's adjustments that she may appeal or has appealed."""
    rows = await db.rows(
        """select j.ref from adjustment j left join appeal p on p.answer_id = j.answer_id
           where j.worker_id = $1 and (j.state in ('open', 'disputed')
             or j.state = 'standing' and p.id is null and j.created_at >= $2) order by j.id limit 20""",
        worker,
        since,
    )
    return [row["ref"] for row in rows]
