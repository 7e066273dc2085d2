"""The band of workers who are better than most at a batch's kind of task.

It is updated now and then, not while a worker waits. The judge may ask such a worker next
(`Decision.ASK_BETTER`). The task is then offered to no other worker while a question waits for its
worker. After that it is offered to all, so that it never starves.
"""

from gateway.steps.quality.answer_price import Better
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.quality import skills

BETTER_SHARE = 0.25  # the best quarter of the workers who worked lately
BETTER_MIN = 3  # A smaller group is not a band: a few workers would get all the tasks.
LEAD_MIN = 0.05  # the lead over the mean of all workers that is worth waiting for
SLACK = 0.02  # the loss of skill during a task's wait that keeps a worker in the band


async def look_for_better(rt: Runtime, batch: Batch) -> Better | None:
    """Write down the better band of a batch for its judge and return it.

    Return None where no band is free. A band is not free when more than its share (`BETTER_SHARE`)
    of the open tasks waits for it already.
    """
    row = await skills.band(rt.db, batch.id, BETTER_SHARE)
    found = None
    if (
        row is not None
        and row.workers >= BETTER_MIN
        and row.floor >= row.mean + LEAD_MIN
        and row.waiting <= BETTER_SHARE * row.open
    ):
        found = Better(row.floor - SLACK, row.by_sms)
    await skills.set_better(rt.db, batch.id, found)
    return found
