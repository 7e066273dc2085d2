"""The result of a paid review: the reviewers' answers, weighed against the result before it.

A reviewer's answer counts by the lower bound of her skill, because tasks in doubt are harder than
those by which the skill was measured. The result before counts by its confidence. A single reviewer
therefore does not overrule many answers that agree, but she decides where they do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

from gateway.qa.answers.port import AnswerForm
from gateway.qa.skills.skill import Skill

DECIDES = 0.6
"""The confidence at which a review decides a task. Below it, a person has to look."""
_CERTAIN, _IMPOSSIBLE = 0.99, 0.01


@dataclass(frozen=True, slots=True)
class EarlierResult:
    """The result of a task before its review."""

    value: str | None
    """The value; None where there was none."""
    confidence: float
    """The confidence of the value."""


@dataclass(frozen=True, slots=True)
class ReviewResult:
    """The result of a task after its review."""

    value: str
    """The value."""
    confidence: float
    """The confidence of the value."""
    decided: bool
    """False if the doubt remains. The task then waits for a person."""


def review_result(
    form: AnswerForm,
    earlier: EarlierResult,
    answers: Sequence[tuple[str, Skill]],
    options: Sequence[str],
    language: str = "",
) -> ReviewResult | None:
    """Return the result after the reviewers' `answers`, or None where there is no answer.

    >>> from gateway.qa.answers import choice
    >>> doubt, rose = EarlierResult("yes", 0.6), Skill(30, 1)
    >>> found = review_result(choice, doubt, [("no", rose)], ["no", "yes"])
    >>> found.value, found.decided, round(found.confidence, 2)
    ('no', True, 0.8)
    >>> review_result(choice, doubt, [("no", rose), ("yes", rose)], ["no", "yes"]).value
    'yes'
    """
    if not answers:
        return None
    others = max(form.choices(options) - 1, 1)
    votes = [(value, skill.lower) for value, skill in answers]
    if earlier.value is not None:
        votes.append((earlier.value, earlier.confidence))
    groups = form.grouped([value for value, _ in votes], language)
    odds = dict.fromkeys(groups, 0.0)
    for group, (_, right) in zip(groups, votes, strict=True):
        sure = min(max(right, _IMPOSSIBLE), _CERTAIN)
        odds[group] += log(sure / ((1.0 - sure) / others))
    # Of equally likely values, the one that a reviewer named first wins.
    best = max(odds, key=odds.__getitem__)
    weights = {group: exp(one - odds[best]) for group, one in odds.items()}
    # The values that no answer named have the odds 0 together with each other.
    unnamed = max(others + 1 - len(odds), 0) * exp(-odds[best])
    confidence = 1.0 / (sum(weights.values()) + unnamed)
    value = next(value for group, (value, _) in zip(groups, votes, strict=True) if group == best)
    return ReviewResult(value, confidence, decided=confidence >= DECIDES)
