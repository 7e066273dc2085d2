"""Who is better than most at a batch's kind of task: looked for now and then, not while a worker waits.

The judge may ask such a worker next (`Decision.ASK_BETTER`): then the task is offered to nobody else for as long as a
question waits for its worker, and to anyone after that, so that it starves by no means.
"""

from gateway.runtime import Runtime
from gateway.steps.offer import Better
from gateway.store import skills
from gateway.store.batches import Batch

BETTER_SHARE = 0.25  # the best quarter of those who worked lately
BETTER_MIN = 3  # fewer are persons, not a band: they would get everything
LEAD_MIN = 0.05  # how much better than the crowd's mean, to be worth waiting for
SLACK = 0.02  # what a skill may fade while a task waits, and still be of the band


async def look_for_better(rt: Runtime, batch: Batch) -> Better | None:
    """The better band of a batch, written down for its judge; None where there is none that is free.

    It is not free while as great a part of the open tasks waits for it as it is of the workers.
    """
    row = await skills.band(rt.db, batch.id, BETTER_SHARE)
    found = None
    if (
        row is not None
        and row["workers"] >= BETTER_MIN
        and row["floor"] >= row["mean"] + LEAD_MIN
        and row["waiting"] <= BETTER_SHARE * row["open"]
    ):
        found = Better(row["floor"] - SLACK, row["by_sms"])
    await skills.set_better(rt.db, batch.id, found)
    return found
