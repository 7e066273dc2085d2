"""How well a worker copes with questions by SMS, and what follows for the next message.

The measure is the number of replies understood in a row. It decides how many questions one SMS may
hold (one at first, more with each success, one again after an unclear reply) and whether a message
must say how to reply.
"""

EASE_MAX = 6
"""From here on nothing changes any more, so nothing is counted either."""
HINTS_UNTIL = 2
"""Below this a message always says how to reply, also where that costs a segment: the first three
do.
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

    >>> after_reply(2, understood=True), after_reply(6, understood=True), after_reply(5, understood=False)
    (3, 6, 0)
    """
    return min(ease + 1, EASE_MAX) if understood else 0


def needs_hint(ease: int) -> bool:
    """Return whether a message with a question must say how to reply."""
    return ease < HINTS_UNTIL
