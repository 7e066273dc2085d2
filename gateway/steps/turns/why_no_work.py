"""The reason why a worker who asks for work receives none: a pause is not a lack of work."""

from gateway.conversation.notices import day_text
from gateway.conversation.situation import NoWorkReason, Situation
from gateway.steps.turns.inbound import Inbound
from gateway.store.turns import why_no_work


async def explain_no_work(inbound: Inbound, situation: Situation) -> Situation:
    """Add the reason, where an active worker has no question and none comes."""
    idle = situation.held is None or situation.held.lapsed
    if inbound.row.state != "active" or situation.upcoming is not None or not idle:
        return situation
    why = await why_no_work.no_work_reasons(inbound.rt.db, inbound.row.worker)
    if why.closing:
        reason = NoWorkReason("closing.no_work")
    elif why.lesson:
        reason = NoWorkReason("work.lesson")
    elif why.until:
        reason = NoWorkReason("work.paused_you", day_text(why.until))
    elif why.share:
        reason = NoWorkReason("work.share_done")
    elif why.yields:
        reason = NoWorkReason("work.others_first")
    elif why.held_up:
        reason = NoWorkReason("work.paused")
    else:
        return situation
    return situation.changed(no_work=reason)
