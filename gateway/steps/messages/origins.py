"""The origin of a message of the outbox: an inbound event, or a payout.

A message carries it in its `cause`, so that one search for the event finds the lines about its
sending and its receipts.
"""

from collections.abc import Mapping, Sequence

from gateway.store.messages.outbox import Claimed

_OF_EVENTS = ("reply", "unclear", "again", "late")
_SHORTER = "shorter"


def shorter_cause(message_id: int, cause: str | None) -> str:
    """Return the cause of the message that replaces another one of the same origin."""
    kind, _, rest = (cause or "").partition(":")
    return f"{_SHORTER}:{message_id}" + (f":{rest}" if kind in _OF_EVENTS else "")


def origin(cause: str | None, payout: str | None = None) -> dict[str, str]:
    """Return the origin of a message for a log line.

    `payout` is the reference, where the cause names a payout.

    >>> origin("reply:at:ATXid_1"), origin("unclear:at:a:b")
    ({'event_id': 'ATXid_1'}, {'event_id': 'a:b'})
    >>> origin("shorter:7:at:ATXid_1"), origin("shorter:7")
    ({'event_id': 'ATXid_1'}, {})
    >>> origin("asked:P7K2M"), origin("payout:0191:paid", "P7K2M")
    ({'payout': 'P7K2M'}, {'payout': 'P7K2M'})
    >>> origin("dropped:12"), origin(None)
    ({}, {})
    """
    kind, _, rest = (cause or "").partition(":")
    if kind == _SHORTER:
        kind, rest = _OF_EVENTS[0], rest.partition(":")[2]
    if kind in _OF_EVENTS and (event_id := rest.partition(":")[2]):
        return {"event_id": event_id}
    if payout or kind == "asked":
        return {"payout": payout or rest}
    return {}


def origins(messages: Sequence[Claimed]) -> Mapping[str, list[str]]:
    """Return the origins of several messages, for one log line."""
    found = [origin(each.cause, each.payout) for each in messages]
    told = {
        "event_ids": [each["event_id"] for each in found if "event_id" in each],
        "payouts": [each["payout"] for each in found if "payout" in each],
    }
    return {name: values for name, values in told.items() if values}
