"""The result of a paid review: the answers of the reviewers alone decide the task."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.qa.answers.port import AnswerForm
from gateway.qa.judging.overlap import CONFIDENCE, TaskDecision, judge, parse_policy
from gateway.qa.skills.skill import Skill


@dataclass(frozen=True, slots=True)
class ReviewResult:
    """The value that reviewers found, the confidence in it, and whether it is enough."""

    value: str
    confidence: float
    decided: bool
    """False if the reviewers are not sure enough. The task then waits for a person."""


def review_result(
    form: AnswerForm,
    values: Sequence[str],
    skills: Sequence[Skill],
    options: Sequence[str],
    language: str = "",
) -> ReviewResult | None:
    """Return the result of the reviewers' answers, or None where there is no answer.

    The earlier answers do not count, because the task is reviewed for the doubt about them.

    >>> from gateway.qa.answers import choice
    >>> found = review_result(choice, ["yes"], [Skill(18, 0)], ["no", "yes"])
    >>> found.value, found.decided, round(found.confidence, 2)
    ('yes', True, 0.92)
    >>> review_result(choice, ["yes", "no"], [Skill(18, 0)] * 2, ["no", "yes"]).decided
    False
    """
    if not values:
        return None
    policy = parse_policy(f"fixed:{len(values)}", confidence=CONFIDENCE)
    verdict = judge(form, values, skills, options, policy, language=language)
    assert verdict.value is not None
    return ReviewResult(verdict.value, verdict.confidence, verdict.decision is TaskDecision.ACCEPT)
