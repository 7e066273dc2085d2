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
_PREFIX_MAX, _PREFIX_WEIGHT = 4, 0.1  # These are Winkler's own numbers.


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
    1 where a name has no words.

    >>> likeness("Wanjiku Njeri", "NJERI WANJIKU MARY")
    1.0
    >>> round(likeness("Mohamed", "Mohammed Ali"), 2)
    0.97
    """
    ours, theirs = _words(enrolled), _words(told)
    if not ours or not theirs:
        return 1.0
    return min(max(jaro_winkler(word, other) for other in theirs) for word in ours)


def _words(name: str) -> list[str]:
    return "".join(c if c.isalpha() else " " for c in name.casefold()).split()


def jaro_winkler(one: str, other: str) -> float:
    """Return Winkler's likeness of two words (Winkler 1990).

    >>> round(jaro_winkler("martha", "marhta"), 3), round(jaro_winkler("dixon", "dicksonx"), 3)
    (0.961, 0.813)
    >>> jaro_winkler("a", "b")
    0.0
    """
    if one == other:
        return 1.0
    reach = max(len(one), len(other)) // 2 - 1
    taken = [False] * len(other)
    found: list[str] = []
    for n, letter in enumerate(one):
        for m in range(max(0, n - reach), min(len(other), n + reach + 1)):
            if not taken[m] and other[m] == letter:
                taken[m] = True
                found.append(letter)
                break
    if not found:
        return 0.0
    theirs = [letter for letter, is_taken in zip(other, taken, strict=True) if is_taken]
    swapped = sum(a != b for a, b in zip(found, theirs, strict=True)) / 2
    common = len(found)
    jaro = (common / len(one) + common / len(other) + (common - swapped) / common) / 3
    prefix = 0
    for a, b in zip(one[:_PREFIX_MAX], other[:_PREFIX_MAX], strict=False):
        if a != b:
            break
        prefix += 1
    return jaro + prefix * _PREFIX_WEIGHT * (1 - jaro)
