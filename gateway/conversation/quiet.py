"""QUIET: the hours in which a worker wants nothing unasked. What she asks for is answered at any hour."""

import re

from gateway.conversation.facts import QuietChosen, Turn
from gateway.conversation.heard import Heard
from gateway.conversation.talk import Talk

_HOURS_A_DAY = 24
_HOURS = re.compile(
    r"^(\d{1,2})(?:[:.]00)?\s*(?:h\s*)?(?:-|to|\s)\s*(\d{1,2})(?:[:.]00)?\s*h?$", re.IGNORECASE
)


def hours_said(text: str) -> QuietChosen | None:
    """Two hours of the day, or `0` for none at all; None when it is neither.

    >>> hours_said("21-7"), hours_said("22:00 6:00"), hours_said("late")
    (QuietChosen(from_hour=21, until_hour=7), QuietChosen(from_hour=22, until_hour=6), None)
    """
    if text.strip() == "0":
        return QuietChosen(0, 0)
    found = _HOURS.match(text.strip())
    if not found:
        return None
    hours = int(found[1]), int(found[2])
    if max(hours) > _HOURS_A_DAY:
        return None
    return QuietChosen(hours[0] % _HOURS_A_DAY, hours[1] % _HOURS_A_DAY)


def quiet(talk: Talk, heard: Heard) -> Turn:
    """`QUIET 21-7`; without hours, or with others than those of a day, how to say it."""
    chosen = hours_said(heard.rest)
    if chosen is None:
        return Turn((), talk.say("quiet.how"))
    if chosen.from_hour == chosen.until_hour:
        return Turn((chosen,), talk.say("quiet.none"))
    hours = {"start": f"{chosen.from_hour}:00", "end": f"{chosen.until_hour}:00"}
    return Turn((chosen,), talk.say("quiet.set", **hours))
