"""The online judge: after every answer, is the task answered, or does it want one more?

Called inside the transaction that hears an answer, so it is plain Python over the handful of
votes of one task: a sum of log-odds and a softmax, a few microseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, log

from gateway.errors import Refused
from gateway.qa.skill import Skill

# The default of dynamic overlap. Two strangers who agree on yes or no reach it exactly; on seven
# recorded crowds it costs 2.8 answers a task and finds what majority finds with five.
CONFIDENCE = 0.9
ANSWERS_MIN = 2
ANSWERS_MAX = 7
SKILL_MAX = 0.99  # no single voice closes a task of many others
TIE = 1e-9  # what differs by less differs by rounding only


class Decision(StrEnum):
    """What should happen to the task now."""

    ACCEPT = "accept"
    ASK_MORE = "ask_more"
    REVIEW = "review"  # all answers spent and still unsure: `value` is the best guess so far


@dataclass(frozen=True, slots=True)
class FixedOverlap:
    """As many answers as that, whatever they say."""

    answers: int


@dataclass(frozen=True, slots=True)
class DynamicOverlap:
    """Answers until the posterior of one value reaches `confidence`, within limits."""

    confidence: float = CONFIDENCE
    answers_min: int = ANSWERS_MIN
    answers_max: int = ANSWERS_MAX


Policy = FixedOverlap | DynamicOverlap


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judge's word on one task.

    `value` is None only before the first answer. `confidence` is the posterior of `value`, not
    calibrated. `answers_wanted` is how many answers the task wants in all, those given included;
    it never exceeds the policy's maximum, unless more have been given already.
    """

    decision: Decision
    value: str | None
    confidence: float
    answers_wanted: int


def parse_policy(
    text: str, *, available: int | None = None, confidence: float = CONFIDENCE
) -> Policy:
    """Read `all`, `fixed:N` or `dynamic`; raises Refused.

    `available` is how many answers can be had at all (recorded ones in a replay): `all` needs
    it and the others are limited by it.

    >>> parse_policy("fixed:3"), parse_policy("all", available=10)
    (FixedOverlap(answers=3), FixedOverlap(answers=10))
    """
    limit = ANSWERS_MAX if available is None else available
    match text.split(":"):
        case ["all"] if available is not None:
            return FixedOverlap(available)
        case ["fixed", number] if number.isascii() and number.isdecimal() and int(number) > 0:
            return FixedOverlap(int(number) if available is None else min(int(number), available))
        case ["dynamic"] if 0.0 < confidence < 1.0:
            return DynamicOverlap(confidence, min(ANSWERS_MIN, limit), limit)
        case ["dynamic"]:
            raise Refused(f"confidence {confidence} is not between 0 and 1", field="confidence")
        case _:
            raise Refused(
                f"no overlap policy '{text}': write all, fixed:N (N >= 1) or dynamic",
                field="policy",
            )


def judge(
    kind_is_text: bool,  # noqa: FBT001  # one of two shapes of task, always given by position
    values: Sequence[str],
    skills: Sequence[Skill],
    options: Sequence[str],
    policy: Policy,
    *,
    language: str = "",
) -> Verdict:
    """Judge the answers a task has, each with its worker's skill.

    `language` (ISO 639-1) is that of typed answers, where it is known.
    A tie goes to the value of the worker with most skill, then to the earlier option, or for
    text to the first in sorted order: the order of arrival never matters.
    """
    assert len(values) == len(skills)
    if not values:
        wanted = policy.answers if isinstance(policy, FixedOverlap) else policy.answers_min
        return Verdict(Decision.ASK_MORE, None, 0.0, wanted)
    if kind_is_text:
        # rapidfuzz costs an import that processes without text tasks need not pay.
        from gateway.qa.text.near import best_text  # noqa: PLC0415

        value, confidence = best_text(values, [skill.mean for skill in skills], language)
    else:
        value, confidence = best_option(values, skills, options)
    return _verdict(len(values), value, confidence, policy)


def best_option(
    values: Sequence[str], skills: Sequence[Skill], options: Sequence[str]
) -> tuple[str, float]:
    """The option with the highest posterior, and that posterior, all options equally likely before.

    A worker of skill p says the truth with p and any other option with (1 - p) / (K - 1). An
    answer that is no option any more still counts for itself.
    """
    scores = dict.fromkeys(options, 0.0)
    others = max(1, len(options) - 1)
    chance = 1.0 / (others + 1)
    strongest: dict[str, float] = {}
    for value, skill in zip(values, skills, strict=True):
        right = skill.mean
        # A worker below chance is taken for a guesser, not for a liar whose answers point away.
        if right < chance:
            right = chance
        elif right > SKILL_MAX:
            right = SKILL_MAX
        scores[value] = scores.get(value, 0.0) + log(right * others / (1.0 - right))
        if right > strongest.get(value, 0.0):
            strongest[value] = right
    top = max(scores.values())
    tied = [value for value in scores if scores[value] > top - TIE]
    best = tied[0] if len(tied) == 1 else _break_tie(tied, strongest, options)
    return best, 1.0 / sum([exp(score - top) for score in scores.values()])


def _break_tie(tied: list[str], strongest: dict[str, float], options: Sequence[str]) -> str:
    places = {option: place for place, option in enumerate(options)}
    return min(tied, key=lambda v: (-strongest.get(v, 0.0), places.get(v, len(places)), v))


def _verdict(given: int, value: str, confidence: float, policy: Policy) -> Verdict:
    if isinstance(policy, FixedOverlap):
        done = given >= policy.answers
        decision = Decision.ACCEPT if done else Decision.ASK_MORE
        return Verdict(decision, value, confidence, max(given, policy.answers))
    if given >= policy.answers_min and confidence >= policy.confidence - TIE:
        return Verdict(Decision.ACCEPT, value, confidence, given)
    if given >= policy.answers_max:
        return Verdict(Decision.REVIEW, value, confidence, given)
    return Verdict(Decision.ASK_MORE, value, confidence, max(given + 1, policy.answers_min))
