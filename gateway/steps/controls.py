"""Before a payout is sent: may it go now? What may not waits, queued and held for its worker, who is told once."""

from datetime import timedelta

from gateway.errors import Refused
from gateway.money import amount_text, minor_per_major
from gateway.payments.controls import crowding, limits
from gateway.payments.controls.crowding import Crowd
from gateway.payments.controls.limits import DayLimit
from gateway.payments.controls.port import Wait
from gateway.runtime import Runtime
from gateway.settings import Controls
from gateway.steps.messages import message
from gateway.store import holds, turns
from gateway.store.db import Connection, statement
from gateway.store.payouts import Stored

_TOLD = {limits.NAME: "pay.waits_limit", crowding.NAME: "pay.waits_crowding"}


async def may_go(rt: Runtime, stored: Stored) -> bool:
    """True when nothing holds the payout; it counts as gone today from then on. Else it comes due again by itself."""
    payout, now = stored.payout.id, rt.clock.now()
    async with rt.db.transaction() as db:
        found = await holds.read(db, payout, now)
        if found is None:
            return True  # it has moved on: whoever claims it next finds out
        case, held, passed = found
        if passed:
            return True
        rules = rt.settings.controls
        waits = (
            crowding.check(case, Crowd(rules.first_payouts_per_day, timedelta(hours=rules.hold_h))),
            limits.check(case, day_limits(rules), now),
        )
        wait = next((w for w in waits if w and not held.get(w.control)), None)
        if wait is None:
            await holds.let_go(db, payout, now)
            return True
        await holds.hold(db, payout, wait)
        await _tell(rt, db, stored, wait)
    rt.bells.ring("deliver", stored.sms_channel)
    return False


async def release(rt: Runtime, ref: str, who: str) -> int:
    """Somebody looked at a payout that waits, and lets it go. Raises Refused where nothing holds it."""
    async with rt.db.transaction() as db:
        released = await holds.release(db, ref, who, rt.clock.now())
    if not released:
        raise Refused(f"nothing holds {ref}")
    rt.bells.ring("disburse")
    return released


def day_limits(rules: Controls) -> list[DayLimit]:
    return [
        DayLimit(one.per, one.currency, one.a_day * minor_per_major(one.currency))
        for one in rules.limits
    ]


def most_at_once(rules: Controls, currency: str, maximum_minor: int) -> int:
    """What one payout may come to at most: never more than its worker may have in a day, or it would wait for ever."""
    own = [x.most_minor for x in day_limits(rules) if (x.scope, x.currency) == ("worker", currency)]
    return min([maximum_minor, *own])


async def _tell(rt: Runtime, db: Connection, stored: Stored, wait: Wait) -> None:
    after = stored.payout
    text = rt.books[stored.language].say(
        _TOLD[wait.control],
        ref=stored.ref,
        amount=amount_text(after.amount_minor, after.currency),
        day=f"{wait.until:%d/%m}",
    )
    told = message(
        rt,
        stored.sms_channel,
        after.worker,
        after.msisdn,
        text,
        "money",
        cause=f"payout:{after.id}:waits:{wait.control}",
    )
    query, arguments = statement([turns.put_message(told)])
    await db.execute(query, *arguments)
