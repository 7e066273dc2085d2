"""The accuracy of a batch as its gold shows it, with a reliable interval that a client can sign."""

from dataclasses import dataclass
from math import sqrt

GOLD_MIN = 30  # Below that an interval would be too wide to be of use.
# The promise is 95 %, and it must hold on every batch. The interval is built at 97 %, because the
# true coverage of an interval for counts varies with the share itself.
Z = 2.17


@dataclass(frozen=True, slots=True)
class Certificate:
    """The accuracy of a batch's values as gold shows it, 0..1, with a two-sided 95 % interval."""

    accuracy: float
    low: float
    high: float
    gold: int


@dataclass(frozen=True, slots=True)
class TooLittleGold:
    """The result in place of a batch's certificate of accuracy when it has too few gold tasks.

    The batch has `gold` gold tasks, and a certificate needs `wanted`.
    """

    gold: int
    wanted: int = GOLD_MIN


def certificate(right: int, gold: int, others: int) -> Certificate | TooLittleGold:
    """Return the accuracy to expect on `others` tasks.

    `right` of `gold` tasks came out right unaided. It is Wilson's interval with continuity
    correction (Newcombe 1998), which errs on the wide side. The sample is shrunk to what tells
    `gold` known tasks and `others` unknown ones apart.
    """
    if gold < GOLD_MIN:
        return TooLittleGold(gold)
    share = right / gold
    n = gold * others / (gold + others) if others else float(gold)
    low = _wilson(1.0 - share, n)
    return Certificate(share, max(0.0, 1.0 - low), min(1.0, _wilson(share, n)), gold)


def _wilson(share: float, n: float) -> float:
    """Return the upper end of the interval of a share of `n`."""
    if share == 1.0:
        return 1.0
    spread = Z * sqrt(max(0.0, Z * Z + 2.0 - 1.0 / n + 4.0 * share * (n * (1.0 - share) - 1.0)))
    return min(1.0, (2.0 * n * share + Z * Z + spread + 1.0) / (2.0 * (n + Z * Z)))
