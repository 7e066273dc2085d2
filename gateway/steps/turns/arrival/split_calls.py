"""The events of one call of a provider: each message and report becomes an event of its own."""

from typing import cast

from gateway.base.errors import Refused
from gateway.base.forms import body_of, pairs
from gateway.sms.port import SortsEvents, sorts_events
from gateway.steps.runtime import Channel

_SORTED = ("sms", "receipt")


def sort(channel: Channel, kind: str, raw: bytes) -> list[tuple[str, bytes]]:
    """Return the kind and the body of each event in a call.

    Every body can be read, kept and replayed alone. Two equal items are one event, so a copy inside
    a call has no second effect.
    """
    if kind not in _SORTED or channel.sms is None or not sorts_events(type(channel.sms)):
        return [(kind, raw)]
    try:
        whole = pairs(raw)
    except Refused:
        # The reader of the call reports the error, where such an event is kept.
        return [(kind, raw)]
    found = cast("SortsEvents", channel.sms).events(kind, whole)
    if len(found) == 1 and found[0][1] is whole:
        return [(found[0][0], raw)]
    return list(dict.fromkeys((kind, body_of(dict(item))) for kind, item in found))
