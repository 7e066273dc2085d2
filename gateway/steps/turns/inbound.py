"""The values of one inbound event that travel together through its turn."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from gateway.conversation.parsed_sms import ParsedSms
from gateway.steps.runtime import Channel, Runtime
from gateway.store.turns import turns
from gateway.store.turns.situation import TurnRow


@dataclass(frozen=True, slots=True)
class TurnSource:
    """The event behind the facts.

    `via` is sms or ussd. `channel` is the channel of its SMS replies. `pin` is the PIN that a
    coordinator put behind her words; it is checked and not kept.
    """

    msisdn: str
    said: str
    via: str
    channel: str
    pin: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """One event with all that was read for it."""

    rt: Runtime
    """The runtime of this process."""
    channel: Channel
    """The channel on which the event came."""
    event: turns.InboundEvent
    """The identity of the event."""
    row: TurnRow
    """The row that was read for it."""
    heard: TurnSource
    """The sender and the words."""
    parsed: ParsedSms | None = None
    """The words of an SMS, as parsed; None for a key."""
    keys: Sequence[str] = ()
    """The keys of a USSD step, as typed; none for an SMS."""
