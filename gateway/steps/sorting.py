"""What one call of a provider holds: each message and each report in it becomes an event of its own."""

import json

from gateway.errors import Refused
from gateway.forms import pairs
from gateway.runtime import Channel
from gateway.sms.port import Sorts
from gateway.sms.provider_names import Pairs

_SORTED = ("sms", "receipt")


def sort(channel: Channel, kind: str, raw: bytes) -> list[tuple[str, bytes]]:
    """Return the kind and the body of each event in a call. Every body can be read, kept and replayed alone.

    Two items that say the same are one event, so a copy inside of a call has no second effect.
    """
    if kind not in _SORTED or not isinstance(channel.sms, Sorts):
        return [(kind, raw)]
    try:
        whole = pairs(raw)
    except Refused:
        return [(kind, raw)]  # its reader says why, where such an event is kept
    found = channel.sms.events(kind, whole)
    if len(found) == 1 and found[0][1] is whole:
        return [(found[0][0], raw)]
    return list(dict.fromkeys((kind, _body(item)) for kind, item in found))


def _body(item: Pairs) -> bytes:
    """Return the fields of an item as a body that is read back exactly as it is.

    A form would not do: a charset that one of its fields names, or a control character in a text,
    would have its values decoded a second time. JSON in ASCII leaves nothing to decode.
    """
    return json.dumps(dict(item), separators=(",", ":")).encode("ascii")
