"""The control that compares a provider's name for a number with the worker's enrolled name.

Where they differ, the payout waits until an operator of the gateway has looked. No payout is
refused for a name: a worker is called by one name, registered by another, and spelt by a clerk.
Each word of the enrolled name must nearly be one of the provider's words. The order of the words
does not matter.
"""

from datetime import UTC, datetime

from gateway.payments.control import Case, Example, HoldRules, Wait

RANK = 30
PHRASE = "pay.waits_name"
ALIKE = 0.85


class Rules(HoldRules):
    """The setting that switches the comparison on, and the wait."""

    check_names: bool = False
    """Before a number's first payout, compare the name that the provider has for it (MTN, Airtel)
    with the enrolled name. When the names differ too much, the payout waits for an operator.
    """


def asks_name(rules: Rules) -> bool:
    """Return whether the provider is asked for the name that it has for the number."""
    return rules.check_names


def check(case: Case, rules: Rules, now: datetime) -> Wait | None:
    """Return the wait where the names differ, or None.

    A name that the provider did not report holds nothing.

    >>> now = datetime(2026, 11, 21, tzinfo=UTC)
    >>> def waits(told):
    ...     names = {"enrolled_name": "Amina", "registered_name": told}
    ...     case = Case(1000, "KES", now, None, True, 0, {}, **names)
    ...     return check(case, Rules(check_names=True), now) is not None
    >>> waits("OTIENO AMINAH"), waits(None), waits("Peter Kamau")
    (False, False, True)
    """
    told = case.registered_name
    if told is None or likeness(case.enrolled_name, told) >= ALIKE:
        return None
    return Wait(now + rules.hold, ends=False)


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


_DAY = datetime(2026, 11, 21, tzinfo=UTC)
EXAMPLE = Example(
    Case(
        1000,
        "KES",
        _DAY,
        None,
        first=True,
        others_first=0,
        passed_minor={},
        enrolled_name="Amina",
        registered_name="Peter Kamau",
    ),
    Rules(check_names=True),
    _DAY,
)
