"""Tasks that stayed in doubt wait for a person: she decides, and her word stands."""

from gateway.errors import Refused
from gateway.runtime import Runtime
from gateway.store import reviews


async def decide(rt: Runtime, batch_id: str, task: str, value: str, by: str) -> None:
    """A person's decision of a task in review. Raises Refused when it is not in review, or the value is none."""
    batch = await rt.batches.fresh(batch_id)
    truth = rt.kind_of(batch.kind).check_truth(value, batch.options)
    if not await reviews.decide(rt.db, batch_id, task, truth, by):
        raise Refused(f"{task!r} is no task in review of this batch", field="task", status=409)
