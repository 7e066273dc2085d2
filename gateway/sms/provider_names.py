"""The provider's names of the fields of an event: settings of the `http` channel.

They also describe the list in a call that holds several events.
"""

import re
from collections.abc import Sequence
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from gateway.base.forms.names import Names
from gateway.base.options import Options


def _known(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as bad:
        raise ValueError(f"no time zone {zone!r}; write one as Africa/Nairobi") from bad
    return zone


Zone = Annotated[str, AfterValidator(_known)]
NamePairs = Sequence[tuple[str, str]]
WHOLE_BODY = "."
"""The path of a list that is the body itself."""


class Incoming(Options):
    """The provider's names of the fields of an SMS.

    `zone` is the time zone of dates that name none, "Africa/Nairobi" for example. `messages` is the
    path of the list where one call holds several messages, `.` where the body is the list. Of
    several paths the first that a call contains is used. The other names are then names inside one
    item; fields outside the list stay known as well.
    """

    id: Names = ("id",)
    sender: Names = ("from", "sender")
    to: Names = ("to",)
    text: Names = ("text",)
    date: Names = ("date", "time")
    zone: Zone | None = None
    messages: Names | None = None


class ReceiptFields(Options):
    """The provider's names of the fields of a delivery report.

    `reports` is the path of a list of reports. `when` holds patterns of fields that only reports
    have, for a provider that sends messages and reports to one address.
    """

    id: Names = ("id",)
    status: Names = ("status",)
    reason: Names = ("reason",)
    reports: Names | None = None
    when: dict[str, re.Pattern[str]] = Field(default={})


def items(pairs: NamePairs, paths: Names | None) -> list[NamePairs]:
    """Return the fields of each item of the first list that exists, with the fields outside it.

    Return the whole call where there is no list.

    >>> items([("n", "2"), ("r.0.id", "a"), ("r.1.id", "b")], ("q", "r"))
    [[('n', '2'), ('id', 'a')], [('n', '2'), ('id', 'b')]]
    >>> items([("0.id", "a"), ("1.id", "b")], (".",))
    [[('id', 'a')], [('id', 'b')]]
    >>> items([("r.id", "a")], ("r",)), items([("id", "a")], ("r",))
    ([[('id', 'a')]], [[('id', 'a')]])
    """
    return next((found for path in paths or () if (found := _items(pairs, path))), [pairs])


def _items(pairs: NamePairs, path: str) -> list[NamePairs]:
    before = "" if path == WHOLE_BODY else f"{path}."
    found, beside = dict[str, list[tuple[str, str]]](), list[tuple[str, str]]()
    for name, value in pairs:
        place, dot, inner = name.removeprefix(before).partition(".")
        if not name.startswith(before):
            beside.append((name, value))
        elif dot and place.isdecimal():
            found.setdefault(place, []).append((inner, value))
        elif before:  # XML cannot tell a list of one item from an item outside a list.
            found.setdefault("", []).append((name.removeprefix(before), value))
        else:
            beside.append((name, value))
    # The last value of a repeated name counts, so the item's own fields stand behind the others.
    return [[*beside, *own] for own in found.values()]
