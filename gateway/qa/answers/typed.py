"""The form of answers that workers type: they may differ by a slip and still mean the same.

The functions import rapidfuzz when they are called, so that a process without typed answers never
loads it.
"""

from collections.abc import Mapping, Sequence

from gateway.qa.answers.ambiguity import ambiguity
from gateway.qa.answers.port import AnswerTriple, BatchRule, LearntSkills, TaskResult
from gateway.qa.skills.skill import Skill
from gateway.qa.value_of_information import Belief


def same(one: str, other: str, language: str) -> bool:
    from gateway.qa.typed.near import says_same  # noqa: PLC0415

    return says_same(one, other, language)


def grouped(values: Sequence[str], language: str) -> Sequence[str]:
    from gateway.qa.typed import near  # noqa: PLC0415

    return near.grouped(values, language)


def belief(
    values: Sequence[str], skills: Sequence[Skill], options: Sequence[str], language: str
) -> Belief:
    from gateway.qa.typed.near import text_belief  # noqa: PLC0415

    return text_belief(values, [skill.mean for skill in skills], language)


def choices(options: Sequence[str]) -> int:
    """Return one for the truth, and the number of equally likely wrong answers."""
    from gateway.qa.typed.near import RIVALS  # noqa: PLC0415

    return int(RIVALS) + 1


def ambiguous(
    values: Sequence[str], rights: Sequence[float], options: Sequence[str], language: str
) -> float:
    return ambiguity(grouped(values, language), rights, (), unseen=choices(options) - 1)


def estimate(
    rows: Sequence[AnswerTriple], gold: Mapping[str, str], rule: BatchRule
) -> dict[str, tuple[str, float]]:
    from gateway.qa.text.aggregate import aggregate  # noqa: PLC0415

    found = aggregate(rows, gold, language=rule.language)
    return dict(zip(found.tasks, zip(found.value, found.confidence, strict=True), strict=True))


def learnt(rows: Sequence[AnswerTriple], gold: Mapping[str, str], rule: BatchRule) -> LearntSkills:
    """Return the skills by each answer's agreement with its task's result.

    No typed result becomes gold.
    """
    from gateway.qa.text.aggregate import aggregate  # noqa: PLC0415
    from gateway.qa.typed.near import is_near  # noqa: PLC0415
    from gateway.qa.typed.normalise import normalise  # noqa: PLC0415

    found = aggregate(rows, gold, language=rule.language)
    believed = {
        task: (normalise(value, rule.language), sure)
        for task, value, sure in zip(found.tasks, found.value, found.confidence, strict=True)
    }
    shown: dict[str, Skill] = {}
    for task, worker, value in rows:
        if task in gold:
            continue
        best, sure = believed[task]
        agreement = sure if is_near(normalise(value, rule.language), best) else 1.0 - sure
        shown[worker] = shown.get(worker, Skill()).after_consensus(agreement)
    return LearntSkills(shown, None)


def marks(value: str, truth: str, language: str) -> Sequence[bool]:
    return (same(value, truth, language),)


def agreements(value: str, result: TaskResult, language: str) -> Sequence[float]:
    agrees = same(value, result.value, language)
    return (result.confidence if agrees else 1.0 - result.confidence,)
