"""The number of questions per SMS with the lowest expected cost of an accepted answer.

The cost of a round is its prompt's segments, which the client pays, and one segment of reply, which
the worker pays. Both are money. The gain is the number of answers to expect. The more questions a
message asks, the more answers workers leave out and mistype. Unclear answers must be asked again.
"""

from collections.abc import Iterable

CLEAR = 0.97
"""The share of items that are answered clearly when one is asked. It is an assumption, as is the
next: the simulated workers of `gateway replay` leave out or mistype about as much.
"""
TIRING = 0.01
"""The fall of that share with each further item of the message."""
PROMPT_SEGMENTS_MAX = 3
"""The most segments of a message. Old handsets refuse or cut longer ones."""


def accepted(items: int) -> float:
    """Return the number of answers to expect of a message with `items` items."""
    return items * CLEAR * max(0.0, 1.0 - TIRING * (items - 1))


def cost(items: int, prompt_segments: int, price_out: float, price_in: float) -> float:
    """Return the expected cost of one accepted answer, in the unit of the prices per segment.

    >>> cost(1, 1, 1.0, 1.0) > cost(5, 2, 1.0, 1.0)
    True
    """
    return (prompt_segments * price_out + price_in) / accepted(items)


def cheapest(sizes: Iterable[tuple[int, int]], price_out: float, price_in: float) -> int:
    """Return the number of items of the cheapest of `sizes` (items, segments of their prompt).

    The first counts however long it is. Among equally cheap ones the smallest wins.
    """
    first, *others = sizes
    fitting = [first, *(s for s in others if s[1] <= PROMPT_SEGMENTS_MAX)]
    return min(fitting, key=lambda s: (cost(*s, price_out, price_in), s[0]))[0]
