"""The command QUIET: the hours in which a worker wants no message unasked.

A request of the worker herself is answered at any hour.
"""

import re

from gateway.conversation.context import Context
from gateway.conversation.facts import QuietChosen, Turn
from gateway.conversation.parsed_sms import ParsedSms
from gateway.phrases import Phrasebook
from gateway.phrases.hearing import fold

_HOURS_A_DAY = 24
_HOURS = re.compile(
    r"^(\d{1,2})(?:[:.]00)?\s*(?:h\s*)?(?:-|to|\s)\s*(\d{1,2})(?:[:.]00)?\s*h?$", re.IGNORECASE
)
_TWO = re.compile(r"\s*[-\u2013\u2014]\s*|\s+(?:to|hadi|mpaka|\u00e0|a|zuwa|\u12a5\u1235\u12a8)\s+")


def hours_said(text: str, book: Phrasebook) -> QuietChosen | None:
    """Return the hours behind `QUIET`, or None when the text names none.

    They are two hours of the 24-hour clock (`21-7`), `0` for no quiet hours, or two hours as the
    language says them. The Swahili and the Ethiopian clock begin at sunrise, so `saa 3 usiku - saa
    1 asubuhi` is 21 to 7.
    """
    if text.strip() == "0":
        return QuietChosen(0, 0)
    found = _HOURS.match(text.strip())
    if not found:
        return _in_words(text, book)
    hours = int(found[1]), int(found[2])
    if max(hours) > _HOURS_A_DAY:
        return None
    return QuietChosen(hours[0] % _HOURS_A_DAY, hours[1] % _HOURS_A_DAY)


def quiet(context: Context, heard: ParsedSms) -> Turn:
    """Answer `QUIET 21-7`.

    The reply repeats the hours in words, as they are said where the worker lives.
    """
    chosen = hours_said(heard.rest, context.book)
    if chosen is None:
        return Turn((), context.say("quiet.how"))
    if chosen.from_hour == chosen.until_hour:
        return Turn((chosen,), context.say("quiet.none"))
    words = context.book.listed("hours.of_day")
    said = {"start": words[chosen.from_hour], "end": words[chosen.until_hour]}
    return Turn((chosen,), context.say("quiet.set", **said))


def _in_words(text: str, book: Phrasebook) -> QuietChosen | None:
    sides = _TWO.split(text.strip())
    hours = [_hour(side, book) for side in sides]
    if len(hours) != 2 or hours[0] is None or hours[1] is None:  # noqa: PLR2004  from and until
        return None
    return QuietChosen(hours[0], hours[1])


def _hour(said: str, book: Phrasebook) -> int | None:
    """Return the one hour of the day whose words hold all of `said`, or None.

    `said` must contain a number and a part of the day.
    """
    words = set(re.findall(r"\d+|[^\W\d]+", fold(said)))
    if len(words) < 2:  # noqa: PLR2004  a bare number is of the 24-hour clock
        return None
    found = [
        hour
        for hour, listed in enumerate(book.listed("hours.of_day"))
        if words <= set(re.findall(r"\d+|[^\W\d]+", fold(listed)))
    ]
    return found[0] if len(found) == 1 else None
