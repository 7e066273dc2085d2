"""The measure of how well a worker copes with questions by SMS, and its effects.

The measure is the number of replies understood in a row. It decides how many questions the next SMS
may hold: one at first, more with each success, and one again after an unclear reply. It also
decides whether a message must say how to reply.
"""

EASE_MAX = 6
"""The highest measure. Beyond it nothing changes any more, so nothing is counted either."""
HINTS_UNTIL = 2
"""The measure below which a message always says how to reply, even where that costs a segment: so
do the first three.
"""
_PACKS = (1, 1, 2, 3, 4, 6)


def pack_limit(ease: int, pack_max: int) -> int:
    """Return how many questions one SMS may hold for a worker at `ease`.

    >>> [pack_limit(ease, 9) for ease in range(8)]
    [1, 1, 2, 3, 4, 6, 9, 9]
    """
    return min(pack_max, _PACKS[ease]) if ease < len(_PACKS) else pack_max


def after_reply(ease: int, *, understood: bool) -> int:
    """Return the measure after one more reply to a question.

    >>> after_reply(2, understood=True), after_reply(6, understood=True)
    (3, 6)
    >>> after_reply(5, understood=False)
    0
    """
    return min(ease + 1, EASE_MAX) if understood else 0


def needs_hint(ease: int) -> bool:
    """Return True when a message with a question must say how to reply."""
    return ease < HINTS_UNTIL
