"""What an SMS channel must do.

One channel a file in `sms/channels/`; provider words stop at that file.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

import aiohttp

from gateway.forms import Stamp
from gateway.phrases.capacity import Capacity


class Outcome(StrEnum):
    """What became of one send.

    UNKNOWN: it may or may not have gone out; it is asked about, never blindly repeated.
    """

    ACCEPTED = "accepted"
    REFUSED = "refused"  # final: this message will never go out this way
    RETRY = "retry"  # certainly not sent; may be sent again later
    UNKNOWN = "unknown"


class Delivery(StrEnum):
    """What a receipt says, in rising order of finality (see `rank`): receipts never go backwards."""

    SENT = "sent"
    BUFFERED = "buffered"
    AWAY = "away"  # the phone is off or out of reach; the network may still try
    FAILED = "failed"
    DELIVERED = "delivered"


_RANK = {d: i for i, d in enumerate(Delivery)}


def rank(delivery: Delivery) -> int:
    return _RANK[delivery]


@dataclass(frozen=True, slots=True)
class InboundSms:
    """One SMS from a phone; `sender`, `to` as the provider wrote them.

    `provider_id`: "" where the provider gives none that tells two messages apart. `stamp`: the
    provider's time. `typed`: what the phone sent, where `text` is the provider's reading of it
    (STOP for an opt-out in any language). `media`: addresses of the pictures that came with an MMS,
    as the provider keeps them.
    """

    provider_id: str
    sender: str
    to: str
    text: str
    stamp: Stamp | None
    network: str | None = None
    media: tuple[str, ...] = ()
    typed: str | None = None

    @property
    def sent_at(self) -> datetime | None:
        """The provider's time, however exact it is."""
        return self.stamp.at if self.stamp else None

    @property
    def moment(self) -> str:
        """The provider's time, as exact as it is; "" where it does not even name the second."""
        return self.stamp.at.isoformat() if self.stamp and self.stamp.exact else ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A delivery report.

    `delivery` None: a status we do not know (stored, answered 200, changes nothing).
    """

    provider_id: str
    delivery: Delivery | None
    raw_status: str
    reason: str | None = None
    opted_out: bool = False
    phone_away: bool = False
    """The phone is off or out of reach, whatever became of this message (AWAY says so by itself).
    """


@dataclass(frozen=True, slots=True)
class OutboundSms:
    """`key` is our message id: given to the provider where it takes one, and echoed in receipts."""

    key: str
    to: str
    text: str


class Hint(StrEnum):
    """What would help, where that is not just another try."""

    PAUSE = "pause"  # the account: no money, a wrong key; nothing goes this way until a person acts
    REROUTE = "reroute"  # this channel has no road to that number; another may
    MORNING = "morning"  # not at night: from 08:00, where the phone is


class Fault(StrEnum):
    """What is wrong with a message that was refused for good."""

    NUMBER = "number"  # nobody can be reached at it this way
    LENGTH = "length"  # the text is too long: a shorter one may go
    CONTENT = "content"  # the text is not allowed: another one may go
    BLOCKED = "blocked"  # the phone wants nothing from us


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider's answer for one message.

    `cost_micro`: what the provider says it cost, in millionths of a major unit of `currency`; None
    when it did not say. `fault`: what is wrong with a refused message, where that is known.
    """

    key: str
    outcome: Outcome
    provider_id: str | None = None
    reason: str | None = None
    cost_micro: int | None = None
    currency: str | None = None
    opted_out: bool = False
    hint: Hint | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class OptOut:
    """The provider's notice that a phone no longer wants our messages.

    `sender`: the name or code it stopped.
    """

    msisdn: str
    sender: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """The provider's notice that a phone has subscribed to `keyword` of our code, or (`added` False) has left it."""

    msisdn: str
    sender: str
    keyword: str
    added: bool


