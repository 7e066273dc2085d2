"""Payouts on their way: sent once, and asked about until the provider reports their outcome.

The claim is committed before the first byte is sent. A crash therefore leaves a payout that is
asked about, never one that is blindly sent again. Each answer is written with its postings in one
commit, guarded by the version that was read.
"""

import asyncio
import random
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, timedelta

import structlog
from pydantic import SecretStr

from gateway.base import logs
from gateway.base.errors import Conflict, Refused
from gateway.base.failpoints import reach
from gateway.base.money import amount_text
from gateway.conversation import notices
from gateway.payments.ledger.chart_of_accounts import Code
from gateway.payments.payout import Happened, Hinted, StatusAnswered, SubmitAnswered
from gateway.payments.payouts import LEASE, PayoutDecision, decide_payout
from gateway.payments.port import Order, PaymentStatus, Status
from gateway.payments.proof import PaymentProof, proof_code
from gateway.payments.states import FollowUp, PayoutEvent, PayoutState
from gateway.steps.messages.compose import in_place_of, promise_of
from gateway.steps.messages.notify import Addressee, notice_write
from gateway.steps.payouts.controls import may_go
from gateway.steps.payouts.provider_health import ask_floats, heed
from gateway.steps.payouts.replace import may_be_replaced, replacement_part
from gateway.steps.runtime import Runtime
from gateway.store.db import ReceiptTaken, Write
from gateway.store.messages import outbox
from gateway.store.payouts import payouts, provider_health
from gateway.store.payouts.move_many import may_go_together, move_all
from gateway.store.payouts.payouts import Stored
from gateway.store.turns import inbox, turns

log = structlog.get_logger()

_AT_ONCE = 20
_TRIES = 5
_PAUSE = timedelta(minutes=5)


async def disburse(rt: Runtime) -> int:
    """Process every payout that is due now and return the number of payouts."""
    handled = 0
    await provider_health.tend(rt.db, rt.clock.now())
    while True:
        now = rt.clock.now()
        async with rt.db.transaction() as db:
            due = await payouts.claim_due(db, rt.vault, now, _AT_ONCE, now + LEASE)
        reach("disburse.claimed")
        handled += len(due)
        known = [s for s in due if s.payout.provider in rt.providers]
        for stored in due:
            if stored not in known:
                log.error("the payout's provider is no longer configured", ref=stored.ref)
        sends = await _claimed(rt, known)
        asks = [
            s for s in known if s.payout.state not in (PayoutState.QUEUED, PayoutState.SUBMITTING)
        ]
        # The calls run side by side, because most of the time passes waiting for the provider.
        await _written_as_they_come(
            rt, [*(_sent(rt, s) for s in sends), *(_asked(rt, s) for s in asks)]
        )
        if len(due) < _AT_ONCE:
            return handled


async def _claimed(rt: Runtime, due: Sequence[Stored]) -> list[Stored]:
    """Claim the queued payouts that may go, in one commit, and return them.

    The same commit records the leases that ran out.
    """
    moves: list[tuple[Stored, Happened]] = []
    await ask_floats(rt, {s.payout.provider for s in due if s.payout.state is PayoutState.QUEUED})
    for stored in due:
        if stored.payout.state is PayoutState.SUBMITTING:
            moves.append((stored, PayoutEvent.LEASE_EXPIRED))
        elif stored.payout.state is PayoutState.QUEUED and await may_go(rt, stored):
            reach("disburse.allowed")
            moves.append((stored, PayoutEvent.CLAIM))
    sends = await happened_to_all(rt, moves)
    await heed(rt, [(stored, what) for stored, what in moves if what is PayoutEvent.LEASE_EXPIRED])
    return sends


ProviderAnswer = tuple[Stored, SubmitAnswered | StatusAnswered]


