"""The certificate of a promised accuracy, from the gold of the batch.

Gold is asked of more workers than a real task. So each gold task is judged anew with the answers
that the batch's own policy would have taken, in the order in which they came. The batch is then
estimated as a whole, and gold tasks are held against their truth, each found without its own truth
(`gateway.qa.batch`). The interval is that of `gateway.qa.confidence.certificate`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from gateway.qa.answers import choice
from gateway.qa.answers.port import AnswerTriple
from gateway.qa.confidence.certificate import Certificate, TooLittleGold
from gateway.qa.judging.overlap import Policy, TaskDecision, judge
from gateway.qa.skills.skill import Skill


class PromiseVerdict(StrEnum):
    """The answer to the question whether a promised accuracy was reached."""

    REACHED = "reached"  # The whole interval lies at or above the target.
    MISSED = "missed"  # The whole interval lies below the target.
    OPEN = "open"  # The interval includes the target.
    UNKNOWN = "unknown"  # There is too little gold for an interval.


@dataclass(frozen=True, slots=True)
class PromiseOutcome:
    """The certificate of a batch with a promised accuracy."""

    target: float
    """The promised share of right results."""
    verdict: PromiseVerdict
    """The verdict."""
    accuracy: float | None
    """The measured accuracy; None without an interval."""
    low: float | None
    """The lower end of its 95 % interval."""
    high: float | None
    """The upper end."""
    gold: int
    """The gold tasks by which it was measured."""
    sentence: str
    """The verdict as a sentence."""

    def as_data(self) -> dict[str, Any]:
        """Return the outcome for a JSON column."""
        return asdict(self)


def answers_taken(
    answers: Sequence[tuple[str, str]],
    skills: Mapping[str, Skill],
    options: Sequence[str],
    policy: Policy,
) -> Sequence[tuple[str, str]]:
    """Return the answers (worker, value) that the policy would have taken of these.

    >>> from gateway.qa.judging.overlap import DynamicOverlap
    >>> given = [("a", "yes"), ("b", "yes"), ("c", "no")]
    >>> answers_taken(given, {}, ("yes", "no"), DynamicOverlap(0.9, 2, 3))
    [('a', 'yes'), ('b', 'yes')]
    """
    for number in range(1, len(answers)):
        some = answers[:number]
        known = [skills.get(worker, Skill()) for worker, _ in some]
        verdict = judge(choice, [value for _, value in some], known, options, policy)
        if verdict.decision not in (TaskDecision.ASK_MORE, TaskDecision.ASK_BETTER):
            return some
    return answers


def promise_outcome(
    rows: Sequence[AnswerTriple],
    gold: Mapping[str, str],
    options: Sequence[str],
    method: str,
    target: float,
) -> PromiseOutcome:
    """Return the certificate of a batch.

    `rows` are the answers (task, worker, value), of gold tasks only those that the policy would
    have taken.
    """
    from gateway.qa.batch import aggregate  # noqa: PLC0415  # NumPy, in processes that estimate only
    from gateway.qa.port import encode  # noqa: PLC0415

    answered = {task for task, _, _ in rows}
    known = {task: truth for task, truth in gold.items() if task in answered}
    if not known:
        return outcome_of(TooLittleGold(0), target)
    return outcome_of(aggregate(encode(rows, options), method, known).certificate, target)


def outcome_of(found: Certificate | TooLittleGold, target: float) -> PromiseOutcome:
    """Return the outcome that a certificate shows.

    >>> print(outcome_of(TooLittleGold(4), 0.9).sentence)
    it cannot be said whether 90.0 % was reached: 4 gold tasks were answered, and 30 are needed
    >>> print(outcome_of(Certificate(0.97, 0.92, 0.99, 200), 0.9).sentence)
    90.0 % was reached: 97.0 % of 200 gold tasks are right (92.0 to 99.0 % with 95 % likelihood)
    """
    wanted = f"{100 * target:.1f} %"
    if isinstance(found, TooLittleGold):
        told = (
            f"it cannot be said whether {wanted} was reached: {found.gold} gold tasks were answered, "
            f"and {found.wanted} are needed"
        )
        return PromiseOutcome(target, PromiseVerdict.UNKNOWN, None, None, None, found.gold, told)
    measured = (
        f"{100 * found.accuracy:.1f} % of {found.gold} gold tasks are right ({100 * found.low:.1f} to "
        f"{100 * found.high:.1f} % with 95 % likelihood)"
    )
    verdict, told = PromiseVerdict.OPEN, f"the gold does not tell whether {wanted} was reached"
    if found.low >= target:
        verdict, told = PromiseVerdict.REACHED, f"{wanted} was reached"
    elif found.high < target:
        verdict, told = PromiseVerdict.MISSED, f"{wanted} was not reached"
    return PromiseOutcome(
        target,
        verdict,
        found.accuracy,
        found.low,
        found.high,
        found.gold,
        f"{told}: {measured}",
    )
