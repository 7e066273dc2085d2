"""The whole history of one decision.

It says which worker gave which answer, what was believed after each, and what would have changed
it. There are two views. The live judge decides answer by answer with the skills that it knew then.
The estimate over the whole batch knows more about every worker.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gateway.base.errors import Refused
from gateway.qa.batch import aggregate
from gateway.qa.judging.overlap import judge
from gateway.qa.judging.ruling import Ruling
from gateway.qa.port import Answers, encode
from gateway.qa.rows import Answer
from gateway.qa.skills.relearn import relearned
from gateway.qa.skills.skill import Skill
from gateway.qa.trials.rehearsal import RehearsedAnswer, RehearsedTask, rehearse

TURNS_MAX = 20  # The number of contrary answers that are tried.


@dataclass(frozen=True, slots=True)
class ExplainedAnswer:
    """One answer in the history.

    Skills are chances to be right, with their standard deviations. `later` is the skill as the
    whole batch shows it.
    """

    worker: str
    answer: str
    skill: float
    skill_deviation: float
    later: float
    later_deviation: float
    best: str | None
    confidence: float
    decision: str
    decisive: bool  # Without it the judge would believe something else.


@dataclass(frozen=True, slots=True)
class Explanation:
    """The history of `task` under rule `version`.

    `chances` are those of the whole batch's estimate, calibrated as its confidence is.
    `contrary_needed` more answers by strangers for the runner-up would have changed the judge's
    mind. None means more than `TURNS_MAX`.
    """

    task: str
    version: str
    rule: dict[str, object]
    voices: tuple[ExplainedAnswer, ...]
    unused: int
    value: str
    confidence: float
    confidence_checked: bool
    method: str
    chances: dict[str, float]
    runner_up: str | None
    contrary_needed: int | None
    truth: str | None
    gold: bool

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def explain_task(
    rows: Sequence[Answer],
    task: str,
    rule: Ruling,
    *,
    gold: Mapping[str, str] | None = None,
    truths: Mapping[str, str] | None = None,
    language: str = "",
) -> Explanation:
    """Explain `task`.

    The rows are those of the whole batch in their order, because they teach the skills. Raises
    Refused when the task has no answer.
    """
    if all(row[0] != task for row in rows):
        raise Refused(f"no answer to task '{task}' among {len(rows)}", field="task")
    known = gold or {}
    story = rehearse(rows, rule, known, language)[task]
    value, sure, method, chances, skills = _estimate(rows, task, rule, known, language)
    runner_up = _runner_up(story, value, rule)
    return Explanation(
        task,
        rule.version,
        rule.as_data(),
        tuple(_voice(story, place, skills, rule, language) for place in range(len(story.steps))),
        story.unused,
        value,
        *sure,
        method,
        chances,
        runner_up,
        _contrary(story, runner_up, rule, language) if runner_up is not None else None,
        (truths or {}).get(task),
        task in known,
    )


def _voice(
    story: RehearsedTask, place: int, skills: Mapping[str, Skill], rule: Ruling, language: str
) -> ExplainedAnswer:
    step = story.steps[place]
    later = skills[step.worker]
    rest = [other for other in story.steps if other is not step]
    return ExplainedAnswer(
        step.worker,
        step.answer,
        step.skill.mean,
        step.skill.deviation,
        later.mean,
        later.deviation,
        step.verdict.value,
        step.verdict.confidence,
        step.verdict.decision.value,
        bool(rest) and _believed(rest, rule, language) != story.verdict.value,
    )


def _believed(steps: Sequence[RehearsedAnswer], rule: Ruling, language: str) -> str | None:
    values, skills = [step.answer for step in steps], [step.skill for step in steps]
    return judge(rule.form, values, skills, rule.options, rule.overlap(), language=language).value


def _estimate(
    rows: Sequence[Answer], task: str, rule: Ruling, gold: Mapping[str, str], language: str
) -> tuple[str, tuple[float, bool], str, dict[str, float], Mapping[str, Skill]]:
    """Return the value, its confidence, the method, the chances and the skills.

    The confidence comes with a flag that says whether gold checked it.
    """
    if rule.is_text:
        from gateway.qa.text import aggregate as texts  # noqa: PLC0415  # rapidfuzz, for text only

        found = texts.aggregate(rows, gold, method=rule.method, language=language)
        row = found.tasks.index(task)
        skills = {worker: _as_counts(right, rows, worker) for worker, right in found.skill.items()}
        value, sure = found.value[row], found.confidence[row]
        return value, (sure, found.checked), found.method, {value: sure}, skills
    answers: Answers = encode(rows, rule.options)
    batch = aggregate(answers, rule.method, gold)
    row = answers.tasks.index(task)
    estimate = batch.estimate
    given = np.bincount(answers.task)
    calibrated = batch.calibration.apply(estimate.posterior, given)[row]
    chances = dict(zip(answers.options, calibrated.tolist(), strict=True))
    return (
        estimate.value[row],
        (float(batch.confidence[row]), batch.checked),
        rule.method,
        chances,
        relearned(answers, estimate),
    )


def _as_counts(right: float, rows: Sequence[Answer], worker: str) -> Skill:
    given = sum(row[1] == worker for row in rows)
    return Skill(right * given, (1.0 - right) * given)


def _runner_up(story: RehearsedTask, value: str, rule: Ruling) -> str | None:
    others = Counter(step.answer for step in story.steps if step.answer != value)
    if others:
        return min(others, key=lambda answer: (-others[answer], answer))
    return next((option for option in rule.options if option != value), None)


def _contrary(story: RehearsedTask, runner_up: str, rule: Ruling, language: str) -> int | None:
    """Return how many strangers would have had to say `runner_up` for the judge to believe it."""
    stranger = Skill()
    policy = rule.overlap()
    values = [step.answer for step in story.steps]
    skills = [step.skill for step in story.steps]
    for more in range(1, TURNS_MAX + 1):
        verdict = judge(
            rule.form,
            [*values, *[runner_up] * more],
            [*skills, *[stranger] * more],
            rule.options,
            policy,
            language=language,
        )
        if verdict.value != story.verdict.value:
            return more
    return None
