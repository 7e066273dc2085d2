"""The choice between several answers to one task, and one answer that other workers check.

The cheaper way is taken, by its expected price per task. With `n` the expected answers of the
task's policy, `p` the price of an answer, `v` the expected answers of a check, `c` the price of a
check, and `r` the expected share of first answers that are right:

    several answers      n * p
    one answer, checked  p + v * c + (1 - r) * n * p

The last term is for answers that do not pass the check: their tasks are asked again, as if nothing
had been answered.
"""

from dataclasses import dataclass

from gateway.qa.judging.overlap import (
    CONFIDENCE,
    DoubleKeying,
    DynamicOverlap,
    FixedOverlap,
    PricedOverlap,
    parse_policy,
)

DYNAMIC_EXPECTED = 2.8
"""The answers per task of dynamic overlap, measured on seven recorded crowds (docs/benchmarks.md).
"""
DOUBLE_EXPECTED = 2.3
"""The most entries per record that double keying may take on average (decision 68)."""
FORMULA = "several: n * p; checked: p + v * c + (1 - r) * n * p"


@dataclass(frozen=True, slots=True)
class AnswerNumbers:
    """The numbers of answers per task under a policy."""

    least: int
    most: int
    expected: float


@dataclass(frozen=True, slots=True)
class ChainChoice:
    """The choice for one main stage, with the expected prices per task in minor units."""

    stage: str
    checked: bool
    why: str
    several_minor: float
    checked_minor: float


def answer_numbers(policy: str, confidence: float) -> AnswerNumbers:
    """Return the answers that a task may get. Raises Refused for an unknown policy.

    >>> answer_numbers("fixed:3", 0), answer_numbers("dynamic", 0).most
    (AnswerNumbers(least=3, most=3, expected=3.0), 7)
    """
    match parse_policy(policy, available=None, confidence=confidence or CONFIDENCE):
        case FixedOverlap(answers):
            return AnswerNumbers(answers, answers, float(answers))
        case DynamicOverlap(_, least, most) | PricedOverlap(_, least, most):
            return AnswerNumbers(least, most, DYNAMIC_EXPECTED)
        case DoubleKeying(_, least, most):
            return AnswerNumbers(least, most, DOUBLE_EXPECTED)


def several_price(numbers: AnswerNumbers, price_minor: int) -> float:
    """Return the expected price of a task that gets several answers."""
    return numbers.expected * price_minor


def checked_price(
    numbers: AnswerNumbers, price_minor: int, check: AnswerNumbers, check_minor: int, right: float
) -> float:
    """Return the expected price of a task with one answer that is checked.

    >>> three, two = AnswerNumbers(3, 3, 3.0), AnswerNumbers(2, 2, 2.0)
    >>> several_price(three, 10), checked_price(three, 10, two, 4, right=0.9)
    (30.0, 21.0)
    """
    again = (1 - right) * several_price(numbers, price_minor)
    return round(price_minor + check.expected * check_minor + again, 6)
