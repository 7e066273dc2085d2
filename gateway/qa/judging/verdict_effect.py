"""The record of a verdict, and its effect on its task.

The effect is the same after an answer and after a new judgement.
A task that needs one more answer stays open as long as a slot was paid for. Otherwise its answers
decide it, or a reviewer looks at it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NotRequired, TypedDict, cast

from gateway.qa.judging.overlap import TaskDecision, Verdict
from gateway.qa.skills.skill import Skill

ONLINE = "online"
"""The rule of a result that was judged one answer at a time; its confidence is estimated anew when
the batch closes.
"""
AMBIGUOUS = "ambiguous"
"""The rule of a result whose question has no single answer, according to its answers."""

_ASKS = (TaskDecision.ASK_MORE, TaskDecision.ASK_BETTER)
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """The answers of a task, in numbers."""

    given: int
    """The paid answers, the latest one included."""
    void: int
    """The answers among `given` that decide nothing."""
    held: int
    """The questions that workers hold at the moment and may still answer."""
    maximum: int
    """The answers for which slots were reserved and paid."""


@dataclass(frozen=True, slots=True)
class FoundResult:
    """The result of a task that was decided or put into review before this judgement."""

    value: str | None
    """The value that was found."""
    confidence: float | None
    """The confidence of the value."""
    rule: str | None
    """The rule that found the value."""


@dataclass(frozen=True, slots=True)
class TaskEffect:
    """The state in which a judgement leaves its task."""

    state: str
    """The state of the task: open, decided or review."""
    wanted: int
    """The number of answers that the task needs now."""
    value: str | None = None
    """The result, once the task is decided or in review."""
    confidence: float | None = None
    """The confidence of the result."""
    rule: str | None = None
    """The rule that decided."""
    ruling: str | None = None
    """The version of the ruling by which the judge decided; None while the task is open."""
    skill_wanted: float | None = None
    """The skill of the workers who may get the next question, or None for all workers."""
    better_until: datetime | None = None
    """The time until which `skill_wanted` applies."""
    judged: Mapping[str, object] | None = None
    """The basis of the judgement, if the judge was asked (`Judged`)."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its basis."""

    verdict: Verdict
    """The judge's decision."""
    ruling: str
    """The version of the ruling by which the judge decided."""
    record: Mapping[str, object]
    """The basis of the decision, kept with the answer."""
    better_until: datetime | None = None
    """The time until which only better workers get the next question, if the verdict asks for
    them.
    """


class Judged(TypedDict):
    """One judgement.

    `skills` are those of the answers' workers in the order of the answers, as (right, wrong) of
    `gateway.qa.skills.skill`. `ruling` is the version of the ruling, and `confidence` is as in
    `Verdict`. `fields` are those of a record that the next worker is asked for, where they are not
    all.
    """

    at: str
    ruling: str
    skills: list[tuple[float, float]]
    best: str | None
    confidence: float
    decision: str
    skill_wanted: float
    fields: NotRequired[list[str]]


def judgement_record(
    at: datetime, ruling: str, skills: Sequence[Skill], verdict: Verdict
) -> Judged:
    """Return the record of a judgement, with rounded figures."""
    found: Judged = {
        "at": at.isoformat(),
        "ruling": ruling,
        "skills": [(round(s.right, _DIGITS), round(s.wrong, _DIGITS)) for s in skills],
        "best": verdict.value,
        "confidence": round(verdict.confidence, _DIGITS),
        "decision": str(verdict.decision),
        "skill_wanted": round(verdict.skill_wanted, _DIGITS),
    }
    if verdict.fields:
        found["fields"] = list(verdict.fields)
    return found


def judgements(kept: Sequence[Mapping[str, object]] | None) -> list[Judged]:
    """Return the records in `answer.judged`, oldest first."""
    return [cast("Judged", dict(one)) for one in kept or ()]


def effect_of(
    judgement: Judgement,
    answers: AnswerCounts,
    *,
    running: bool = True,
    earlier: FoundResult | None = None,
) -> TaskEffect:
    """Return the state in which a judgement leaves a task.

    A task never wants more answers than were paid for. A question that a worker holds keeps the
    task open, because her answer is judged with it. `running` is False when the batch is over, so
    that no worker is asked any more. `earlier` is the result of a task that is not open.

    >>> verdict = Verdict(TaskDecision.ASK_MORE, "yes", 0.8, 3)
    >>> told = Judgement(verdict, "r1", {})
    >>> effect_of(told, AnswerCounts(given=2, void=0, held=0, maximum=5)).state
    'open'
    >>> effect_of(told, AnswerCounts(given=2, void=0, held=0, maximum=2)).state
    'review'
    """
    verdict = judgement.verdict
    asks = verdict.decision in _ASKS
    busy = answers.given + answers.held
    wanted = min(max(verdict.answers_wanted + answers.void, busy), answers.maximum)
    if running and (answers.held or (asks and wanted > answers.given)):
        skill = verdict.skill_wanted or None
        return TaskEffect(
            "open",
            wanted if asks else busy,
            skill_wanted=skill,
            better_until=judgement.better_until if skill else None,
            judged=judgement.record,
        )
    result = _result(verdict, answers, earlier)
    return TaskEffect(
        "decided" if verdict.decision is TaskDecision.ACCEPT else "review",
        answers.given,
        result.value,
        result.confidence,
        result.rule,
        judgement.ruling,
        judged=judgement.record,
    )


def _result(verdict: Verdict, answers: AnswerCounts, earlier: FoundResult | None) -> FoundResult:
    """Return the value, confidence and rule of a task for which no further answer is awaited.

    A value that was found when the task was decided stays. The verdict only says whether it is
    enough. A question that was ambiguous is so only as long as the judge says so.
    """
    rule = AMBIGUOUS if verdict.decision is TaskDecision.AMBIGUOUS else ONLINE
    if earlier is None:
        return FoundResult(verdict.value, verdict.confidence, rule)
    was = None if earlier.rule == AMBIGUOUS else earlier.rule
    if answers.given == answers.void:
        return FoundResult(None, None, was or rule)
    return FoundResult(earlier.value, earlier.confidence, was or rule)
