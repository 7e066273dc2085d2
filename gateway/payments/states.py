"""The life of a payout as a table: the next state, posting and action per state and event.

It rests on three rules. The key for the provider is stored before the first byte is sent, and it
belongs to the payout forever. So a lost answer is asked about and never paid again. A callback that
the gateway did not ask for is a hint to go and ask. Only an answer to the gateway's own question
(or two operators of the gateway) settles or gives back, and only when it speaks of this payout.

`payouts.decide_payout` interprets what happened and looks here. The diagram in the docs is printed
from this table.
"""

from enum import StrEnum, unique
from typing import NamedTuple

from gateway.payments.ledger.chart_of_accounts import Code


@unique
class PayoutState(StrEnum):
    """The state of a payout."""

    REQUESTED = "requested"
    HELD = "held"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    QUEUED = "queued"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    UNKNOWN = "unknown"
    MANUAL_REVIEW = "needs_human"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LATE_PAID = "late_paid"
    REVERSED = "reversed"

    @property
    def open(self) -> bool:
        """Return True while the money is in transit. A worker has at most one such payout."""
        return self in OPEN


OPEN = frozenset(
    {
        PayoutState.HELD,
        PayoutState.AWAITING_APPROVAL,
        PayoutState.APPROVED,
        PayoutState.QUEUED,
        PayoutState.SUBMITTING,
        PayoutState.SUBMITTED,
        PayoutState.UNKNOWN,
        PayoutState.MANUAL_REVIEW,
    }
)


@unique
class PayoutEvent(StrEnum):
    # The gateway's own events
    """The event that moves a payout from state to state."""

    HOLD = "hold"
    WAIT = "wait"
    APPROVE = "approve"
    QUEUE = "queue"
    CANCEL = "cancel"
    CLAIM = "claim"
    LEASE_EXPIRED = "lease_expired"
    RESTORED = "restored"
    # The provider's answers to a submit
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    AMBIGUOUS = "ambiguous"
    # The provider's answers to a question, and hints
    HINT = "hint"
    PAID = "paid"
    FAILED = "failed"
    FAILED_OURS = "failed_ours"
    STILL_OPEN = "still_open"
    NOT_FOUND_FOR_GOOD = "not_found_for_good"
    MISMATCH = "mismatch"
    TOO_OLD = "too_old"
    # Decisions of two operators of the gateway, or a statement
    RESOLVED_PAID = "resolved_paid"
    RESOLVED_FAILED = "resolved_failed"
    REVERSED = "reversed"


# A step may hand in these events itself. `decide` derives all others from a provider's answer.
COMMANDS = frozenset(
    {
        PayoutEvent.HOLD,
        PayoutEvent.WAIT,
        PayoutEvent.APPROVE,
        PayoutEvent.QUEUE,
        PayoutEvent.CANCEL,
        PayoutEvent.CLAIM,
        PayoutEvent.LEASE_EXPIRED,
        PayoutEvent.RESTORED,
        PayoutEvent.REVERSED,
    }
)


@unique
class FollowUp(StrEnum):
    """The action of the step after the commit, or in it where the comment says so."""

    NOTHING = "nothing"
    APPROVE = "approve"  # Ask the policy, and an operator of the gateway where the policy says so.
    SEND = "send"  # Call submit now, outside any transaction, under the lease.
    SEND_AT = "send_at"  # Claim the payout again at `due_at`.
    ASK_AT = "ask_at"  # Ask the provider at `due_at`.
    TELL_WORKER = "tell_worker"
    # In the same commit: make a new payout (new key, new hold) of the same amount.
    REPLACE = "replace"
    # Raise an alarm and write the evidence sheet for the operators of the gateway.
    ESCALATE = "call_people"


class Transition(NamedTuple):
    """The effect of an event: the next state, the posting, and the next action."""

    state: PayoutState
    posting: Code | None
    do: FollowUp


