"""The last seven days of a worker, for WEEK and for the screen of the menu."""

from datetime import timedelta

from gateway.conversation.explained import WeekView
from gateway.conversation.situation import WorkerView
from gateway.steps.people.appeals.views import lately_wrong
from gateway.steps.runtime import Runtime
from gateway.store.messages import weekly

DAYS = 7
_WRONG_MAX = 3


async def week_view(rt: Runtime, worker: WorkerView) -> WeekView:
    """Return the worker's figures of the last seven days, with answers that were found wrong."""
    now = rt.clock.now()
    found = await weekly.figures(rt.db, worker.id, now - timedelta(days=DAYS), now)
    wrong = await lately_wrong(rt, worker.id, worker.language, days=DAYS, most=_WRONG_MAX)
    return WeekView(
        answers=found.answers,
        right=found.right,
        checked=found.checked,
        earned_minor=found.earned_minor,
        paid_minor=found.paid_minor,
        balance_minor=found.balance_minor,
        currency=worker.currency,
        off=found.off,
        wrong=tuple(wrong),
    )
