"""The provider's names for what an event has, and how several events stand in one call: settings of the `http` channel."""

import re
from collections.abc import Sequence
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from gateway.forms.names import Names
from gateway.options import Options


def _known(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as bad:
        raise ValueError(f"no time zone {zone!r}; write one as Africa/Nairobi") from bad
    return zone


Zone = Annotated[str, AfterValidator(_known)]
Pairs = Sequence[tuple[str, str]]
WHOLE_BODY = "."
"""The path of a list that is the body itself."""


class Incoming(Options):
    """The provider's names of what an SMS has.

    `zone`: the time zone of dates that name none, "Africa/Nairobi" for example. `messages`: the
    path of the list where one call holds several, `.` where the body is the list; of several paths
    the first that a call has. The other names are then those inside of one item; fields outside of
    the list stay known as well.
    """

    id: Names = ("id",)
    sender: Names = ("from", "sender")
    to: Names = ("to",)
    text: Names = ("text",)
    date: Names = ("date", "time")
    zone: Zone | None = None
    messages: Names | None = None


class ReceiptFields(Options):
    """The provider's names of what a delivery report has.

    `reports`: the path of a list of them. `when`: patterns of fields that only reports have, for a
    provider that brings messages and reports to one address.
    """

    id: Names = ("id",)
    status: Names = ("status",)
    reason: Names = ("reason",)
    reports: Names | None = None
    when: dict[str, re.Pattern[str]] = Field(default={})


def items(pairs: Pairs, paths: Names | None) -> list[Pairs]:
    """Return the fields of each item of the first list that there is, with those outside of it; the whole where
    there is none.

    >>> items([("n", "2"), ("r.0.id", "a"), ("r.1.id", "b")], ("q", "r"))
    [[('n', '2'), ('id', 'a')], [('n', '2'), ('id', 'b')]]
    >>> items([("0.id", "a"), ("1.id", "b")], (".",)), items([("r.id", "a")], ("r",)), items([("id", "a")], ("r",))
    ([[('id', 'a')], [('id', 'b')]], [[('id', 'a')]], [[('id', 'a')]])
    """
    return next((found for path in paths or () if (found := _items(pairs, path))), [pairs])


def _items(pairs: Pairs, path: str) -> list[Pairs]:
    before = "" if path == WHOLE_BODY else f"{path}."
    found, beside = dict[str, list[tuple[str, str]]](), list[tuple[str, str]]()
    for name, value in pairs:
        place, dot, inner = name.removeprefix(before).partition(".")
        if not name.startswith(before):
            beside.append((name, value))
        elif dot and place.isdecimal():
            found.setdefault(place, []).append((inner, value))
        elif before:  # XML cannot tell a list of one from one that is no list.
            found.setdefault("", []).append((name.removeprefix(before), value))
        else:
            beside.append((name, value))
    # Of a name that comes twice the last counts, so the item's own fields stand behind the others.
    return [[*beside, *own] for own in found.values()]