async def _sent(rt: Runtime, claimed: Stored) -> ProviderAnswer:
    """Send a payout in a task of its own, so that the values bound to its log lines stay in it."""
    logs.bind(payout=claimed.ref, provider=claimed.payout.provider)
    log.info("payout is sent to its provider", tries=claimed.payout.tries)
    reach("disburse.submitting")
    answer = await rt.providers[claimed.payout.provider].submit(rt.http, order_of(rt, claimed))
    reach("disburse.answered")
    return claimed, SubmitAnswered(answer, claimed.payout.tries)


async def _asked(rt: Runtime, stored: Stored) -> ProviderAnswer:
    logs.bind(payout=stored.ref, provider=stored.payout.provider)
    log.info("provider is asked about a payout")
    status = await rt.providers[stored.payout.provider].ask(rt.http, order_of(rt, stored))
    reach("disburse.asked")
    return stored, StatusAnswered(status)


async def _written_as_they_come(
    rt: Runtime, calls: Sequence[Coroutine[object, object, ProviderAnswer]]
) -> None:
    """Write answers as they come.

    Answers that came while others were being written share the next commit. A slow provider delays
    only its own.
    """
    waiting = {asyncio.ensure_future(call) for call in calls}
    wrong: list[BaseException] = []
    try:
        while waiting:
            came, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            wrong += [error for one in came if (error := one.exception())]
            heard = [one.result() for one in came if not one.exception()]
            await happened_to_all(rt, heard)
            reach("disburse.written")
            await heed(rt, heard)
            await _heed_early_callbacks(
                rt, [s for s, what in heard if isinstance(what, SubmitAnswered)]
            )
    finally:
        for one in waiting:
            one.cancel()
    if wrong:
        raise wrong[0]


async def _heed_early_callbacks(rt: Runtime, answered: Sequence[Stored]) -> None:
    """Process callbacks that came before the answer they belong to.

    Such a callback could not hasten anything when it came.
    """
    came = await inbox.came(rt.db, "payout", [(s.payout.provider, s.ref) for s in answered])
    for stored in answered:
        if stored.ref in came:
            now = await payouts.by_id(rt.db, rt.vault, stored.payout.id)
            await _by_itself(rt, now, Hinted(Status(PaymentStatus.PENDING)))


async def happened_to_all(rt: Runtime, moves: Sequence[tuple[Stored, Happened]]) -> list[Stored]:
    """Decide on each payout, write all decisions in one commit, and return the payouts to send now.

    They are returned in their new state. A payout gets a commit of its own where another process
    was faster, where it breaks a rule, or where it replaces another payout. Each payout occurs at
    most once.
    """
    together: list[tuple[Stored, Happened, PayoutDecision, list[Write]]] = []
    alone: list[tuple[Stored, Happened]] = []
    for stored, what in moves:
        decision = decide_now(rt, stored, what)
        if (
            decision.event is None
            and decision.payout == stored.payout
            and not decision.pause_provider
        ):
            continue
        parts = await written(rt, stored, decision, _note(what))
        late = decision.event is PayoutEvent.PAID and decision.payout.state is PayoutState.LATE_PAID
        if late or decision.pause_provider or not may_go_together(parts):
            alone.append((stored, what))
        else:
            together.append((stored, what, decision, parts))
    moved: set[int] = set()
    if together:
        with suppress(Conflict):  # One of them breaks a rule, so each gets a commit of its own.
            moved = await move_all(rt.db, [parts for *_, parts in together])
    alone += [(s, what) for n, (s, what, *_) in enumerate(together) if n not in moved]
    done = [(s, decision) for n, (s, _, decision, _) in enumerate(together) if n in moved]
    for stored, decision in done:
        _after_commit(rt, stored, decision)
    sends = [
        replace(s, payout=d.payout, version=s.version + 1) for s, d in done if d.do is FollowUp.SEND
    ]
    for stored, what in alone:
        if await _by_itself(rt, stored, what) and what is PayoutEvent.CLAIM:
            now = await payouts.by_id(rt.db, rt.vault, stored.payout.id)
            sends += [now] if now.payout.state is PayoutState.SUBMITTING else []
    return sends


