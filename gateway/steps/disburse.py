"""Payouts on their way: sent once, asked about until the operator says what became of them.

The claim is committed before the first byte is sent, so a crash leaves a payout that is asked about, never one
that is sent again blindly. Each answer is written with its postings in one commit, guarded by the version read.
"""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta

import structlog

from gateway.conversation import notices
from gateway.errors import Conflict, Refused
from gateway.money import amount_text
from gateway.payments.ledger import Code
from gateway.payments.payouts import LEASE, Answered, Asked, Decision, Happened, Hinted, decide
from gateway.payments.port import Answer, Found, Order, Status
from gateway.payments.states import Do, Event, State
from gateway.runtime import Runtime
from gateway.steps.controls import may_go
from gateway.steps.messages import message
from gateway.steps.replace import may_be_replaced, replacement_part
from gateway.store import inbox, payouts, turns
from gateway.store.db import Part, Taken
from gateway.store.payouts import Stored

log = structlog.get_logger()

_AT_ONCE = 20
_PAUSE = timedelta(minutes=5)


async def disburse(rt: Runtime) -> int:
    """Act on every payout that is due now; how many that were."""
    handled = 0
    while True:
        now = rt.clock.now()
        async with rt.db.transaction() as db:
            due = await payouts.claim_due(db, rt.vault, now, _AT_ONCE, now + LEASE)
        # Side by side: most of the time goes by waiting for the operator.
        await asyncio.gather(*(_act_once(rt, stored) for stored in due))
        handled += len(due)
        if len(due) < _AT_ONCE:
            return handled


async def _act_once(rt: Runtime, stored: Stored) -> None:
    try:
        await _act(rt, stored)
    except Conflict:
        return  # another runner or a callback was faster; what is left to do is in its row


async def _act(rt: Runtime, stored: Stored) -> None:
    match stored.payout.state:
        case State.QUEUED:
            if await may_go(rt, stored):
                await _send(rt, stored)
        case State.SUBMITTING:
            await happened(rt, stored, Event.LEASE_EXPIRED)
        case _:
            provider = rt.providers[stored.payout.provider]
            status = await provider.ask(rt.http, order_of(rt, stored))
            await happened(rt, stored, Asked(status), note=status.text)


async def _send(rt: Runtime, stored: Stored) -> None:
    await happened(rt, stored, Event.CLAIM)
    claimed = await payouts.by_id(rt.db, rt.vault, stored.payout.id)
    if claimed.payout.state is not State.SUBMITTING:
        return  # an answer came in between: nothing is to be sent any more
    answer: Answer = await rt.providers[claimed.payout.provider].submit(
        rt.http, order_of(rt, claimed)
    )
    attempt = claimed.payout.tries
    try:
        await happened(rt, claimed, Answered(answer, attempt), note=answer.text)
    except Conflict:
        # A callback came before the answer: decide again on what is so now.
        again = await payouts.by_id(rt.db, rt.vault, stored.payout.id)
        await happened(rt, again, Answered(answer, attempt), note=answer.text)
    if await inbox.came(rt.db, stored.payout.provider, "payout", stored.ref):
        # A callback was faster than the answer it belongs to, and could not hasten anything then: it does now.
        again = await payouts.by_id(rt.db, rt.vault, stored.payout.id)
        await happened(rt, again, Hinted(Status(Found.PENDING)))


def order_of(rt: Runtime, stored: Stored) -> Order:
    hook = f"{rt.settings.public_url.rstrip('/')}/hooks/p"
    return Order(
        key=stored.payout.key,
        msisdn=stored.payout.msisdn,
        amount_minor=stored.payout.amount_minor,
        currency=stored.payout.currency,
        result_url=f"{hook}/{stored.result_token}",
        status_url=f"{hook}/{stored.status_token}",
        timeout_url=f"{hook}/{stored.timeout_token}",
        reference=stored.payout.reference,
    )


async def called_back(rt: Runtime, stored: Stored, token: str, status: Status) -> None:
    """A callback came to one of the payout's secret paths. Only an answer to our own question decides."""
    asked = token == stored.status_token
    for _ in range(5):
        try:
            await happened(rt, stored, Asked(status) if asked else Hinted(status), note=status.text)
        except Conflict:
            stored = await payouts.by_id(rt.db, rt.vault, stored.payout.id)
            continue
        rt.bells.ring("disburse")
        return
    raise Conflict(f"payout {stored.ref} does not hold still")


