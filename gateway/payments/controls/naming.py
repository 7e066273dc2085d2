"""The name an operator has for a number, against the name its worker was enrolled with: where they differ a person looks.

Nobody is refused for a name: people are called by one, registered by another, and spelt by a clerk. Each word of the enrolled
name must be nearly one of the operator's words; which stand where does not matter.
"""

from datetime import datetime, timedelta

from gateway.payments.controls.port import Wait

NAME = "name"
ALIKE = 0.85
_PREFIX_MAX, _PREFIX_WEIGHT = 4, 0.1  # Winkler's own


def check(enrolled: str, told: str | None, now: datetime, hold: timedelta) -> Wait | None:
    """`told`: None where the operator did not say, which holds nothing.

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
    """0 to 1: of each enrolled word the nearest of the operator's, and of those the worst; 1 where a name has no words.

    >>> likeness("Wanjiku Njeri", "NJERI WANJIKU MARY"), round(likeness("Mohamed", "Mohammed Ali"), 2)
    (1.0, 0.97)
    """
    ours, theirs = _words(enrolled), _words(told)
    if not ours or not theirs:
        return 1.0
    return min(max(jaro_winkler(word, other) for other in theirs) for word in ours)


def _words(name: str) -> list[str]:
    return "".join(c if c.isalpha() else " " for c in name.casefold()).split()


def jaro_winkler(one: str, other: str) -> float:
    """Winkler's likeness of two words (Winkler 1990).

    >>> round(jaro_winkler("martha", "marhta"), 3), round(jaro_winkler("dixon", "dicksonx"), 3), jaro_winkler("a", "b")
    (0.961, 0.813, 0.0)
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