async def _by_itself(rt: Runtime, stored: Stored, what: Happened) -> bool:
    """Process a payout with a commit of its own, decided on its state at that time.

    Return False where another process was faster than a claim or a lease: the remaining work is in
    the row.
    """
    for _ in range(_TRIES):
        try:
            await happened(rt, stored, what, note=_note(what))
        except Conflict:
            if isinstance(what, PayoutEvent):
                return False
            stored = await payouts.by_id(rt.db, rt.vault, stored.payout.id)
            continue
        return True
    # The payout is due again when its lease is over, so it is not forgotten.
    log.warning("a payout keeps changing", ref=stored.ref)
    return False


def _note(what: Happened) -> str:
    match what:
        case SubmitAnswered(answer):
            return answer.text
        case StatusAnswered(status) | Hinted(status):
            return status.text
        case _:
            return ""


def order_of(rt: Runtime, stored: Stored) -> Order:
    """Return the order that a provider receives for a payout."""
    hook = f"{rt.hooks_url}/hooks/p"
    return Order(
        key=stored.payout.key,
        msisdn=stored.payout.msisdn,
        amount_minor=stored.payout.amount_minor,
        currency=stored.payout.currency,
        result_url=f"{hook}/{stored.result_token.get_secret_value()}",
        status_url=f"{hook}/{stored.status_token.get_secret_value()}",
        timeout_url=f"{hook}/{stored.timeout_token.get_secret_value()}",
        reference=stored.payout.reference,
    )


async def called_back(rt: Runtime, stored: Stored, token: SecretStr, status: Status) -> None:
    """Process a callback; its log lines carry the payout's reference."""
    with logs.bound(payout=stored.ref, provider=stored.payout.provider):
        log.info("provider called back")
        await _called_back(rt, stored, token, status)


async def _called_back(rt: Runtime, stored: Stored, token: SecretStr, status: Status) -> None:
    """Process a callback that came to one of the payout's secret paths.

    Only an answer to the gateway's own question decides.
    """
    asked = token == stored.status_token
    for _ in range(_TRIES):
        try:
            await happened(
                rt, stored, StatusAnswered(status) if asked else Hinted(status), note=status.text
            )
        except Conflict:
            stored = await payouts.by_id(rt.db, rt.vault, stored.payout.id)
            continue
        await heed(rt, [(stored, StatusAnswered(status) if asked else Hinted(status))])
        rt.jobs.enqueue("disburse")
        return
    raise Conflict(f"payout {stored.ref} keeps changing")


async def happened(
    rt: Runtime, stored: Stored, what: Happened, *, note: str = "", quiet: bool = False
) -> None:
    """Let the state machine decide, and write its decision.

    Raises Conflict when the payout has changed meanwhile. With `quiet` the worker is not told,
    because a later message tells her.
    """
    decision = decide_now(rt, stored, what)
    if decision.pause_provider:
        until = rt.clock.now() + _PAUSE
        await payouts.pause(rt.db, stored.payout.provider, until, note or decision.payout.reason)
    if decision.event is None and decision.payout == stored.payout:
        return
    if decision.event is PayoutEvent.PAID and decision.payout.state is PayoutState.LATE_PAID:
        await _take_the_place_of_what_waits(rt, stored)
    parts = await written(rt, stored, decision, note, quiet=quiet)
    reach("payout.decided")
    try:
        await rt.db.write(parts)
    except ReceiptTaken as taken:
        if not isinstance(what, StatusAnswered):
            raise Refused(str(taken)) from taken
        await happened(rt, stored, replace(what, receipt_taken=True), note=note)
        return
    reach("payout.written")
    _after_commit(rt, stored, decision)


def _after_commit(rt: Runtime, stored: Stored, decision: PayoutDecision) -> None:
    if decision.do is FollowUp.ESCALATE:
        log.error(
            "payout needs an operator",
            ref=stored.ref,
            happened=decision.event,
            state=decision.payout.state,
        )
    if decision.do is FollowUp.TELL_WORKER:
        rt.jobs.enqueue("deliver", stored.sms_channel)


