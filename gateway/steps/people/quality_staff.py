"""The quality staff of partners: who belongs to it, by whose word and for which reason."""

from gateway.base.errors import Refused
from gateway.steps.people import find_worker
from gateway.steps.runtime import Runtime
from gateway.store.quality import staff


async def add_staff(rt: Runtime, said: str, by: str, reason: str) -> str:
    """Add a worker to the quality staff of her partner, and return the partner's code.

    Raises Refused for an unknown worker, and for one without a partner.
    """
    worker = await _one(rt, said)
    async with rt.db.transaction() as db:
        partner = await staff.add(db, worker, by, reason)
    if partner is None:
        raise Refused(
            f"worker {worker} has no partner, or belongs to its quality staff already",
            field="worker",
            status=409,
        )
    return partner


async def remove_staff(rt: Runtime, said: str, by: str, reason: str) -> None:
    """Remove a worker from the quality staff. Raises Refused when she does not belong to it."""
    worker = await _one(rt, said)
    async with rt.db.transaction() as db:
        if not await staff.remove(db, worker, by, reason):
            raise Refused(
                f"there is no worker {worker} in any quality staff", field="worker", status=404
            )


async def _one(rt: Runtime, said: str) -> int:
    found = await find_worker.find(rt, said)
    if len(found) != 1:
        raise Refused(
            f"{len(found)} workers fit {said!r}: give the number or the id of one", field="worker"
        )
    return found[0].id