async def happened(
    rt: Runtime, stored: Stored, what: Happened, *, note: str = "", quiet: bool = False
) -> None:
    """Let the state machine decide, and write what it says. Raises Conflict when the payout has moved on.

    `quiet`: the worker is not told (what follows tells her).
    """
    decision = decided(rt, stored, what)
    if decision.pause_provider:
        until = rt.clock.now() + _PAUSE
        await payouts.pause(rt.db, stored.payout.provider, until, note or decision.payout.reason)
    if decision.event is None and decision.payout == stored.payout:
        return
    if decision.event is Event.PAID and decision.payout.state is State.LATE_PAID:
        await _take_the_place_of_what_waits(rt, stored)
    try:
        await rt.db.commit(await written(rt, stored, decision, note, quiet=quiet))
    except Taken as taken:
        if not isinstance(what, Asked):
            raise Refused(str(taken)) from taken
        await happened(rt, stored, replace(what, receipt_taken=True), note=note)
        return
    if decision.do is Do.CALL_PEOPLE:
        log.error(
            "payout needs a person",
            ref=stored.ref,
            happened=decision.event,
            state=decision.payout.state,
        )
    if decision.do is Do.TELL_WORKER:
        rt.bells.ring("deliver", stored.sms_channel)


def decided(rt: Runtime, stored: Stored, what: Happened) -> Decision:
    """What the state machine says to it now."""
    return decide(
        stored.payout,
        what,
        rt.clock.now(),
        jitter=random.random(),  # noqa: S311  # spreads questions over time, guards nothing
        dedups=rt.providers[stored.payout.provider].dedups,
        worker_balance_minor=stored.balance_minor,
    )


async def _take_the_place_of_what_waits(rt: Runtime, stored: Stored) -> None:
    """Money that left late takes the place of what has not left yet: nobody is paid twice while we can help it."""
    unsent = await payouts.unsent_of(rt.db, rt.vault, stored.payout.worker)
    if unsent is not None:
        await happened(rt, unsent, Event.CANCEL, quiet=True)
        raise Conflict(f"payout {stored.ref} was paid late: the balance is another now")


async def written(
    rt: Runtime, stored: Stored, decision: Decision, note: str, *, quiet: bool = False
) -> list[Part]:
    """Everything one decision writes, in one commit."""
    booked = [
        (posting, await rt.accounts.get(posting.debit), await rt.accounts.get(posting.credit))
        for posting in decision.postings
    ]
    parts = [payouts.moved(stored, decision.payout, str(decision.event or ""), booked, note)]
    replaced = decision.do is Do.REPLACE and may_be_replaced(stored, decision.payout)
    late = decision.event is Event.PAID and decision.payout.state is State.LATE_PAID
    if replaced:
        parts.append(await replacement_part(rt, stored))
    elif (decision.do in (Do.TELL_WORKER, Do.REPLACE) or late) and not quiet:
        parts.append(turns.put_message(_notice(rt, stored, decision)))
    return parts


def _notice(rt: Runtime, stored: Stored, decision: Decision) -> turns.Message:
    """The one SMS that tells a worker what became of her money; written once per outcome."""
    after = decision.payout
    taken_minor = sum(p.amount_minor for p in decision.postings if p.code is Code.LATE_PAID)
    book = rt.books[stored.language]
    amount = amount_text(after.amount_minor, after.currency)
    if after.state in (State.PAID, State.LATE_PAID):
        text = notices.paid_notice(
            book,
            amount=amount,
            receipt=after.receipt or "-",
            ref=stored.ref,
            balance=amount_text(stored.balance_minor - taken_minor, after.currency),
        )
    else:
        text = notices.pay_failed_notice(book, amount=amount, ref=stored.ref)
    return message(
        rt,
        stored.sms_channel,
        after.worker,
        after.msisdn,
        text,
        "money",
        cause=f"payout:{after.id}:{after.state}",
    )
