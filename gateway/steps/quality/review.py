"""The review of doubtful tasks: a person decides, and this decision stands."""

from gateway.base.errors import Refused
from gateway.qa.keying.records import fields_of
from gateway.steps.repeated import first_try, keep_result
from gateway.steps.runtime import Runtime
from gateway.store.batches import reviews
from gateway.store.batches.batches import Batch
from gateway.tasks.entry.values import record_value


async def decide_reviewed_task(rt: Runtime, batch_id: str, task: str, value: str, by: str) -> None:
    """Record a person's decision on a task in review.

    A repeated request changes nothing. Raises Refused when the task is not in review, or the value
    is invalid.
    """
    if first_try() is not None:
        return
    batch = await rt.batches.fresh(batch_id)
    truth = said_truth(rt, batch, value)
    if batch.fields:
        truth = await _whole_record(rt, batch, task, truth)
    async with rt.db.transaction() as db:
        if await reviews.store_review_decision(db, batch_id, task, truth, by):
            await keep_result(db)
            return
        state = await reviews.state_of(db, batch_id, task)
    if state is None:
        raise Refused(f"no task {task!r} in this batch", field="task", status=404)
    raise Refused(
        f"the task {task!r} is {state}; only a task in review can be decided",
        field="task",
        status=409,
    )


async def _whole_record(rt: Runtime, batch: Batch, task: str, decided: str) -> str:
    """Return a record with the fields that a person decided, and the others as they are.

    Raises Refused where a field has no value yet.
    """
    found = await reviews.value_of(rt.db, batch.id, task)
    values = {**(fields_of(found) if found else {}), **fields_of(decided)}
    if missing := [one.name for one in batch.fields if one.name not in values]:
        raise Refused(f"value: the field {missing[0]!r} has no value yet", field="value")
    return record_value(values, batch.fields)


def said_truth(rt: Runtime, batch: Batch, value: str) -> str:
    """Return the value that a person declares true, in the form of results.

    Raises Refused where the batch has no such value.
    """
    try:
        return rt.kind_of(batch.kind).check_truth(value, batch.options, batch.fields)
    except Refused as bad:
        raise Refused(str(bad).replace("the truth", "value", 1), field="value") from None
