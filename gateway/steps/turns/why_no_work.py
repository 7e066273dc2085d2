"""The reason why a worker who asks for work receives none: a pause is not a lack of work."""

from dataclasses import replace

from gateway.conversation.notices import day_text
from gateway.conversation.situation import NoWorkReason
from gateway.steps.runtime import Runtime
from gateway.steps.turns.understand import Understood
from gateway.store.turns import why_no_work
from gateway.store.turns.situation import TurnRow


async def explain_no_work(rt: Runtime, row: TurnRow, found: Understood) -> Understood:
    """Return `found` with the reason, where an active worker has no question and none comes."""
    situation = found.situation
    idle = situation.held is None or situation.held.lapsed
    if row.state != "active" or situation.upcoming is not None or not idle:
        return found
    why = await why_no_work.no_work_reasons(rt.db, row.worker)
    if why["until"]:
        reason = NoWorkReason("work.paused_you", day_text(why["until"]))
    elif why["share"]:
        reason = NoWorkReason("work.share_done")
    elif why["held_up"]:
        reason = NoWorkReason("work.paused")
    else:
        return found
    return replace(found, situation=situation.changed(no_work=reason))
