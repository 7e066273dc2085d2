"""The identity of an SMS, however often and under however many ids its provider sends it.

An SMS is identified by its channel, sender, id and text. Without an id, the time at which the
provider received it takes the id's place. Without either, equal texts are copies only for a few
seconds (`store/sql/events.sql`).
"""

import unicodedata
from dataclasses import dataclass
from datetime import timedelta

from gateway.base.errors import Refused
from gateway.base.msisdn import normalise
from gateway.sms.port import InboundSms
from gateway.steps.runtime import Runtime

COPIES_WITHIN = timedelta(seconds=3)
"""The time during which equal texts are copies, where a provider sends neither an id nor a time. It
ends when a reply was sent.
"""
_DIGEST_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity of one SMS."""

    event_id: str
    """The id of the event, unique on its channel."""
    same_id: str | None = None
    """The beginning of the ids of all texts of this sender under the provider's id."""
    twin: bytes | None = None
    """A digest that is equal for the same SMS under another id."""
    undated: str | None = None
    """The beginning of the ids of equal texts that came without id and time."""
    former: str | None = None
    """The event's id in the former format, without text and sender."""


def identity(rt: Runtime, sms: InboundSms, kept_as: str | None = None) -> Identity:
    """Return the identity of an SMS.

    `kept_as` is the event's id under which it was stored when it came.
    """
    sender, text = _sender(rt, sms), _text(sms)
    said = rt.vault.index(f"sms\0{sender}\0{text}").hex()
    twin = None
    if sms.stamp and sms.stamp.exact:
        twin = rt.vault.index(f"twin\0{sender}\0{text}\0{sms.stamp.at.isoformat()}")
    if sms.provider_id:
        whose = rt.vault.index(sender).hex()[:_DIGEST_CHARACTERS]
        same_id = f"{sms.provider_id}@{whose}#"
        event_id = f"{same_id}{said[:_DIGEST_CHARACTERS]}"
        return Identity(event_id, same_id, twin, former=sms.provider_id)
    if twin is not None:
        return Identity(f"dated:{twin.hex()}", twin=twin)
    written = f"{said}\0{sms.sent_at.isoformat()}" if sms.sent_at else said
    undated = f"undated:{rt.vault.index(written).hex()}:"
    if kept_as is not None and kept_as.startswith(undated):
        return Identity(kept_as, undated=undated)
    arrived_ms = int(rt.clock.now().timestamp() * 1000)
    return Identity(f"{undated}{arrived_ms:014d}", undated=undated)


def _sender(rt: Runtime, sms: InboundSms) -> str:
    try:
        return normalise(sms.sender, rt.settings.region)
    except Refused:
        return sms.sender.strip()


def _text(sms: InboundSms) -> str:
    said = sms.text if sms.typed is None else sms.typed
    return unicodedata.normalize("NFC", " ".join(said.split()))
