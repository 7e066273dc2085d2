"""The input and the result of a payout control."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A payout that is about to be sent."""

    amount_minor: int
    """The amount in minor units."""
    currency: str
    """The currency of the amount."""
    asked_at: datetime
    """The time of the worker's request."""
    coordinator: int | None
    """The worker's coordinator, and None for a worker who enrolled by herself."""
    first: bool
    """True for the worker's first payout."""
    others_first: int
    """The number of first payouts of the same coordinator's workers in the 24 hours before the
    request.
    """
    passed_minor: Mapping[str, int]
    """The amount that was sent today (UTC) in the currency, by scope: worker, coordinator,
    provider, country and all. `unapproved` is the part of all that no second operator approved.
    """
    float_minor: int | None = None
    """The amount that the provider surely still holds, and None where it has not reported it
    lately.
    """
    heard_at: datetime | None = None
    """The time before the request at which the worker last answered or a payout of hers was
    confirmed, and None where there is none.
    """
    moved_until: datetime | None = None
    """The time until which payouts wait because the worker changed her number, and None where she
    did not change it lately.
    """
    objected: bool = False
    """True while the holder of the worker's old number says that the change was not her wish, and
    no decision was made yet.
    """
    approved: bool = False
    """True when two operators have approved a list with this payout, or with the one that it
    replaces.
    """


@dataclass(frozen=True, slots=True)
class Wait:
    """The wait that a control demands."""

    control: str
    """The name of the control."""
    until: datetime
    """The time at which the payout is looked at again."""
    ends: bool
    """True when the payout may then go without a decision by an operator of the gateway."""