def _table() -> dict[tuple[PayoutState, PayoutEvent], Transition]:
    """Return the table. Its rows are grouped by their meaning."""
    s, e = PayoutState, PayoutEvent
    table = {
        (s.REQUESTED, e.HOLD): Transition(s.HELD, Code.HOLD, FollowUp.APPROVE),
        (s.HELD, e.WAIT): Transition(s.AWAITING_APPROVAL, None, FollowUp.ESCALATE),
        (s.HELD, e.APPROVE): Transition(s.APPROVED, None, FollowUp.NOTHING),
        (s.AWAITING_APPROVAL, e.APPROVE): Transition(s.APPROVED, None, FollowUp.NOTHING),
        # A payout that waits for a second operator goes on from here, because none of it has left
        # yet.
        (s.QUEUED, e.WAIT): Transition(s.AWAITING_APPROVAL, None, FollowUp.NOTHING),
        (s.APPROVED, e.QUEUE): Transition(s.QUEUED, None, FollowUp.SEND_AT),
        (s.QUEUED, e.CLAIM): Transition(s.SUBMITTING, None, FollowUp.SEND),
        (s.SUBMITTING, e.ACCEPTED): Transition(s.SUBMITTED, None, FollowUp.ASK_AT),
        (s.SUBMITTING, e.REJECTED): Transition(s.FAILED, Code.PAYOUT_FAILED, FollowUp.TELL_WORKER),
        (s.SUBMITTING, e.FAILED_OURS): Transition(s.FAILED, Code.PAYOUT_FAILED, FollowUp.REPLACE),
        (s.SUBMITTING, e.NOT_SENT): Transition(s.QUEUED, None, FollowUp.SEND_AT),
        (s.SUBMITTING, e.AMBIGUOUS): Transition(s.UNKNOWN, None, FollowUp.ASK_AT),
        (s.SUBMITTING, e.LEASE_EXPIRED): Transition(s.UNKNOWN, None, FollowUp.ASK_AT),
        (s.SUBMITTING, e.RESTORED): Transition(s.UNKNOWN, None, FollowUp.ASK_AT),
        # The answer came after the lease had ended: it informs, and nothing else follows.
        (s.UNKNOWN, e.ACCEPTED): Transition(s.SUBMITTED, None, FollowUp.ASK_AT),
        (s.MANUAL_REVIEW, e.RESOLVED_PAID): Transition(s.PAID, Code.SETTLE, FollowUp.TELL_WORKER),
        (s.MANUAL_REVIEW, e.RESOLVED_FAILED): Transition(
            s.FAILED, Code.PAYOUT_FAILED, FollowUp.TELL_WORKER
        ),
        (s.PAID, e.REVERSED): Transition(s.REVERSED, Code.REVERSED, FollowUp.ESCALATE),
        (s.LATE_PAID, e.REVERSED): Transition(s.REVERSED, Code.REVERSED, FollowUp.ESCALATE),
    }
    for state in (s.HELD, s.AWAITING_APPROVAL, s.APPROVED, s.QUEUED):
        table[state, e.CANCEL] = Transition(s.CANCELLED, Code.PAYOUT_FAILED, FollowUp.TELL_WORKER)
        # The database comes from a backup, so the gateway that made it may have sent the payout
        # since. The provider is asked before anything is sent.
        table[state, e.RESTORED] = Transition(s.UNKNOWN, None, FollowUp.ASK_AT)
    # PAID is believed wherever the money may be on its way. That includes the time while the HTTP
    # answer is awaited or a second POST of the same key waits. FAILED is believed only where no
    # POST can be on its way.
    for state in (s.QUEUED, s.SUBMITTING, s.SUBMITTED, s.UNKNOWN, s.MANUAL_REVIEW):
        table[state, e.PAID] = Transition(s.PAID, Code.SETTLE, FollowUp.TELL_WORKER)
        table[state, e.MISMATCH] = Transition(s.MANUAL_REVIEW, None, FollowUp.ESCALATE)
    for state in (s.SUBMITTED, s.UNKNOWN, s.MANUAL_REVIEW):
        table[state, e.FAILED] = Transition(s.FAILED, Code.PAYOUT_FAILED, FollowUp.TELL_WORKER)
        table[state, e.FAILED_OURS] = Transition(s.FAILED, Code.PAYOUT_FAILED, FollowUp.REPLACE)
        table[state, e.STILL_OPEN] = Transition(state, None, FollowUp.ASK_AT)
    for state in (s.SUBMITTED, s.UNKNOWN):
        table[state, e.NOT_FOUND_FOR_GOOD] = Transition(s.QUEUED, None, FollowUp.SEND_AT)
        table[state, e.TOO_OLD] = Transition(s.MANUAL_REVIEW, None, FollowUp.ESCALATE)
    for event in (e.MISMATCH, e.NOT_FOUND_FOR_GOOD, e.TOO_OLD):
        # The operators of the gateway know already.
        table[s.MANUAL_REVIEW, event] = Transition(s.MANUAL_REVIEW, None, FollowUp.ASK_AT)
    # The money left after the gateway gave it back, or the provider contradicts itself.
    for state in (s.FAILED, s.CANCELLED):
        table[state, e.PAID] = Transition(s.LATE_PAID, Code.LATE_PAID, FollowUp.ESCALATE)
    for state in (s.PAID, s.LATE_PAID, s.REVERSED, s.FAILED, s.CANCELLED):
        table[state, e.MISMATCH] = Transition(state, None, FollowUp.ESCALATE)
    for state in (s.PAID, s.LATE_PAID):
        table[state, e.FAILED] = Transition(state, None, FollowUp.ESCALATE)
    # A hint hastens the next question. Where money rests, it is a reason to ask as well.
    for state in (s.SUBMITTED, s.UNKNOWN, s.MANUAL_REVIEW, s.FAILED, s.CANCELLED):
        table[state, e.HINT] = Transition(state, None, FollowUp.ASK_AT)
    return table


NEXT = _table()


def as_mermaid() -> str:
    """Return the table as a Mermaid state diagram, for the docs."""
    lines = ["stateDiagram-v2", f"    [*] --> {PayoutState.REQUESTED}"]
    labels: dict[tuple[PayoutState, PayoutState], list[str]] = {}
    for (state, event), step in NEXT.items():
        if step.state is state:
            continue  # Questions that change nothing would hide the shape.
        label = f"{event} ({step.posting.name.lower()})" if step.posting else str(event)
        labels.setdefault((state, step.state), []).append(label)
    lines += [f"    {a} --> {b}: {', '.join(names)}" for (a, b), names in labels.items()]
    return "\n".join(lines) + "\n"
