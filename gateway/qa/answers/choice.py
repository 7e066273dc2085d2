"""The form of answers that are options: each is the id of one. The belief in each option."""

from collections.abc import Mapping, Sequence
from math import exp, inf, log

from gateway.qa.answers.ambiguity import ambiguity
from gateway.qa.answers.port import AnswerTriple, BatchRule, LearntSkills, TaskResult
from gateway.qa.skills.skill import (
    CONSENSUS_WEIGHT,
    PRIOR_RIGHT,
    PRIOR_WRONG,
    SKILL_MAX,
    TIE,
    Skill,
)
from gateway.qa.value_of_information import Belief

_ODDS_MAX = SKILL_MAX / (1.0 - SKILL_MAX)


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


def option_belief(
    values: Sequence[str],
    skills: Sequence[Skill],
    options: Sequence[str],
    beside: Sequence[float] = (),
) -> Belief:
    """Return the option with the highest posterior, and that posterior.

    All options are equally likely before. A worker of skill p says the truth with p and any other
    option with (1 - p) / (K - 1). An answer that is no option any more still counts for itself.
    `beside` are log likelihoods of the options from elsewhere, such as a prediction.
    """
    scores = dict(zip(options, beside, strict=True)) if beside else dict.fromkeys(options, 0.0)
    others = max(1, len(options) - 1)
    for value, skill in zip(values, skills, strict=True):
        # These are the odds to be right, `Skill.mean` over its rest, times `others`. A worker below
        # chance (here: 1) is taken for a guesser, not for a liar whose answers point away.
        odds = (skill.right + PRIOR_RIGHT) / (skill.wrong + PRIOR_WRONG)
        odds = _ODDS_MAX * others if odds > _ODDS_MAX else odds * others
        if odds > 1.0:
            scores[value] = scores.get(value, 0.0) + log(odds)
        elif value not in scores:
            scores[value] = 0.0
    best, top, second = "", -inf, -inf
    for value, score in scores.items():
        if score > top:
            best, top, second = value, score, top
        elif score > second:
            second = score
    if second > top - TIE:
        tied = [value for value in scores if scores[value] > top - TIE]
        best = _break_tie(tied, values, skills, options)
    total = 0.0
    for score in scores.values():
        total += exp(score - top)
    return Belief(best, 1.0 / total, exp(second - top) / total)


def _break_tie(
    tied: list[str], values: Sequence[str], skills: Sequence[Skill], options: Sequence[str]
) -> str:
    strongest: dict[str, float] = {}
    for value, skill in zip(values, skills, strict=True):
        strongest[value] = max(strongest.get(value, 0.0), min(skill.mean, SKILL_MAX))
    places = {option: place for place, option in enumerate(options)}
    return min(tied, key=lambda v: (-strongest.get(v, 0.0), places.get(v, len(places)), v))
