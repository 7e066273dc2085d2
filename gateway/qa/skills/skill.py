"""The skill of a worker at one kind of task: how often she is right, with its uncertainty.

It is Beta counts. Evidence comes from gold (full weight) and from consensus (as far as the
consensus is sure). It is plain Python, because it is read and written for every single answer
inside a database transaction.
"""

from dataclasses import dataclass
from math import log, sqrt

PRIOR_RIGHT = 6.0  # Beta(6, 2) is the mean of public crowds and is worth eight answers.
PRIOR_WRONG = 2.0  # It was measured on 15 sets of recorded crowd answers.
SKILL_MAX = 0.99  # No single answer closes a task of many others.
TIE = 1e-9  # Smaller differences between beliefs come from rounding only.
# The weight relative to one gold answer: a consensus can be wrong, and the worker is part of it.
CONSENSUS_WEIGHT = 0.5
Z_LOWER = 1.645  # This is one-sided 95 %.
HALF_LIFE_DAYS = 90.0
PREDICTION_CLEAR = log(2.0)
"""The least log likelihood ratio at which a model's prediction may stand for a second answer."""


@dataclass(frozen=True, slots=True)
class Skill:
    """The answers of one worker at one kind of task found right and wrong, in (fractional) answers.

    >>> Skill().mean, Skill(right=12).mean
    (0.75, 0.9)
    """

    right: float = 0.0
    wrong: float = 0.0

    @property
    def mean(self) -> float:
        """Return the expected chance that the next answer is right."""
        right = self.right + PRIOR_RIGHT
        return right / (right + self.wrong + PRIOR_WRONG)

    @property
    def deviation(self) -> float:
        """Return the standard deviation of that chance."""
        mean = self.mean
        return sqrt(
            mean * (1.0 - mean) / (self.right + self.wrong + PRIOR_RIGHT + PRIOR_WRONG + 1.0)
        )

    @property
    def lower(self) -> float:
        """Return the bound above which the chance lies with 95 %.

        It uses the normal approximation and is not below 0.
        """
        return max(0.0, self.mean - Z_LOWER * self.deviation)

    def after_gold(self, *, right: bool) -> "Skill":
        """Return the skill after one gold answer."""
        return Skill(self.right + right, self.wrong + (not right))

    def after_consensus(self, agreement: float) -> "Skill":
        """Return the skill after a task closed.

        `agreement` is the chance (0..1) that the answer was right.
        """
        assert 0.0 <= agreement <= 1.0
        return Skill(
            self.right + CONSENSUS_WEIGHT * agreement,
            self.wrong + CONSENSUS_WEIGHT * (1.0 - agreement),
        )

    def decayed(self, days: float) -> "Skill":
        """Return the skill `days` after its last answer.

        Evidence halves every `HALF_LIFE_DAYS`.

        >>> Skill(8, 4).decayed(90.0)
        Skill(right=4.0, wrong=2.0)
        """
        kept = 0.5 ** (max(0.0, days) / HALF_LIFE_DAYS)
        return Skill(self.right * kept, self.wrong * kept)
