"""The port of an SMS channel.

Each channel is one file in `sms/channels/`; the provider's words stay inside that file.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gateway.base.forms import ProviderTime
from gateway.gsm.segments import Capacity

if TYPE_CHECKING:  # Calculations of costs import this package, and never open a connection.
    import aiohttp


class SendStatus(StrEnum):
    """The result of handing one message to a provider.

    An UNKNOWN message may or may not have gone out. The provider is asked about it, and it is never
    blindly repeated.
    """

    ACCEPTED = "accepted"
    REFUSED = "refused"  # final: this channel will never send the message
    RETRY = "retry"  # certainly not sent; a later try is safe
    UNKNOWN = "unknown"


class Delivery(StrEnum):
    """The status in a receipt, in rising order of finality (see `rank`).

    Receipts never go backwards.
    """

    SENT = "sent"
    BUFFERED = "buffered"
    AWAY = "away"  # the phone is off or out of reach; the network may still try
    FAILED = "failed"
    DELIVERED = "delivered"


_RANK = {d: i for i, d in enumerate(Delivery)}


def rank(delivery: Delivery) -> int:
    """Return the position of `delivery` in the order of finality."""
    return _RANK[delivery]


@dataclass(frozen=True, slots=True)
class InboundSms:
    """One SMS from a phone; `sender` and `to` are as the provider wrote them.

    - `provider_id` is "" where the provider gives no id that tells two messages apart.
    - `stamp` is the provider's time.
    - `media` holds the addresses of an MMS's pictures, as the provider keeps them.
    - `typed` is the text that the phone sent, where `text` is the provider's reading of it (STOP
      for an opt-out in any
      language).
    """

    provider_id: str
    sender: str
    to: str
    text: str
    stamp: ProviderTime | None
    network: str | None = None
    media: tuple[str, ...] = ()
    typed: str | None = None

    @property
    def sent_at(self) -> datetime | None:
        """Return the provider's time, however exact it is."""
        return self.stamp.at if self.stamp else None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A delivery report.

    `delivery` is None for a status that the gateway does not know: it is stored, answered with 200,
    and changes nothing. `phone_away` is True while the phone is off or out of reach, whatever the
    status is (AWAY implies it).
    """

    provider_id: str
    delivery: Delivery | None
    raw_status: str
    reason: str | None = None
    opted_out: bool = False
    phone_away: bool = False


@dataclass(frozen=True, slots=True)
class OutboundSms:
    """One SMS to a phone.

    `key` is the gateway's id of the message. It is given to the provider where it takes one, and
    receipts repeat it.
    """

    key: str
    to: str
    text: str


class Hint(StrEnum):
    """A remedy, where another try alone does not help."""

    # the account has no money or a wrong key; the channel stops until an operator acts
    PAUSE = "pause"
    REROUTE = "reroute"  # this channel has no route to that number; another channel may have one
    MORNING = "morning"  # not at night, but from 08:00 at the phone


class RefusalReason(StrEnum):
    """The fault of a message that was refused for good."""

    NUMBER = "number"  # the number cannot be reached this way
    LENGTH = "length"  # the text is too long; a shorter one may pass
    CONTENT = "content"  # the text is not allowed; another one may pass
    BLOCKED = "blocked"  # the phone has blocked the gateway's messages


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider's answer for one message.

    `cost_micro` is the cost that the provider names, in millionths of a major unit of `currency`;
    None when it names none. `fault` is the fault of a refused message, where it is known.
    """

    key: str
    outcome: SendStatus
    provider_id: str | None = None
    reason: str | None = None
    cost_micro: int | None = None
    currency: str | None = None
    opted_out: bool = False
    hint: Hint | None = None
    fault: RefusalReason | None = None


@dataclass(frozen=True, slots=True)
class OptOut:
    """The provider's notice that a phone no longer wants the gateway's messages.

    `sender` is the name or code that the phone stopped.
    """

    msisdn: str
    sender: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """The provider's notice that a phone has subscribed to a keyword, or has left it.

    `keyword` belongs to the gateway's code `sender`. `added` is False when the phone left.
    """

    msisdn: str
    sender: str
    keyword: str
    added: bool


