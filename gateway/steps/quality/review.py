"""The review of doubtful tasks: a person decides, and this decision stands."""

from gateway.base.errors import Refused
from gateway.steps.runtime import Runtime
from gateway.store.batches import reviews
from gateway.store.batches.batches import Batch


async def decide_reviewed_task(rt: Runtime, batch_id: str, task: str, value: str, by: str) -> None:
    """Record a person's decision on a task in review.

    Raises Refused when the task is not in review, or the value is invalid.
    """
    batch = await rt.batches.fresh(batch_id)
    truth = said_truth(rt, batch, value)
    if await reviews.store_review_decision(rt.db, batch_id, task, truth, by):
        return
    state = await reviews.state_of(rt.db, batch_id, task)
    if state is None:
        raise Refused(f"no task {task!r} in this batch", field="task", status=404)
    raise Refused(
        f"the task {task!r} is {state}; only a task in review can be decided",
        field="task",
        status=409,
    )


def said_truth(rt: Runtime, batch: Batch, value: str) -> str:
    """Return the value that a person declares true, in the form of results.

    Raises Refused where the batch has no such value.
    """
    try:
        return rt.kind_of(batch.kind).check_truth(value, batch.options, batch.fields)
    except Refused as bad:
        raise Refused(str(bad).replace("the truth", "value", 1), field="value") from None
