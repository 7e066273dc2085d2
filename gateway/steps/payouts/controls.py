"""The controls before a payout is sent.

A payout that may not go now stays queued and held, and its worker is told once.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from gateway.base.errors import Refused
from gateway.base.money import amount_text, minor_per_major
from gateway.conversation.money.hold_reasons import TOLD
from gateway.payments.controls import (
    approval,
    crowding,
    floating,
    limits,
    moved,
    naming,
    objected,
    quiet,
)
from gateway.payments.controls.approval import Thresholds
from gateway.payments.controls.crowding import FirstPayoutBurst
from gateway.payments.controls.limits import DayLimit
from gateway.payments.controls.port import Wait
from gateway.payments.controls.quiet import Guard
from gateway.payments.payouts import decide
from gateway.payments.port import TellsName
from gateway.payments.states import PayoutEvent
from gateway.settings import Controls
from gateway.steps.messages.compose import in_place_of, message, promise_of
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection, statement
from gateway.store.messages import outbox
from gateway.store.payouts import holds, payouts
from gateway.store.payouts.payouts import Stored
from gateway.store.turns import turns


async def may_go(rt: Runtime, stored: Stored) -> bool:
    """Return True when nothing holds the payout, which then counts as sent today.

    Otherwise the payout is due again later.
    """
    payout, now = stored.payout.id, rt.clock.now()
    named = await _name(rt, stored)
    async with rt.db.transaction() as db:
        found = await holds.read(db, payout, now)
        if found is None:
            # The payout has changed its state; the next process that claims it sees that.
            return True
        case, held, passed = found
        if passed:
            return True
        rules = rt.settings.controls
        waits = (
            objected.check(case, now),
            moved.check(case),
            named,
            approval.check(case, thresholds(rules)),
            crowding.check(
                case, FirstPayoutBurst(rules.first_payouts_per_day, timedelta(hours=rules.hold_h))
            ),
            quiet.check(
                case, Guard(timedelta(days=rules.quiet_days), timedelta(hours=rules.hold_h))
            ),
            limits.check(case, day_limits(rules), now),
            floating.check(case, now),
        )
        wait = next((w for w in waits if w and not held.get(w.control)), None)
        if wait is None:
            await holds.let_go(db, payout, now)
            return True
        if wait.control == approval.NAME:
            await _waits_for_approval(db, stored, now)
        else:
            await holds.hold(db, payout, wait)
        if not await holds.held_before(db, payout, wait.control):
            await _tell(rt, db, stored, wait)
    rt.bells.ring("deliver", stored.sms_channel)
    return False


async def _name(rt: Runtime, stored: Stored) -> Wait | None:
    """Return the hold that follows from the provider's name for a new number, if any.

    The provider is asked before anything is locked.
    """
    rules, provider = rt.settings.controls, rt.providers[stored.payout.provider]
    if not rules.check_names or not isinstance(provider, TellsName):
        return None
    if not await holds.wants_name(rt.db, stored.payout.id):
        return None
    told = await provider.name_of(rt.http, stored.payout.msisdn)
    return naming.check(stored.name, told, rt.clock.now(), timedelta(hours=rules.hold_h))


async def release(rt: Runtime, ref: str, who: str) -> int:
    """Release a payout that waits, in the name of the operator `who`.

    Return the number of holds that ended. Raises Refused where nothing holds it.
    """
    async with rt.db.transaction() as db:
        released = await holds.release(db, ref, who, rt.clock.now())
        held = [] if released else await holds.held_by(db, ref)
    if set(held) & set(holds.NOT_ONE_PERSONS):
        raise Refused(
            f"{ref} waits because its worker changed her number: it goes when the hold is over, or when two operators "
            "have decided about an objection (gateway moves list)"
        )
    if not released:
        raise Refused(f"nothing holds {ref}")
    rt.bells.ring("disburse")
    return released


async def _waits_for_approval(db: Connection, stored: Stored, now: datetime) -> None:
    decision = decide(stored.payout, PayoutEvent.WAIT, now)
    query, arguments = statement(
        [
            payouts.moved(
                stored, decision.payout, str(PayoutEvent.WAIT), [], "waits for a second operator"
            )
        ]
    )
    await db.execute(query, *arguments)


def thresholds(rules: Controls) -> Thresholds:
    """Return the amounts above which payouts need approval, in minor units."""

    def minor(major: Mapping[str, int]) -> dict[str, int]:
        return {money: amount * minor_per_major(money) for money, amount in major.items()}

    return Thresholds(minor(rules.approve_above), minor(rules.approve_run_above))


def day_limits(rules: Controls) -> list[DayLimit]:
    """Return the daily limits of the settings in minor units."""
    return [
        DayLimit(one.per, one.currency, one.a_day * minor_per_major(one.currency))
        for one in rules.limits
    ]


def most_at_once(rules: Controls, currency: str, maximum_minor: int) -> int:
    """Return the largest amount of one payout.

    It is never more than its worker may have per day, or the payout would wait for ever.
    """
    own = [x.most_minor for x in day_limits(rules) if (x.scope, x.currency) == ("worker", currency)]
    return min([maximum_minor, *own])


async def _tell(rt: Runtime, db: Connection, stored: Stored, wait: Wait) -> None:
    after = stored.payout
    text = rt.books[stored.language].say(
        TOLD[wait.control],
        ref=stored.ref,
        amount=amount_text(after.amount_minor, after.currency),
        day=f"{wait.until:%d/%m}",
    )
    promise = promise_of(stored.ref)
    told = message(
        rt,
        stored.sms_channel,
        after.worker,
        after.msisdn,
        in_place_of(await outbox.waits_here(db, promise), text),
        "money",
        cause=f"payout:{after.id}:waits:{wait.control}",
    )
    # The message "We send it now" must not come after this one.
    taken_back = turns.take_back(promise, "the payout waits, and the worker is told why")
    query, arguments = statement([taken_back, turns.put_message(told)])
    await db.execute(query, *arguments)