@dataclass(frozen=True, slots=True)
class Webhook:
    """A provider's call as it came, for the code that must authenticate it.

    `url` is the public address, as the provider was given it. Header names are in lower case.
    `pairs` holds the fields in order, with a repeated name as often as it came.
    """

    url: str
    headers: Mapping[str, str]
    pairs: Sequence[tuple[str, str]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The answer that the provider wants to read once its event is taken.

    Some providers send any words in it to the phone.
    """

    body: bytes = b""
    media_type: str | None = None


class SmsChannel(Protocol):
    """An SMS channel, made by its module's `make(name, options)`.

    `options` is its table in the settings. `sender` is the shortcode or number that workers text,
    and that they see as the sender. `thanks` is the answer to each event. `capacity` says how much
    one message can hold; a longer text is never handed to `send`.
    """

    name: str
    sender: str

    thanks: Acknowledgement

    capacity: Capacity

    def authentic(self, call: Webhook) -> bool:
        """Return True if the provider's own signature is valid.

        A provider that signs nothing always gets True: then only the secret path protects the call.
        """
        ...

    def parse_sms(self, form: Mapping[str, str]) -> InboundSms:
        """Read an incoming SMS. Raises `Refused` when the form is not an SMS of this provider."""
        ...

    def parse_receipt(self, form: Mapping[str, str]) -> Receipt:
        """Read a delivery report. Raises `Refused` when the form is none of this provider's."""
        ...

    def parse_opt_out(self, form: Mapping[str, str]) -> OptOut:
        """Read an opt-out notice. Raises `Refused` also where the provider has no such notice."""
        ...

    async def send(
        self, http: "aiohttp.ClientSession", messages: Sequence[OutboundSms]
    ) -> list[Sent]:
        """Hand messages to the provider and return one `Sent` per message, in order.

        Never raises for a fault of the network.
        """
        ...


@runtime_checkable
class TellsSubscriptions(Protocol):
    """A channel whose provider reports that a phone subscribes or leaves."""

    def parse_subscription(self, form: Mapping[str, str]) -> Subscription:
        """Read a notice of a subscription. Raises `Refused` when the form is none."""
        ...


@runtime_checkable
class ReadsOutbox(Protocol):
    """A channel whose phones read the gateway's own outbox.

    A message that is written has reached them.
    """

    reads_outbox: bool


@runtime_checkable
class TakesGetEvents(Protocol):
    """A channel whose provider may send an event in the address of a GET; all others only post."""

    takes_get: bool


@runtime_checkable
class SortsEvents(Protocol):
    """The optional method of a channel whose provider's calls must be split into events.

    Such a provider puts several events into one call, or sends SMS and receipts to one address.
    """

    def events(
        self, kind: str, pairs: Sequence[tuple[str, str]]
    ) -> list[tuple[str, Sequence[tuple[str, str]]]]:
        """Return the kind and the fields of each event in a call to the address of `kind`.

        The kind is `sms` or `receipt`. Return `[(kind, pairs)]`, with the same `pairs`, where the
        call is that one event.
        """
        ...


@cache
def sorts_events(kind: type["SmsChannel"]) -> bool:
    """Return True if channels of this class are `SortsEvents`.

    The result is cached, because checking each call costs 50 us.
    """
    return issubclass(kind, SortsEvents)


@dataclass(frozen=True, slots=True)
class MissedSms:
    """One SMS from the provider's own list, with the body that its webhook would have had."""

    sms: InboundSms
    raw: bytes


@runtime_checkable
class Polls(Protocol):
    """A channel whose provider lists the messages it received, so that a lost webhook is found."""

    poll_s: float | None
    """The seconds between two requests of the list; None: it is not requested."""

    async def received(self, http: "aiohttp.ClientSession", after: str) -> list[MissedSms]:
        """Return the messages after the one with the id `after`, oldest first.

        "0" stands for all messages. Raises Failed.
        """
        ...


@runtime_checkable
class LooksUpMessages(Protocol):
    """A channel whose provider can be asked about a message whose answer was lost."""

    async def ask(
        self,
        http: "aiohttp.ClientSession",
        message: OutboundSms,
        since: datetime,
        known: Collection[str],
    ) -> Sent:
        """Ask the provider whether it has the message.

        Return ACCEPTED with the provider's id, RETRY when it has no such message, or UNKNOWN when
        this request got no answer either. `since` is about the time at which the message was handed
        over. `known` holds the provider's ids of the gateway's other messages to this number. Never
        raises for a fault of the network.
        """
        ...


@runtime_checkable
class TellsBalance(Protocol):
    """A channel whose provider can be asked for the remaining money."""

    async def balance(self, http: "aiohttp.ClientSession") -> str:
        """Return the balance in the provider's words, "KES 1785.50".

        Raises Failed, which is not retryable where the provider refuses the gateway's credentials.
        """
        ...
