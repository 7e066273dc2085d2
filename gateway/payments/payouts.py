"""The decision about one payout: its next state, the postings and the next action. Pure.

`decide` receives the payout, what happened and the time. The step writes the whole decision in one
commit, guarded by the state and version that it read.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.payments.ledger.chart_of_accounts import Code, Posting
from gateway.payments.payout import (
    Happened,
    Hinted,
    Payout,
    Resolved,
    StatusAnswered,
    SubmitAnswered,
)
from gateway.payments.payout_postings import postings_of
from gateway.payments.port import PaymentStatus, Status, SubmitAnswer, SubmitOutcome
from gateway.payments.states import COMMANDS, NEXT, FollowUp, PayoutEvent, PayoutState, Transition

LEASE = timedelta(seconds=60)  # A provider's slowest submit must end before this.
PROBES = tuple(timedelta(seconds=s) for s in (20, 60, 120, 300, 600, 900, 1_800, 3_600))
# Each probe falls within 10 % of its time, so that a thousand payouts do not ask at once.
JITTER = 0.1
PROBE_AFTER_LAST = timedelta(hours=1)
PROBE_AFTER_MISS = timedelta(minutes=2)
"""A payout that was not found is asked about again soon. Three misses in a row send the same key
again, and the worker waits for that.
"""
MISSES_BEFORE_RESEND = 3
QUIET_BEFORE_RESEND = timedelta(minutes=5)
QUARANTINE = timedelta(minutes=30)
HUMAN_AFTER = timedelta(hours=24)
RESEND_FIRST = timedelta(seconds=5)
RESEND_MAX = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class PayoutDecision:
    """The new payout and what follows from it.

    `event` is None when what happened changes nothing (it is late, repeated, or not for this
    state).
    """

    payout: Payout
    event: PayoutEvent | None = None
    postings: tuple[Posting, ...] = ()
    do: FollowUp = FollowUp.NOTHING
    pause_provider: bool = False


def decide_payout(
    payout: Payout,
    happened: Happened,
    at: datetime,
    *,
    jitter: float = 0.5,
    dedups: bool = True,
    worker_balance_minor: int = 0,
) -> PayoutDecision:
    """Decide about `payout`.

    The store writes `Decision.payout` whenever it differs, also without an event. `jitter` is
    between 0 and 1. `dedups` is True when the provider surely refuses a key that it has seen.
    `worker_balance_minor` is needed only where a late success is taken from the balance.
    """
    assert 0 <= jitter <= 1
    event = _event(payout, happened, at, dedups=dedups)
    pause = _pause(happened)
    step = NEXT.get((payout.state, event)) if event else None
    if step is None or event is None:
        return PayoutDecision(_noted(payout, happened, at, jitter), pause_provider=pause)
    after = _after(payout, step, event, happened, at, jitter)
    postings = postings_of(payout, step.posting, happened, worker_balance_minor)
    return PayoutDecision(after, event, postings, step.do, pause)


def request_payout(payout: Payout, at: datetime) -> PayoutDecision:
    """Take a new payout through approval to QUEUED, in one commit with one hold.

    The current policy approves every payout.
    """
    held = decide_payout(payout, PayoutEvent.HOLD, at)
    approved = decide_payout(held.payout, PayoutEvent.APPROVE, at)
    queued = decide_payout(approved.payout, PayoutEvent.QUEUE, at)
    assert queued.payout.state is PayoutState.QUEUED
    return replace(queued, postings=held.postings)


def next_probe(sent_at: datetime, at: datetime, jitter: float) -> datetime:
    """Return the time of the next question to the provider.

    It depends only on the age of the submit, so that nothing else must be stored.
    """
    age = at - sent_at
    for probe in PROBES:
        if probe * (1 - JITTER) > age:
            return sent_at + probe * (1 - JITTER + 2 * JITTER * jitter)
    return at + PROBE_AFTER_LAST


def _event(payout: Payout, happened: Happened, at: datetime, *, dedups: bool) -> PayoutEvent | None:
    match happened:
        case PayoutEvent():
            assert happened in COMMANDS, f"only a provider may report {happened}"
            # A payout that the provider may pay at any moment cannot be cancelled any more.
            return None if happened is PayoutEvent.CANCEL and payout.maybe_taken else happened
        case Hinted(status):
            # A status without an answer hastens nothing. Else a question that times out would ask
            # itself forever.
            return None if status.found is PaymentStatus.NO_ANSWER else PayoutEvent.HINT
        case Resolved(paid):
            return PayoutEvent.RESOLVED_PAID if paid else PayoutEvent.RESOLVED_FAILED
        case SubmitAnswered(answer, attempt):
            return _answered(payout, answer) if attempt == payout.tries else None
        case StatusAnswered(status, receipt_taken):
            return (
                PayoutEvent.MISMATCH if receipt_taken else _asked(payout, status, at, dedups=dedups)
            )


def _answered(payout: Payout, answer: SubmitAnswer) -> PayoutEvent:
    match answer.outcome:
        case SubmitOutcome.ACCEPTED | SubmitOutcome.DUPLICATE:
            return PayoutEvent.ACCEPTED
        case SubmitOutcome.NOT_SENT:
            return PayoutEvent.NOT_SENT
        case SubmitOutcome.REJECTED if not payout.maybe_taken:
            return PayoutEvent.FAILED_OURS if answer.pause_provider else PayoutEvent.REJECTED
        case SubmitOutcome.REJECTED | SubmitOutcome.AMBIGUOUS:
            # The provider rejects now, but may have taken an earlier submit of this key. So the
            # gateway asks.
            return PayoutEvent.AMBIGUOUS


def _asked(payout: Payout, status: Status, at: datetime, *, dedups: bool) -> PayoutEvent:
    match status.found:
        case PaymentStatus.PAID if not _speaks_of(payout, status):
            return PayoutEvent.MISMATCH
        case PaymentStatus.PAID if (
            payout.receipt and status.receipt and payout.receipt != status.receipt
        ):
            return PayoutEvent.MISMATCH  # There are two receipts for one payout.
        case PaymentStatus.PAID:
            return PayoutEvent.PAID
        case PaymentStatus.FAILED if status.key == payout.key and not _too_early(
            payout, status, at
        ):
            ours = status.pause_provider or (not status.code and payout.hinted_ours)
            return PayoutEvent.FAILED_OURS if ours else PayoutEvent.FAILED
        case PaymentStatus.NOT_FOUND if _gone_for_good(payout, at):
            # Where a second submit might pay twice, an operator of the gateway looks at the
            # statement first.
            return PayoutEvent.NOT_FOUND_FOR_GOOD if dedups else PayoutEvent.TOO_OLD
        case _:
            # The payout is pending, not found yet or not answered, or something else has failed
            # (the question itself).
            old = payout.first_sent_at is not None and at - payout.first_sent_at >= HUMAN_AFTER
            known = payout.state is PayoutState.MANUAL_REVIEW
            return PayoutEvent.TOO_OLD if old and not known else PayoutEvent.STILL_OPEN


def _speaks_of(payout: Payout, status: Status) -> bool:
    """Return True when key, amount and number of a PAID status are this payout's.

    A status without a key came to the payout's secret URL.
    """
    return (
        status.key in (None, payout.key)
        and status.amount_minor == payout.amount_minor
        and (status.msisdn_tail is None or payout.msisdn.endswith(status.msisdn_tail))
    )


def _too_early(payout: Payout, status: Status, at: datetime) -> bool:
    """Return True while a failure without a named cause must not be believed.

    Some providers report a bare "failed" for payouts that they later pay.
    """
    return status.generic and payout.sent_at is not None and at - payout.sent_at < QUARANTINE


def _gone_for_good(payout: Payout, at: datetime) -> bool:
    return (
        payout.misses + 1 >= MISSES_BEFORE_RESEND
        and payout.sent_at is not None
        and at - payout.sent_at >= QUIET_BEFORE_RESEND
    )


def _pause(happened: Happened) -> bool:
    """Return True when what happened says that the provider must pause.

    A hint may pause too: a pause only costs time, and a callback's path is a secret.
    """
    match happened:
        case SubmitAnswered(answer, _):
            return answer.pause_provider
        case StatusAnswered(status) | Hinted(status):
            return status.pause_provider
        case PayoutEvent() | Resolved():
            return False


def _noted(payout: Payout, happened: Happened, at: datetime, jitter: float) -> Payout:
    if isinstance(happened, Hinted) and happened.status.pause_provider:
        return replace(payout, hinted_ours=True)
    if isinstance(happened, StatusAnswered) and not payout.state.open:
        return replace(payout, due_at=_ask_at_rest(payout, happened.status, at, jitter))
    return payout


def _ask_at_rest(payout: Payout, status: Status, at: datetime, jitter: float) -> datetime | None:
    """Return the time at which to ask again about money that rests.

    A hint made the gateway ask. One real answer is enough. Without one the gateway stops asking
    after a day.
    """
    said = status.found is not PaymentStatus.NO_ANSWER and not (
        status.found is PaymentStatus.PENDING and status.key is None
    )
    if said or payout.sent_at is None or at - payout.sent_at >= HUMAN_AFTER:
        return None
    return next_probe(payout.sent_at, at, jitter)


def _after(
    payout: Payout,
    step: Transition,
    event: PayoutEvent,
    happened: Happened,
    at: datetime,
    jitter: float,
) -> Payout:
    noted = _noted(payout, happened, at, jitter)
    reference = payout.reference
    if isinstance(happened, SubmitAnswered) and happened.answer.reference:
        reference = happened.answer.reference
    if event is PayoutEvent.CLAIM:
        return replace(
            noted,
            state=step.state,
            reference=reference,
            tries=payout.tries + 1,
            misses=0,
            first_sent_at=payout.first_sent_at or at,
            sent_at=at,
            due_at=at + LEASE,
        )
    if event is PayoutEvent.RESTORED:
        return _restored(noted, step, at)
    sent = payout.state is PayoutState.SUBMITTING and event is not PayoutEvent.NOT_SENT
    misses = (
        _misses(payout, happened.status) if isinstance(happened, StatusAnswered) else payout.misses
    )
    return replace(
        noted,
        state=step.state,
        reference=reference,
        maybe_taken=payout.maybe_taken or sent,
        misses=misses,
        due_at=_due(payout, step, event, at, jitter, missed=misses > payout.misses),
        receipt=_receipt(payout, step, happened),
        reason=_reason(happened) or payout.reason,
    )


def _restored(payout: Payout, step: Transition, at: datetime) -> Payout:
    """Return a payout from a backup, which is asked about at once as if it had just been sent.

    The provider must not know its key for a while before the payout counts as never sent.
    """
    return replace(
        payout,
        state=step.state,
        maybe_taken=True,
        misses=0,
        first_sent_at=payout.first_sent_at or at,
        sent_at=at,
        due_at=at,
    )


def _misses(payout: Payout, status: Status) -> int:
    if status.found is PaymentStatus.NOT_FOUND:
        return payout.misses + 1
    # A PENDING without a key only says that the question was taken, not that the payout is known.
    return 0 if status.key == payout.key else payout.misses


def _due(
    payout: Payout,
    step: Transition,
    event: PayoutEvent,
    at: datetime,
    jitter: float,
    *,
    missed: bool,
) -> datetime | None:
    match step.do:
        case FollowUp.ASK_AT if event is PayoutEvent.HINT:
            return at
        case FollowUp.ASK_AT:
            soon = at + PROBE_AFTER_MISS * (1 - JITTER + 2 * JITTER * jitter)
            usual = next_probe(payout.sent_at or at, at, jitter)
            return min(soon, usual) if missed else usual
        case FollowUp.ESCALATE if step.state is PayoutState.MANUAL_REVIEW:
            # The provider may still answer well.
            return next_probe(payout.sent_at or at, at, jitter)
        case FollowUp.SEND_AT if event is PayoutEvent.NOT_SENT:
            wait = min(RESEND_FIRST * 2 ** min(payout.tries - 1, 10), RESEND_MAX)
            return at + wait * (1 - JITTER + 2 * JITTER * jitter)
        case FollowUp.SEND_AT:
            return at
        case _:
            return None


def _receipt(payout: Payout, step: Transition, happened: Happened) -> str | None:
    if isinstance(happened, Resolved):
        return happened.receipt or payout.receipt
    paid = step.posting in (Code.SETTLE, Code.LATE_PAID)
    return (
        happened.status.receipt if paid and isinstance(happened, StatusAnswered) else payout.receipt
    )


def _reason(happened: Happened) -> str:
    match happened:
        case SubmitAnswered(answer, _):
            return answer.code
        case StatusAnswered(status):
            return status.code
        case _:
            return ""
