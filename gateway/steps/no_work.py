"""Why there is no question now, for a worker who asks for work and there is none: a pause is not an empty day."""

from dataclasses import replace

from gateway.conversation.notices import day_text
from gateway.conversation.situation import NoWork
from gateway.ids import WorkerId
from gateway.runtime import Runtime
from gateway.steps.understand import Understood
from gateway.store import no_work
from gateway.store.db import Row


async def explained(rt: Runtime, row: Row, found: Understood) -> Understood:
    """`found` with the reason, where an active worker holds nothing and nothing comes next."""
    situation = found.situation
    idle = situation.held is None or situation.held.lapsed
    if row["state"] != "active" or situation.upcoming is not None or not idle:
        return found
    why = await no_work.why(rt.db, WorkerId(row["worker_id"]))
    if why["until"]:
        reason = NoWork("work.paused_you", day_text(why["until"]))
    elif why["share"]:
        reason = NoWork("work.share_done")
    elif why["held_up"]:
        reason = NoWork("work.paused")
    else:
        return found
    return replace(found, situation=situation.changed(no_work=reason))
