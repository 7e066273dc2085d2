"""The facts of one payout that the state machine needs, and the events that may happen to it.

`payouts.decide_payout` gives the next state.
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.base.ids import PayoutId, WorkerId
from gateway.payments.port import Status, SubmitAnswer
from gateway.payments.states import PayoutEvent, PayoutState


@dataclass(frozen=True, slots=True)
class Payout:
    """The facts of one payout that the state machine needs.

    The store keeps each field in a column. Amounts are in minor units.
    """

    id: PayoutId
    """The payout's id."""
    worker: WorkerId
    """The worker who asked for the money."""
    provider: str
    """The name of the provider that pays it."""
    key: str
    """The name under which the provider knows it, unique forever."""
    msisdn: str
    """The phone number that is paid."""
    amount_minor: int
    """The amount that is sent."""
    currency: str
    """The currency of all its amounts."""
    state: PayoutState = PayoutState.REQUESTED
    """The state in which it is now."""
    tries: int = 0
    """The number of submits so far. An answer belongs to the try for which it was made."""
    maybe_taken: bool = False
    """True once a submit may have reached the provider. From then on no cancellation and no
    rejection is certain.
    """
    misses: int = 0
    """The number of NOT_FOUND answers in a row since the last submit."""
    first_sent_at: datetime | None = None
    """The time of the first submit."""
    sent_at: datetime | None = None
    """The time of the last submit."""
    due_at: datetime | None = None
    """The time of the next action: to send (QUEUED), to end the lease (SUBMITTING), to ask (other
    states).
    """
    receipt: str | None = None
    """The provider's receipt, once it is paid."""
    reason: str = ""
    """The provider's code behind the present state."""
    reference: str = ""
    """The provider's own id, from its answer to a submit. Some providers can only be asked by it.
    """
    hinted_ours: bool = False
    """True when a callback said that the trouble is the gateway's (float, credentials), not the
    worker's.
    """
    country: str = ""
    """The country whose taxes were withheld with it."""
    taxes: tuple[tuple[str, int], ...] = ()
    """The name and amount of each withheld tax.

    The taxes and `fee_minor` left the worker's balance in addition to `amount_minor`.
    """
    fee_minor: int = 0
    """The provider's charge that the worker bears."""

    @property
    def tax_minor(self) -> int:
        return sum(minor for _, minor in self.taxes)

    @property
    def taken_minor(self) -> int:
        """Return all that left the worker's balance for it."""
        return self.amount_minor + self.tax_minor + self.fee_minor


@dataclass(frozen=True, slots=True)
class SubmitAnswered:
    """The provider's answer to one submit.

    `attempt` is the submit's number: the `tries` of the payout as it was claimed.
    """

    answer: SubmitAnswer
    attempt: int


@dataclass(frozen=True, slots=True)
class StatusAnswered:
    """The provider's answer to the gateway's question.

    It is what `ask` returned, or what came to the secret `status_url`.
    """

    status: Status
    """The provider's answer."""
    receipt_taken: bool = False
    """True when the receipt that it names already belongs to another payout."""


@dataclass(frozen=True, slots=True)
class Hinted:
    """A callback that the gateway did not ask for."""

    status: Status


@dataclass(frozen=True, slots=True)
class Resolved:
    """The decision of two operators of the gateway who have looked at the evidence and agree.

    `receipt` is the provider's, where it paid.
    """

    paid: bool
    receipt: str | None = None


Happened = PayoutEvent | SubmitAnswered | StatusAnswered | Hinted | Resolved
