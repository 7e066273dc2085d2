"""The collection of a partner's price for answers that were found to be wrong. Pure.

The money is taken from what the partner has not invoiced and not been paid yet: first from the part
that was kept for reinvestment, as much as this price added to it, then from the payable part. What
is missing waits for later earnings.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OpenCorrection:
    """A price that is to be given back, in minor units.

    `reinvest_minor` is the part of it that had been kept for reinvestment.
    """

    id: int
    amount_minor: int
    reinvest_minor: int
    taken_minor: int
    reinvest_taken_minor: int


@dataclass(frozen=True, slots=True)
class CollectedPart:
    """The amounts that one correction takes now from the payable and from the kept money."""

    correction: int
    payable_minor: int
    reinvest_minor: int


def collect(
    corrections: Iterable[OpenCorrection], payable_minor: int, kept_minor: int
) -> list[CollectedPart]:
    """Return what each correction takes, the oldest first.

    >>> open_one = OpenCorrection(1, 100, 40, 0, 0)
    >>> collect([open_one], 500, 30)
    [CollectedPart(correction=1, payable_minor=70, reinvest_minor=30)]
    """
    parts: list[CollectedPart] = []
    for one in sorted(corrections, key=lambda correction: correction.id):
        rest_minor = one.amount_minor - one.taken_minor
        kept_part = min(one.reinvest_minor - one.reinvest_taken_minor, kept_minor, rest_minor)
        kept_part = max(0, kept_part)
        payable_part = max(0, min(rest_minor - kept_part, payable_minor))
        if kept_part or payable_part:
            parts.append(CollectedPart(one.id, payable_part, kept_part))
            payable_minor -= payable_part
            kept_minor -= kept_part
    return parts
