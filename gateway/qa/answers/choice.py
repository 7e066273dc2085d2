"""The form of answers that are options: each is the id of one."""

from collections.abc import Mapping, Sequence

from gateway.qa.answers.ambiguity import ambiguity
from gateway.qa.answers.port import AnswerTriple, BatchRule, LearntSkills, TaskResult
from gateway.qa.option_belief import option_belief
from gateway.qa.skills.skill import CONSENSUS_WEIGHT, Skill
from gateway.qa.value_of_information import Belief


def same(one: str, other: str, language: str) -> bool:
    return one == other


def grouped(values: Sequence[str], language: str) -> Sequence[str]:
    return values


def belief(
    values: Sequence[str], skills: Sequence[Skill], options: Sequence[str], language: str
) -> Belief:
    return option_belief(values, skills, options)


def choices(options: Sequence[str]) -> int:
    return len(options)


def ambiguous(
    values: Sequence[str], rights: Sequence[float], options: Sequence[str], language: str
) -> float:
    return ambiguity(values, rights, options)


def estimate(
    rows: Sequence[AnswerTriple], gold: Mapping[str, str], rule: BatchRule
) -> dict[str, tuple[str, float]]:
    from gateway.qa.batch import aggregate  # noqa: PLC0415  # NumPy, in processes that estimate only
    from gateway.qa.port import encode  # noqa: PLC0415

    answers = encode(rows, rule.options)
    found = aggregate(answers, rule.method, gold or None)
    pairs = zip(found.estimate.value, (float(c) for c in found.confidence), strict=True)
    return dict(zip(answers.tasks, pairs, strict=True))


def learnt(rows: Sequence[AnswerTriple], gold: Mapping[str, str], rule: BatchRule) -> LearntSkills:
    from gateway.qa.batch import aggregate  # noqa: PLC0415  # NumPy, in processes that estimate only
    from gateway.qa.port import encode  # noqa: PLC0415
    from gateway.qa.skills.relearn import relearned  # noqa: PLC0415

    answers = encode(rows, rule.options)
    found = aggregate(answers, rule.method, gold or None)
    sure = dict(zip(answers.tasks, (float(c) for c in found.confidence), strict=True))
    known = relearned(answers, found.estimate)
    for task, worker, value in rows:
        if task in gold:
            right = CONSENSUS_WEIGHT * (value == gold[task])
            was = known[worker]
            known[worker] = Skill(
                max(0.0, was.right - right), max(0.0, was.wrong - CONSENSUS_WEIGHT + right)
            )
    return LearntSkills(known, sure)


def marks(value: str, truth: str, language: str) -> Sequence[bool]:
    return (same(value, truth, language),)


def agreements(value: str, result: TaskResult, language: str) -> Sequence[float]:
    agrees = same(value, result.value, language)
    return (result.confidence if agrees else 1.0 - result.confidence,)
