"""The correction of one task's result in the name of a person, whatever decided it before.

The person's value is known from then on: no estimate changes it, and the skills of all who answered
the task follow when the batch's skills are estimated again. No paid money is taken from a worker
whose answer is now wrong. Adjustments for answers that are now right are void.
"""

from dataclasses import dataclass

from gateway.steps.quality.comparison import compared_as
from gateway.steps.quality.corrections.correct_gold import diff_of
from gateway.steps.quality.review import said_truth
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import reviews
from gateway.store.batches.batches import Batch
from gateway.store.ledger import adjustments
from gateway.store.quality import gold


@dataclass(frozen=True, slots=True)
class Overturn:
    """A result that is wrong: `task` (the client's id) has the value `value`, with the reason."""

    batch: str
    task: str
    value: str
    by: str
    reason: str


async def overturn_result(rt: Runtime, said: Overturn) -> bool:
    """Change the result of a task, and return whether it was another one before.

    Saying it twice has the effect of saying it once. Raises Refused where the value is invalid.
    """
    batch = await rt.batches.fresh(said.batch)
    value = said_truth(rt, batch, said.value)
    changed = await until_settled(lambda: _overturn(rt, batch, said, value))
    if changed:
        rt.jobs.enqueue("relearn", batch.id)
    return changed


async def _overturn(rt: Runtime, batch: Batch, said: Overturn, value: str) -> bool:
    async with rt.db.transaction() as db:
        running = await gold.begin_correction(db, batch.id)
        result = await reviews.lock_result(db, batch.id, said.task)
        if result is None or (result.by_person and result.value == value):
            return False
        await reviews.overturn(db, result.task, value, said.by)
        diff = diff_of([], [], [], {"by": "workers", "argument": [], "after": 0})
        diff.pop("rejudge", None)
        diff["decisions"] = [
            {
                "task": said.task,
                "was": result.value or "",
                "becomes": value,
                "confidence": 1.0,
                "confidence_checked": False,
                "checked_with_gold": 0,
            }
        ]
        if result.state != "decided":
            diff["moved"] = [{"task": said.task, "was": result.state, "becomes": "decided"}]
        await gold.keep_correction(
            db, batch.id, result.task, result.value or "", value, said.by, said.reason, diff
        )
        same, language = rt.kind_of(batch.kind).ANSWERS.same, compared_as(rt.kind_of, batch)
        adjusted = await adjustments.answers_adjusted(db, result.task)
        right = [answer for answer, given in adjusted if same(given, value, language)]
        await adjustments.void_for(db, right, said.by)
        await gold.lock_batch(db, batch.id, running=running)
        return True
