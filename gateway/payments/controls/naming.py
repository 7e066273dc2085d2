"""The control that compares a provider's name for a number with the worker's enrolled name.

Where they differ, the payout waits until an operator of the gateway has looked. No payout is
refused for a name: a worker is called by one name, registered by another, and spelt by a clerk.
Each word of the enrolled name must nearly be one of the provider's words. The order of the words
does not matter.
"""

from datetime import datetime, timedelta

from gateway.payments.controls.port import Wait

NAME = "name"
ALIKE = 0.85


def check(enrolled: str, told: str | None, now: datetime, hold: timedelta) -> Wait | None:
    """Return the wait where the names differ, or None.

    `told` is None where the provider did not report a name, which holds nothing.

    >>> from datetime import UTC
    >>> now, day = datetime(2026, 11, 21, tzinfo=UTC), timedelta(days=1)
    >>> check("Amina", "OTIENO AMINAH", now, day) is None, check("Amina", None, now, day) is None
    (True, True)
    >>> check("Amina", "Peter Kamau", now, day).control
    'name'
    """
    if told is None or likeness(enrolled, told) >= ALIKE:
        return None
    return Wait(NAME, now + hold, ends=False)


def likeness(enrolled: str, told: str) -> float:
    """Return the likeness of two names, from 0 to 1.

    For each enrolled word the nearest of the provider's words counts, and of these the worst. It is
    1 where a name has no words. Two words are compared by Winkler's measure (1990). Like his own
    program, rapidfuzz adds the common prefix above 0.7 only and counts whole transpositions.

    >>> likeness("Wanjiku Njeri", "NJERI WANJIKU MARY")
    1.0
    >>> round(likeness("Mohamed", "Mohammed Ali"), 2)
    0.97
    >>> round(likeness("martha", "marhta"), 3), round(likeness("dixon", "dicksonx"), 3)
    (0.961, 0.813)
    >>> likeness("a", "b")
    0.0
    """
    from rapidfuzz.distance import JaroWinkler  # noqa: PLC0415  # for the comparison of names only

    ours, theirs = _words(enrolled), _words(told)
    if not ours or not theirs:
        return 1.0
    return min(max(JaroWinkler.similarity(word, other) for other in theirs) for word in ours)


def _words(name: str) -> list[str]:
    return "".join(c if c.isalpha() else " " for c in name.casefold()).split()
