"""A batch's accuracy as its gold shows it, with an interval that holds: what a client can sign for."""

from dataclasses import dataclass
from math import sqrt

GOLD_MIN = 30  # below that an interval would be too wide to be of use
# Promised is 95 %. Built at 97 %, since the true coverage of an interval for counts wavers with the
# share itself, and the promise is to hold on every batch.
Z = 2.17


@dataclass(frozen=True, slots=True)
class Certificate:
    """Accuracy of a batch's values as gold shows it, 0..1, with a two-sided 95 % interval."""

    accuracy: float
    low: float
    high: float
    gold: int


@dataclass(frozen=True, slots=True)
class TooLittleGold:
    """No certificate: `gold` tasks known, `wanted` needed."""

    gold: int
    wanted: int = GOLD_MIN


def certificate(right: int, gold: int, others: int) -> Certificate | TooLittleGold:
    """Accuracy to expect on `others` tasks, after `right` of `gold` came out right unaided.

    Wilson's interval with continuity correction (Newcombe 1998), which errs on the wide side; the
    sample is shrunk to what tells `gold` known tasks and `others` unknown ones apart.
    """
    if gold < GOLD_MIN:
        return TooLittleGold(gold)
    share = right / gold
    n = gold * others / (gold + others) if others else float(gold)
    low = _wilson(1.0 - share, n)
    return Certificate(share, max(0.0, 1.0 - low), min(1.0, _wilson(share, n)), gold)


def _wilson(share: float, n: float) -> float:
    """Upper end of the interval of a share of `n`."""
    if share == 1.0:
        return 1.0
    spread = Z * sqrt(max(0.0, Z * Z + 2.0 - 1.0 / n + 4.0 * share * (n * (1.0 - share) - 1.0)))
    return min(1.0, (2.0 * n * share + Z * Z + spread + 1.0) / (2.0 * (n + Z * Z)))
