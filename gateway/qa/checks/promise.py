"""The data of a promised accuracy: a client's wish, what is known of the workers, and the plan.

It is apart from the calculation, so that a process which only shows a plan needs no NumPy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.qa.confidence.shared_error import SHARED_ERROR
from gateway.qa.skills.skill import Skill

ANSWERS_MAX = 7
"""The most answers of a question that are simulated, which is the most that a task may get."""
SHARED_DEVIATION = 0.5
"""The standard deviation of the logarithm of the shared error, where nothing was measured."""
PAIRS_WORTH = 200.0
"""The pairs of answers to the same gold question that weigh as much as the usual shared error."""
SHARED_MIN, SHARED_MAX = 0.01, 0.7
"""The bounds of the share of variance that errors have in common."""


@dataclass(frozen=True, slots=True)
class SharedWrong:
    """The pairs of answers to the same gold question, as far as they were counted.

    >>> SharedWrong().shared_error
    0.2
    """

    pairs: float = 0.0
    """The pairs."""
    both_wrong: float = 0.0
    """The pairs of which both answers are wrong."""
    wrong: float = 0.0
    """The share of wrong answers among them, times the pairs."""

    @property
    def shared_error(self) -> float:
        """Return the share of variance that errors have in common, drawn towards the usual one."""
        if not self.pairs:
            return SHARED_ERROR
        share = self.wrong / self.pairs
        variance = share * (1.0 - share)
        seen = (self.both_wrong / self.pairs - share * share) / variance if variance else 0.0
        weight = self.pairs / (self.pairs + PAIRS_WORTH)
        found = weight * seen + (1.0 - weight) * SHARED_ERROR
        return min(max(found, SHARED_MIN), SHARED_MAX)

    @property
    def deviation(self) -> float:
        """Return the standard deviation of its logarithm."""
        return SHARED_DEVIATION * (PAIRS_WORTH / (self.pairs + PAIRS_WORTH)) ** 0.5


UNMEASURED = SharedWrong()
"""The pairs where none were counted."""


@dataclass(frozen=True, slots=True)
class CrowdSkill:
    """Some workers of about the same skill."""

    workers: float
    """The number of them, or the answers that they are expected to give."""
    skill: Skill
    """The evidence of each of them."""


@dataclass(frozen=True, slots=True)
class PolicyForecast:
    """One policy, with the prediction of what it brings."""

    policy: str
    """The policy as a client writes it: fixed:N or dynamic."""
    confidence: float
    """The confidence at which asking stops."""
    least: int
    """The first answers of a task."""
    most: int
    """The most answers of a task."""
    answers: float
    """The expected answers of a task."""
    answers_low: float
    """The lower end of the 90 % interval of the mean answers of a task."""
    answers_high: float
    """Its upper end."""
    review: float
    """The expected share of tasks that end below the confidence."""
    accuracy: float
    """The predicted accuracy of the batch."""
    low: float
    """The lower end of the 95 % interval of the accuracy."""
    high: float
    """Its upper end."""
    surely: float
    """The accuracy that is reached with a likelihood of 95 %."""


@dataclass(frozen=True, slots=True)
class PromiseAsked:
    """A client's wish, and what is known of the workers and tasks."""

    target: float
    """The promised share of right results."""
    tasks: int
    """The number of real tasks."""
    options: int
    """The number of possible answers."""
    crowd: Sequence[CrowdSkill]
    """The workers who may be asked."""
    classes: int
    """The number of options that can be true. Of a verification, "not sure" never is."""
    golds: int = 0
    """The number of gold tasks."""
    shared: SharedWrong = UNMEASURED
    """The measured errors in common at this kind of task."""
    answers_max: int = ANSWERS_MAX
    """The most answers for which a task has slots."""

    @property
    def workers(self) -> int:
        """Return the number of workers who may be asked."""
        return round(sum(one.workers for one in self.crowd))


@dataclass(frozen=True, slots=True)
class PromisePlan:
    """The plan for a promised accuracy, or the reason why it cannot be promised."""

    target: float
    """The promised share of right results."""
    can_promise: bool
    """True if the accuracy is promised."""
    reason: str
    """The reason, as a sentence."""
    helps: tuple[str, ...]
    """The sentences about what would help."""
    chosen: PolicyForecast | None
    """The policy; None where there is no worker."""
    gold: int | None
    """The gold tasks with which the certificate can show the accuracy; None: no number would."""
