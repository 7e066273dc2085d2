"""The release of a number whose SIM belongs to another person now.

The number is taken from the worker. She keeps everything else and returns with another number.
"""

from datetime import timedelta

from gateway.base.ids import WorkerId
from gateway.base.msisdn import NO_NUMBER, mask
from gateway.conversation.context import short_name
from gateway.conversation.facts import NumberDoubted, NumberReleased
from gateway.gsm.septets import gsm_only
from gateway.payments.controls import quiet
from gateway.payments.holding import rules_of
from gateway.payments.states import PayoutEvent, PayoutState
from gateway.steps.messages import notify_outside
from gateway.steps.messages.notify import addressee, notice_write
from gateway.steps.payouts.disburse import decide_now, written
from gateway.steps.runtime import Runtime
from gateway.store.db import Write
from gateway.store.payouts import payouts
from gateway.store.people import number_moves, workers
from gateway.store.turns.situation import TurnRow

_ASKED_BACK = timedelta(days=1)
_NAME_MAX = 12


async def is_quiet(rt: Runtime, worker: WorkerId, msisdn: str) -> bool:
    """Return True if the number has been silent long enough.

    Its SIM may then belong to another person.
    """
    rules = rules_of(quiet.Rules, rt.settings.controls)
    since = rt.clock.now() - timedelta(days=rules.quiet_days)
    return not await number_moves.heard_lately(rt.db, worker, rt.vault.index(msisdn), since)


async def release_writes(
    rt: Runtime,
    row: TurnRow,
    fact: NumberDoubted | NumberReleased,
    *,
    msisdn: str,
    via: str,
    channel: str,
) -> list[Write]:
    """Return the parts of NOTME from a worker's number, for the first time and the second."""
    worker, now = row.worker, rt.clock.now()
    index, none = rt.vault.index(msisdn), rt.vault.seal(NO_NUMBER)
    if isinstance(fact, NumberDoubted):
        return [number_moves.doubt(worker, index, none, channel, now + _ASKED_BACK, now)]
    released = number_moves.release_number(
        worker, index, none, channel=channel, via=via, screen=fact.screen, now=now
    )
    return [*await _payout_cancelled(rt, row), released, *await _told(rt, row, worker, msisdn)]


async def _payout_cancelled(rt: Runtime, row: TurnRow) -> list[Write]:
    """Return the parts that cancel a payout which has not left: it would go to the other person."""
    ref = row.payout_ref
    stored = await payouts.by_ref(rt.db, rt.vault, ref) if ref else None
    if stored is None or stored.payout.state not in (
        PayoutState.QUEUED,
        PayoutState.AWAITING_APPROVAL,
    ):
        return []
    decision = decide_now(rt, stored, PayoutEvent.CANCEL)
    return await written(rt, stored, decision, "its number belongs to another person", quiet=True)


async def _told(rt: Runtime, row: TurnRow, worker: WorkerId, msisdn: str) -> list[Write]:
    """Return the SMS to the worker's coordinators, else to the numbers of `controls.tell`."""
    name = gsm_only(short_name(row.name), _NAME_MAX).strip() or "?"
    found: list[Write] = []
    for one in await workers.coordinators_of(rt.db, worker):
        to = addressee(rt, rt.settings.sms_channel, one.msisdn_sealed)
        if to is None:
            continue
        text = rt.books[one.language].say("not_me.told", first=name, number=mask(msisdn))
        found.append(notice_write(rt, to, text, "money"))
    if found:
        return found
    text = rt.books["en"].say("not_me.told", first=name, number=mask(msisdn))
    return notify_outside.outside_writes(rt, text, f"released:{worker}:{rt.clock.now():%Y-%m-%d}")