def decide_now(rt: Runtime, stored: Stored, what: Happened) -> PayoutDecision:
    """Return the state machine's decision on `what`, taken now."""
    return decide_payout(
        stored.payout,
        what,
        rt.clock.now(),
        jitter=random.random(),  # noqa: S311  # spreads questions over time, guards nothing
        dedups=rt.providers[stored.payout.provider].dedups,
        worker_balance_minor=stored.balance_minor,
    )


async def _take_the_place_of_what_waits(rt: Runtime, stored: Stored) -> None:
    """Cancel a payout that has not left yet in favour of money that left late.

    This keeps the gateway from paying a worker twice.
    """
    unsent = await payouts.unsent_of(rt.db, rt.vault, stored.payout.worker)
    if unsent is not None:
        await happened(rt, unsent, PayoutEvent.CANCEL, quiet=True)
        raise Conflict(f"payout {stored.ref} was paid late: the balance is another now")


async def written(
    rt: Runtime, stored: Stored, decision: PayoutDecision, note: str, *, quiet: bool = False
) -> list[Write]:
    """Return all parts that one decision writes in one commit."""
    booked = [
        (posting, await rt.accounts.get(posting.debit), await rt.accounts.get(posting.credit))
        for posting in decision.postings
    ]
    parts = [payouts.moved(stored, decision.payout, str(decision.event or ""), booked, note)]
    replaced = decision.do is FollowUp.REPLACE and may_be_replaced(stored, decision.payout)
    late = decision.event is PayoutEvent.PAID and decision.payout.state is PayoutState.LATE_PAID
    if replaced:
        parts.append(await replacement_part(rt, stored))
    elif (decision.do in (FollowUp.TELL_WORKER, FollowUp.REPLACE) or late) and not quiet:
        promise = promise_of(stored.ref)
        waiting = await outbox.waiting_text(rt.db, promise)
        if waiting is not None:
            parts.append(turns.take_back(promise, "its outcome was as fast"))
        parts.append(_notice(rt, stored, decision, waiting))
    return parts


def _notice(rt: Runtime, stored: Stored, decision: PayoutDecision, waiting: str | None) -> Write:
    """Return the one SMS that tells a worker the outcome of her payout.

    It is written once per outcome. `waiting` is the unsent reply that only promises the money. The
    notice takes its place.
    """
    after = decision.payout
    taken_again = (Code.LATE_PAID, Code.LATE_TAX)
    taken_minor = sum(p.amount_minor for p in decision.postings if p.code in taken_again)
    book = rt.books[stored.language]
    amount = amount_text(after.amount_minor, after.currency)
    if after.state in (PayoutState.PAID, PayoutState.LATE_PAID):
        left = amount_text(stored.balance_minor - taken_minor, after.currency)
        if stored.winding:
            text = _proved(rt, stored, amount)
        else:
            text = notices.paid_notice(
                book, amount=amount, receipt=after.receipt or "-", ref=stored.ref, balance=left
            )
        fee_minor = after.fee_minor if after.state is PayoutState.PAID else 0
        less = notices.less_words(book, after.tax_minor, fee_minor, after.currency)
        text = f"{text} {less}".rstrip()
    else:
        amount = amount_text(after.taken_minor, after.currency)
        text = notices.pay_failed_notice(book, amount=amount, ref=stored.ref)
    to = Addressee(stored.sms_channel, after.msisdn, after.worker)
    cause = f"payout:{after.id}:{after.state}"
    return notice_write(rt, to, in_place_of(waiting, text), "money", cause)


def _proved(rt: Runtime, stored: Stored, amount: str) -> str:
    """Return the notice of a payment by a gateway that winds down, with its coded proof."""
    after, day = stored.payout, rt.clock.now().astimezone(UTC).date()
    proof = PaymentProof(stored.ref, after.amount_minor, after.currency, day)
    code = proof_code(rt.vault.stamp, proof)
    return notices.closing_notice(rt.books[stored.language], amount, f"{day:%d/%m/%Y}", code)
