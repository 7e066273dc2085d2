"""The job that keeps work evenly distributed: recent earnings are counted, and who is ahead yields.

The search for idle workers (`gateway.store.turns.idle_workers`) asks those first who earned less
recently. But a worker who answers gets her next question in the reply, and one who dials takes it
herself. So while there is less work than idle workers, those who earned more yield for some
minutes. After that the work that is left is open to all.
"""

from datetime import timedelta

from gateway.steps.messages import contact_hours
from gateway.steps.runtime import Runtime
from gateway.store.turns import evenness

_ANSWERS_AT_ONCE, _PARTS_MAX = 20_000, 50
_EVERY = timedelta(minutes=1)
_YIELDS_FOR, _NOT_AGAIN_FOR = timedelta(minutes=5), timedelta(minutes=30)


async def even_work(rt: Runtime) -> int:
    """Count the newest earnings, and return how many workers begin to yield now."""
    now = rt.clock.now()
    for _ in range(_PARTS_MAX):
        counted = await evenness.count_recent_pay(rt.db, now, _ANSWERS_AT_ONCE, now + _EVERY)
        if counted < _ANSWERS_AT_ONCE:
            break
    rules = contact_hours.contact_rules(rt)
    return await evenness.yield_to_others(rt.db, now, now + _YIELDS_FOR, _NOT_AGAIN_FOR, rules)
