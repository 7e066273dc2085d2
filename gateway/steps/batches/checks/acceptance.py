"""The client's acceptance of a delivered batch, or its refusal with reasons.

A refusal never takes money from workers. Refused tasks go to review, where a person decides them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.base.errors import Refused
from gateway.steps.repeated import first_try, keep_result
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import tallies
from gateway.store.db import Connection
from gateway.store.quality import acceptances, findings
from gateway.store.quality.acceptances import DeliveredBatch
from gateway.store.quality.findings import FindingRecord


class AcceptanceState(StrEnum):
    """The client's word on a batch."""

    NOT_DELIVERED = "not_delivered"
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The state of a batch between its delivery and the client's word."""

    state: AcceptanceState
    """The state now."""
    delivered_at: datetime | None
    """The time of the delivery."""
    accept_by: datetime | None
    """The time until which the client may refuse it. Then it counts as accepted."""
    by: str | None
    """The person who accepted or refused it; None if the time ran out."""
    reason: str
    """The reason of a refusal."""
    tasks: tuple[str, ...]
    """The refused tasks."""


async def acceptance_of(rt: Runtime, batch: str) -> Acceptance:
    """Return the acceptance of a batch. Raises Refused where there is no such batch."""
    found = await acceptances.of_batch(rt.db, batch)
    if found is None:
        raise Refused(f"no batch {batch!r}", status=404)
    return _acceptance(found, rt.clock.now())


def _acceptance(found: DeliveredBatch, now: datetime) -> Acceptance:
    if found.delivered_at is None:
        return Acceptance(AcceptanceState.NOT_DELIVERED, None, None, None, "", ())
    accept_by = found.delivered_at + timedelta(hours=found.accept_h)
    if found.said is not None:
        state = AcceptanceState(found.said)
    else:
        state = AcceptanceState.ACCEPTED if now >= accept_by else AcceptanceState.DELIVERED
    return Acceptance(state, found.delivered_at, accept_by, found.by, found.reason, found.tasks)


async def accept(rt: Runtime, batch: str, by: str) -> None:
    """Accept a delivered batch. Accepting again changes nothing.

    Raises Refused while the batch is not delivered.
    """

    async def accepted() -> None:
        async with rt.db.transaction() as db:
            now = rt.clock.now()
            known = await _delivered(db, batch, now)
            if known.state is AcceptanceState.ACCEPTED and known.by is not None:
                return
            await acceptances.store(db, batch, AcceptanceState.ACCEPTED, by, now)

    await until_settled(accepted)


async def refuse(rt: Runtime, batch: str, tasks: Sequence[str], reason: str, by: str) -> int:
    """Refuse tasks of a delivered batch, and return their number.

    Raises Refused when the batch was accepted, or when a task has no result.
    """
    # A person may have decided the tasks in the meantime, and they do not go back into review.
    if (first := first_try()) is not None:
        return first.result

    async def refused() -> int:
        async with rt.db.transaction() as db:
            now = rt.clock.now()
            found = await _delivered(db, batch, now)
            if found.state is AcceptanceState.ACCEPTED:
                why = "you accepted it" if found.by else f"its time ended at {found.accept_by}"
                raise Refused(f"the batch counts as accepted: {why}", status=409)
            unknown = await acceptances.unknown_tasks(db, batch, tasks)
            if unknown:
                raise Refused(f"no result of a task {unknown[0]!r} in this batch", field="tasks")
            named = sorted({*tasks, *found.tasks})
            await acceptances.store(
                db, batch, AcceptanceState.REFUSED, by, now, reason=reason, tasks=named
            )
            number = await acceptances.doubt(db, batch, list(tasks))
            await tallies.count_anew(db, batch)
            evidence: dict[str, object] = {
                "sentence": f"the client refused {len(named)} results: {reason}",
                "tasks": named[:20],
                "by": by,
            }
            subject = f"batch:{batch}"
            await findings.record(
                db, FindingRecord("refused_delivery", subject, evidence, batch=batch)
            )
            await keep_result(db, number)
            return number

    return await until_settled(refused)


async def _delivered(db: Connection, batch: str, now: datetime) -> Acceptance:
    await acceptances.lock(db, batch)
    found = await acceptances.of_batch(db, batch)
    assert found is not None
    known = _acceptance(found, now)
    if known.state is AcceptanceState.NOT_DELIVERED:
        raise Refused(f"the batch is {found.state}: it is not delivered yet", status=409)
    return known
