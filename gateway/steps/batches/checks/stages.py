"""The way of a batch from its last answer to its delivery: review, then audit."""

from gateway.steps.batches.checks.audit import begin_audit, end_audit
from gateway.steps.batches.checks.paid_review import begin_review, end_review
from gateway.steps.runtime import Runtime
from gateway.store.batches import plans
from gateway.store.batches.batches import Batch
from gateway.store.quality import audits


async def is_deliverable(rt: Runtime, batch: Batch) -> bool:
    """Take the next quality step of a batch whose answers are all in.

    Return True if no step is left, so that the batch can be closed. A batch without a plan always
    can.
    """
    planned = await plans.of_batch(rt.db, batch.id)
    if planned is None:
        return True
    if planned.stage == "work":
        if await begin_review(rt, batch, planned):
            return False
        async with rt.db.transaction() as db:
            await plans.set_stage(db, batch.id, planned, "audit")
    elif planned.stage == "review" and not await end_review(rt, batch, planned):
        return False
    planned = await plans.of_batch(rt.db, batch.id)
    assert planned is not None
    if planned.plan.audit is None or planned.stage != "audit":
        return planned.stage in ("audit", "delivered")
    begun = [one for one in await audits.of_batch(rt.db, batch.id) if one.round == planned.round]
    if not begun:
        return not await begin_audit(rt, batch, planned)
    return begun[0].ended_at is not None or await end_audit(rt, batch, planned, begun[0])
