"""The controls before a payout is sent.

A payout that may not go now stays queued and held, and its worker is told once.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from gateway.base.errors import Refused
from gateway.base.money import amount_text
from gateway.payments import holding
from gateway.payments.control import Wait
from gateway.payments.holding import Control
from gateway.payments.payouts import decide_payout
from gateway.payments.port import TellsName
from gateway.payments.states import PayoutEvent
from gateway.steps.messages.compose import in_place_of, promise_of
from gateway.steps.messages.notify import Addressee, notice_write
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection
from gateway.store.messages import outbox
from gateway.store.payouts import holds, payouts
from gateway.store.payouts.payouts import Stored
from gateway.store.turns import turns


async def may_go(rt: Runtime, stored: Stored) -> bool:
    """Return True when nothing holds the payout, which then counts as sent today.

    Otherwise the payout is due again later.
    """
    payout, now = stored.payout.id, rt.clock.now()
    registered = await _registered_name(rt, stored)
    async with rt.db.transaction() as db:
        found = await holds.read_case(db, payout, now)
        if found is None:
            # The payout has changed its state; the next process that claims it sees that.
            return True
        case, held, passed = found
        if passed:
            return True
        case = replace(case, enrolled_name=stored.name, registered_name=registered)
        waits = holding.first_wait(case, rt.settings.controls, held, now)
        if waits is None:
            await holds.let_go(db, payout, now)
            return True
        control, wait = waits
        if wait.needs_list:
            await _waits_for_approval(db, stored, now)
        else:
            await holds.hold_payout(db, payout, control.name, wait)
        if not await holds.held_before(db, payout, control.name):
            await _tell(rt, db, stored, control, wait)
    rt.jobs.enqueue("deliver", stored.sms_channel)
    return False


async def _registered_name(rt: Runtime, stored: Stored) -> str | None:
    """Return the provider's name for the number, where a control needs it.

    The provider is asked before anything is locked.
    """
    provider = rt.providers[stored.payout.provider]
    if not isinstance(provider, TellsName) or not holding.asks_name(rt.settings.controls):
        return None
    if not await holds.wants_name(rt.db, stored.payout.id):
        return None
    return await provider.name_of(rt.http, stored.payout.msisdn)


@dataclass(frozen=True, slots=True)
class ReleasedHolds:
    """The holds of a payout that an operator ended, and the reason why it may still wait."""

    ended: int
    """The number of holds that ended."""
    still: str
    """The reason why one operator cannot end the other holds, or "" where none is left."""


async def release(rt: Runtime, ref: str, who: str) -> ReleasedHolds:
    """Release a payout that waits, in the name of the operator `who`.

    Return the number of holds that ended. Raises Refused where nothing holds it.
    """
    async with rt.db.transaction() as db:
        released = await holds.release_holds(
            db, ref, who, rt.clock.now(), but=holding.not_one_operators()
        )
        still = holding.release_refused(await holds.held_by(db, ref))
    if not released:
        raise Refused(f"{ref} waits because {still}" if still else f"nothing holds {ref}")
    rt.jobs.enqueue("disburse")
    return ReleasedHolds(released, still)


async def _waits_for_approval(db: Connection, stored: Stored, now: datetime) -> None:
    decision = decide_payout(stored.payout, PayoutEvent.WAIT, now)
    await db.write(
        [
            payouts.moved(
                stored, decision.payout, str(PayoutEvent.WAIT), [], "waits for a second operator"
            )
        ]
    )


async def _tell(rt: Runtime, db: Connection, stored: Stored, control: Control, wait: Wait) -> None:
    after = stored.payout
    text = rt.books[stored.language].say(
        control.phrase,
        ref=stored.ref,
        amount=amount_text(after.amount_minor, after.currency),
        day=f"{wait.until:%d/%m}",
    )
    promise = promise_of(stored.ref)
    told = notice_write(
        rt,
        Addressee(stored.sms_channel, after.msisdn, after.worker),
        in_place_of(await outbox.waiting_text(db, promise), text),
        "money",
        f"payout:{after.id}:waits:{control.name}",
    )
    # The message "We send it now" must not come after this one.
    taken_back = turns.take_back(promise, "the payout waits, and the worker is told why")
    await db.write([taken_back, told])
