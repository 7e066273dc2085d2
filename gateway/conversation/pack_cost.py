"""How many questions to put into one SMS: the number with the lowest expected cost of an accepted answer.

The cost of a round is its prompt's segments, which the client pays, and one segment of reply, which the worker pays:
both are money. The gain is the answers that can be expected: people leave more out, and mistype more, the more there
is to answer at once, and what is not clear must be asked again.
"""

from collections.abc import Iterable

CLEAR = 0.97
"""Share of items that are answered clearly when one is asked. An assumption, like the next: the
simulated crowd of `gateway replay` leaves out or mistypes about as much.
"""
TIRING = 0.01
"""How much that share falls with each further item of the message."""
PROMPT_SEGMENTS_MAX = 3
"""Longer messages are refused or cut by old handsets."""


def accepted(items: int) -> float:
    """Answers to expect of a message with so many items."""
    return items * CLEAR * max(0.0, 1.0 - TIRING * (items - 1))


def cost(items: int, prompt_segments: int, price_out: float, price_in: float) -> float:
    """Expected cost of one accepted answer, in the unit of the prices of a segment.

    >>> cost(1, 1, 1.0, 1.0) > cost(5, 2, 1.0, 1.0)
    True
    """
    return (prompt_segments * price_out + price_in) / accepted(items)


def cheapest(sizes: Iterable[tuple[int, int]], price_out: float, price_in: float) -> int:
    """The best of `sizes` (items, segments of their prompt): its items. The first counts however long it is; of
    equally good ones the smaller."""
    first, *others = sizes
    fitting = [first, *(s for s in others if s[1] <= PROMPT_SEGMENTS_MAX)]
    return min(fitting, key=lambda s: (cost(*s, price_out, price_in), s[0]))[0]
