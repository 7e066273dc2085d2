"""What the machine must know of one payout, and what may happen to it (`payouts.decide` says what becomes of it)."""

from dataclasses import dataclass
from datetime import datetime

from gateway.ids import PayoutId, WorkerId
from gateway.payments.port import Answer, Status
from gateway.payments.states import Event, State


@dataclass(frozen=True, slots=True)
class Payout:
    """What the machine must know of a payout; the store keeps each field in a column."""

    id: PayoutId
    worker: WorkerId
    provider: str
    key: str
    msisdn: str
    amount_minor: int
    currency: str
    state: State = State.REQUESTED
    tries: int = 0
    """Submits so far; an answer belongs to the try it was made for."""
    maybe_taken: bool = False
    """True once a submit may have reached the operator: from then on no cancel and no rejection is
    certain.
    """
    misses: int = 0
    """NOT_FOUND answers in a row since the last submit."""
    first_sent_at: datetime | None = None
    sent_at: datetime | None = None
    due_at: datetime | None = None
    """When something is next to be done: send (QUEUED), ask (the others), the lease's end
    (SUBMITTING).
    """
    receipt: str | None = None
    reason: str = ""
    """The operator's code behind the present state."""
    reference: str = ""
    """The operator's own id, from its answer to a submit; some can only be asked by it."""
    hinted_ours: bool = False
    """A callback said that the trouble is ours (float, credentials), not this worker's."""
    country: str = ""
    """Whose taxes were withheld with it: each with its amount. They and `fee_minor` left her
    balance beside `amount_minor`.
    """
    taxes: tuple[tuple[str, int], ...] = ()
    fee_minor: int = 0

    @property
    def tax_minor(self) -> int:
        return sum(minor for _, minor in self.taxes)

    @property
    def taken_minor(self) -> int:
        """What left her balance for it."""
        return self.amount_minor + self.tax_minor + self.fee_minor


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to submit number `attempt` (the `tries` of the payout as it was claimed)."""

    answer: Answer
    attempt: int


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer to our question: what `ask` returned, or what came to the secret `status_url`."""

    status: Status
    receipt_taken: bool = False
    """True when the receipt it names is another payout's already."""


@dataclass(frozen=True, slots=True)
class Hinted:
    """A callback that nobody asked for."""

    status: Status


@dataclass(frozen=True, slots=True)
class Resolved:
    """Two people have looked at the evidence and say the same; `receipt` is the operator's, where it paid."""

    paid: bool
    receipt: str | None = None


Happened = Event | Answered | Asked | Hinted | Resolved
