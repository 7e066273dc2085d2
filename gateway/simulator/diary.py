"""The record of every SMS and USSD screen on a phone, counted by the carrier's own tables.

Times are seconds since the epoch. Costs are minor units of the carrier's currency.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from gateway.simulator.septets import Weight

Way = Literal["to_phone", "from_phone"]


@dataclass(frozen=True, slots=True)
class Sms:
    """An SMS between a phone and the gateway.

    `peer` is the short code or sender id at the other end.
    """

    at: float
    way: Way
    msisdn: str
    peer: str
    text: str
    weight: Weight
    ref: str  # the provider's message id
    cost_minor: int = 0
    # For a message to the gateway: the final HTTP status of its delivery, 0 when no answer came.
    status: int = 0
    attempts: int = 0

    @property
    def delivered(self) -> bool:
        return self.way == "to_phone" or self.status == 200  # noqa: PLR2004  the only word AT accepts


@dataclass(frozen=True, slots=True)
class UssdExchange:
    """A USSD step: the whole transcript that was sent, and the screen that came back."""

    at: float
    session: str
    msisdn: str
    service: str
    transcript: str
    screen: str  # the raw body, with its CON or END
    weight: Weight
    status: int
    took_s: float


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule of the provider that the gateway broke."""

    at: float
    msisdn: str
    ref: str
    rule: str
    shown: str


@dataclass(frozen=True, slots=True)
class Tally:
    """The carrier's totals. `sms_in` and `segments_in` went from phones to the gateway."""

    sms_in: int
    sms_out: int
    segments_in: int
    segments_out: int
    undelivered_in: int
    ussd_sessions: int
    ussd_steps: int
    cost_minor: int
    violations: int
    slowest_hop_s: float


def tally(
    messages: Iterable[Sms], hops: Iterable[UssdExchange], sessions: int, violations: int
) -> Tally:
    """Return the totals of a diary."""
    sms = {"to_phone": 0, "from_phone": 0}
    parts = {"to_phone": 0, "from_phone": 0}
    lost = cost = steps = 0
    slowest = 0.0
    for message in messages:
        sms[message.way] += 1
        parts[message.way] += message.weight.segments
        lost += not message.delivered
        cost += message.cost_minor
    for hop in hops:
        steps += 1
        slowest = max(slowest, hop.took_s)
    return Tally(
        sms_in=sms["from_phone"],
        sms_out=sms["to_phone"],
        segments_in=parts["from_phone"],
        segments_out=parts["to_phone"],
        undelivered_in=lost,
        ussd_sessions=sessions,
        ussd_steps=steps,
        cost_minor=cost,
        violations=violations,
        slowest_hop_s=slowest,
    )