@dataclass(frozen=True, slots=True)
class Webhook:
    """A provider's call as it came, for who must prove it.

    `url`: the public one, as the provider was told it; header names in lower case; `pairs`: the
    fields in order, a repeated name as often as it came.
    """

    url: str
    headers: Mapping[str, str]
    pairs: Sequence[tuple[str, str]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Thanks:
    """What the provider wants to read once its event is taken.

    Some text any words in it to the phone.
    """

    body: bytes = b""
    media_type: str | None = None


class SmsChannel(Protocol):
    """Made by the channel module's `make(name, options)`; options are the channel's table in config."""

    name: str
    sender: str
    """The shortcode or number workers text, and see as sender."""

    thanks: Thanks

    capacity: Capacity
    """What one message can hold; a longer text is never handed to `send`."""

    def authentic(self, call: Webhook) -> bool:
        """Whether the provider's own signature holds; True where it signs nothing (the secret path must do)."""
        ...

    def parse_sms(self, form: Mapping[str, str]) -> InboundSms:
        """Raises `Refused` when it is not an SMS of this provider at all."""
        ...

    def parse_receipt(self, form: Mapping[str, str]) -> Receipt: ...

    def parse_opt_out(self, form: Mapping[str, str]) -> OptOut:
        """Raises `Refused` also where the provider has no such notice."""
        ...

    async def send(
        self, http: aiohttp.ClientSession, messages: Sequence[OutboundSms]
    ) -> list[Sent]:
        """Hand messages to the provider; one `Sent` for each, in order.

        Never raises for what the network does.
        """
        ...


@runtime_checkable
class TellsSubscriptions(Protocol):
    """A channel whose provider tells when a phone subscribes or leaves."""

    def parse_subscription(self, form: Mapping[str, str]) -> Subscription: ...


@runtime_checkable
class ReadsOutbox(Protocol):
    """A channel whose phones read our own outbox: what is written has reached them."""

    reads_outbox: bool


@runtime_checkable
class TakesGet(Protocol):
    """A channel whose provider may bring an event in the address of a GET; all others only post."""

    takes_get: bool


@runtime_checkable
class Sorts(Protocol):
    """A channel whose provider puts several events into one call, or messages and reports at one address."""

    def events(
        self, kind: str, pairs: Sequence[tuple[str, str]]
    ) -> list[tuple[str, Sequence[tuple[str, str]]]]:
        """Return the kind (`sms` or `receipt`) and the fields of each event in a call to the address of `kind`;
        `[(kind, pairs)]`, with the same `pairs`, where the call is that one event."""
        ...


@dataclass(frozen=True, slots=True)
class Missed:
    """One SMS from the provider's own list, with the body its webhook would have had."""

    sms: InboundSms
    raw: bytes


@runtime_checkable
class Polls(Protocol):
    """A channel whose provider can be asked for the messages it received: a webhook that never came is found so."""

    poll_s: float | None
    """Seconds between two questions; None: it is not asked."""

    async def received(self, http: aiohttp.ClientSession, after: str) -> list[Missed]:
        """Messages after the one with the id `after` ("0": from the first), oldest first; raises Failed."""
        ...


@runtime_checkable
class Asks(Protocol):
    """A channel whose provider can be asked what became of a message whose answer was lost."""

    async def ask(
        self,
        http: aiohttp.ClientSession,
        message: OutboundSms,
        since: datetime,
        known: Collection[str],
    ) -> Sent:
        """ACCEPTED with its id: the provider has it. RETRY: it has not. UNKNOWN: no answer to this question either.
        `since`: about when it was handed over; `known`: the provider's ids of our other messages to this number.
        Never raises for what the network does."""
        ...


@runtime_checkable
class TellsBalance(Protocol):
    """A channel whose provider can be asked how much money is left."""

    async def balance(self, http: aiohttp.ClientSession) -> str:
        """As the provider says it, "KES 1785.50"; raises Failed, not retryable where it refuses our credentials."""
        ...
