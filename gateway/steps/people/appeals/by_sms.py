"""The decision of a coordinator about an appeal, as a part of her SMS."""

from gateway.conversation.explained import AppealToDecide
from gateway.conversation.facts import AppealDecided
from gateway.steps.runtime import Runtime
from gateway.store.db import Write
from gateway.store.people import appeals


async def appeal_to_decide(rt: Runtime, coordinator: int, ref: str) -> AppealToDecide | None:
    """Return the appeal that a coordinator names, or None where none such waits for her.

    The deadline ends her part: from then on another person looks.
    """
    found = await appeals.by_ref(rt.db, ref)
    if found is None or found.state != "waiting" or found.handler != coordinator:
        return None
    if rt.clock.now() >= found.due_at:
        return None
    had_part = await appeals.had_part(rt.db, coordinator, found)
    return AppealToDecide(found.id, found.ref, "had_part" if had_part else "may")


def decision_write(rt: Runtime, fact: AppealDecided) -> Write:
    """Return the write of a decision. The job `appeals` carries it through."""
    return appeals.decide_by_coordinator(
        fact.appeal,
        fact.coordinator,
        worker_right=fact.worker_right,
        reason=fact.reason,
        now=rt.clock.now(),
    )
