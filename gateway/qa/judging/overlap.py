"""The online judge, which decides after every answer whether the task needs one more.

It is called inside the transaction that processes an answer. So it is plain Python over the few
votes of one task: a sum of log-odds and a softmax, which take a few microseconds.

A client either names the confidence that a value must reach (`DynamicOverlap`), or says what a
corrected error is worth (`PricedOverlap`). In the second case the judge asks for one more answer as
long as it is expected to bring more than it costs on its channel. A reviewer looks where that pays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from gateway.base.bounds import AMOUNT_MAX_MINOR, ANSWERS_OF_TASK_MAX, parse_whole
from gateway.base.errors import Refused
from gateway.qa.answers.choice import option_belief
from gateway.qa.answers.port import AnswerForm
from gateway.qa.confidence.shared_error import design_effect
from gateway.qa.keying.settling import record_state
from gateway.qa.skills.skill import (
    PREDICTION_CLEAR,
    PRIOR_RIGHT,
    PRIOR_WRONG,
    SKILL_MAX,
    TIE,
    Skill,
)
from gateway.qa.value_of_information import AnswerProspect, Belief, quick_gain

# This is the default of dynamic overlap. Two strangers who agree on yes or no reach it exactly. On
# seven recorded crowds it costs 2.8 answers per task and finds what majority finds with five.
CONFIDENCE = 0.9
ANSWERS_MIN = 2
ANSWERS_MAX = 7
# The share of wrong fields that double keying leaves at most, unless the client says otherwise. It
# is the rate that Patnaik et al. (2009) measured with an operator on the telephone.
FIELD_ERROR_MAX = 0.0045
ENTRIES_MAX = 5
DOUBLE = "double"
# The chance of an ambiguous question at which the verdict says so, once the answers are spent.
AMBIGUOUS = 0.5


class TaskDecision(StrEnum):
    """The next step for the task."""

    ACCEPT = "accept"
    ASK_MORE = "ask_more"
    # Ask one more worker, with at least the skill `Verdict.skill_wanted`.
    ASK_BETTER = "ask_better"
    REVIEW = "review"  # A reviewer should look: `value` is the best guess so far.
    AMBIGUOUS = "ambiguous"  # A reviewer should look at the question: it has no single answer.


@dataclass(frozen=True, slots=True)
class FixedOverlap:
    """The policy of a fixed number of answers, whatever they say.

    A reviewer looks at tasks whose answers leave them below `confidence`.
    """

    answers: int
    confidence: float = CONFIDENCE


@dataclass(frozen=True, slots=True)
class DynamicOverlap:
    """The policy to ask until the posterior of one value reaches `confidence`, within limits."""

    confidence: float = CONFIDENCE
    answers_min: int = ANSWERS_MIN
    answers_max: int = ANSWERS_MAX


@dataclass(frozen=True, slots=True)
class PricedOverlap:
    """The policy to ask as long as one more answer should be worth its price, within limits.

    `error_minor` is what a corrected error is worth to the client, in minor units.
    """

    error_minor: float
    answers_min: int = ANSWERS_MIN
    answers_max: int = ANSWERS_MAX


@dataclass(frozen=True, slots=True)
class DoubleKeying:
    """The policy for records: two workers key each one, and others settle what differs.

    See `gateway.qa.keying.settling.record_state`. `error_max` is the share of wrong fields that the
    client accepts.
    """

    error_max: float = FIELD_ERROR_MAX
    answers_min: int = 1
    answers_max: int = ENTRIES_MAX


Policy = FixedOverlap | DynamicOverlap | PricedOverlap | DoubleKeying


@dataclass(frozen=True, slots=True)
class AnswerPrice:
    """One more answer that can be had: its price and its worker's skill.

    The price covers payout and segments, in minor units.
    """

    price_minor: float
    skill: float = PRIOR_RIGHT / (PRIOR_RIGHT + PRIOR_WRONG)


@dataclass(frozen=True, slots=True)
class AnswerPrices:
    """The offers for a task: an answer of any worker, an answer of a better worker, and a review.

    An offer is None where there is no such worker or reviewer. A reviewer is taken to be right.
    """

    anyone: AnswerPrice = AnswerPrice(0.0)
    better: AnswerPrice | None = None
    review_minor: float | None = None


DEFAULT_PRICES = AnswerPrices()


class Verdict(NamedTuple):
    """The judge's decision on one task.

    `value` is None only before the first answer. `confidence` is the posterior of `value`, not
    calibrated. `answers_wanted` is how many answers the task wants in all, including the given
    ones. It never exceeds the policy's maximum, unless more have been given already. `skill_wanted`
    is the least chance to be right of the next worker, and 0 means any worker. `fields` are the
    fields of a record that the next worker is asked for, and none means the whole question.
    """

    decision: TaskDecision
    value: str | None
    confidence: float
    answers_wanted: int
    skill_wanted: float = 0.0
    fields: tuple[str, ...] = ()


def parse_policy(
    text: str, *, available: int | None = None, confidence: float = CONFIDENCE
) -> Policy:
    """Read `all`, `fixed:N`, `dynamic`, `worth:MINOR` (of a corrected error) or `double`.

    `available` is how many answers can be had at all (recorded ones in a replay). `all` needs it,
    and it limits the others. Raises Refused for any other text.

    >>> parse_policy("fixed:3"), parse_policy("all", available=1)
    (FixedOverlap(answers=3, confidence=0.9), FixedOverlap(answers=1, confidence=0.75))
    """
    limit = ANSWERS_MAX if available is None else available
    match text.split(":"):
        case ["all"] if available is not None:
            return _fixed(available, confidence)
        case ["fixed", number] if number.isascii() and number.isdecimal():
            answers = parse_whole(number, "policy", least=1, most=ANSWERS_OF_TASK_MAX)
            return _fixed(answers if available is None else min(answers, available), confidence)
        case ["dynamic"] if 0.0 < confidence < 1.0:
            return DynamicOverlap(confidence, min(ANSWERS_MIN, limit), limit)
        case ["worth", minor] if minor.isascii() and minor.isdecimal():
            worth = parse_whole(minor, "policy", least=1, most=AMOUNT_MAX_MINOR)
            return PricedOverlap(float(worth), min(ANSWERS_MIN, limit), limit)
        case ["double"] if 0.0 < confidence < 1.0:
            return _double(limit if available is not None else ENTRIES_MAX, confidence)
        case ["dynamic" | "double"]:
            raise Refused(f"confidence {confidence} is not between 0 and 1", field="confidence")
        case _:
            raise Refused(
                f"unknown overlap policy '{text}': write all, fixed:N (N >= 1), dynamic, worth:N (minor units "
                "that a corrected error is worth), or double",
                field="policy",
            )


def _fixed(answers: int, confidence: float) -> FixedOverlap:
    """Return the policy of a fixed number of answers.

    A client who asks for a single answer and names no higher confidence than the default accepts
    what one stranger is worth. No single answer of a stranger reaches the default.
    """
    if answers == 1 and confidence <= CONFIDENCE:
        confidence = min(confidence, PRIOR_RIGHT / (PRIOR_RIGHT + PRIOR_WRONG))
    return FixedOverlap(answers, confidence)


def _double(limit: int, confidence: float) -> DoubleKeying:
    """Return the policy of double keying. A confidence of at most the default of others is none."""
    wanted = FIELD_ERROR_MAX if confidence <= CONFIDENCE else 1.0 - confidence
    return DoubleKeying(wanted, 1, min(ENTRIES_MAX, limit))


def judge(
    form: AnswerForm,
    values: Sequence[str],
    skills: Sequence[Skill],
    options: Sequence[str],
    policy: Policy,
    *,
    language: str = "",
    market: AnswerPrices = DEFAULT_PRICES,
    beside: Sequence[float] = (),
) -> Verdict:
    """Judge the answers that a task has, each with its worker's skill.

    `form` is the form of the answers (`gateway.qa.answers`). `language` (ISO 639-1) is that of
    typed answers, where it is known. `market` says which workers could be asked next, and at which
    price. Only a `PricedOverlap` looks at prices. A tie goes to the value of the worker with most
    skill, then to the earlier option, or for text to the first in sorted order. The order of
    arrival never matters. `beside` are log likelihoods of the options from a prediction. Where it
    clearly speaks for the same value, one answer may be enough for a `DynamicOverlap`.
    """
    assert len(values) == len(skills)
    given = len(values)
    if not values:
        wanted = policy.answers if isinstance(policy, FixedOverlap) else policy.answers_min
        return Verdict(TaskDecision.ASK_MORE, None, 0.0, wanted)
    if isinstance(policy, DoubleKeying):
        return _by_keying(values, skills, language, policy, market)
    choices = form.choices(options)
    if beside:
        belief = option_belief(values, skills, options, beside)
        if isinstance(policy, DynamicOverlap):
            policy = _fewer(policy, belief, options, beside)
    else:
        belief = form.belief(values, skills, options, language)
    match policy:
        case FixedOverlap():
            verdict = _by_number(given, belief, policy)
        case DynamicOverlap():
            verdict = _by_confidence(given, belief, choices, policy, market)
        case PricedOverlap():
            verdict = _by_worth(given, belief, choices, policy, market)
    if verdict.decision is TaskDecision.REVIEW:
        rights = [skill.mean for skill in skills]
        split = form.ambiguous(values, rights, options, language)
        if split >= AMBIGUOUS:
            return Verdict(TaskDecision.AMBIGUOUS, belief.value, belief.leader, given)
    return verdict


def _fewer(
    policy: DynamicOverlap, belief: Belief, options: Sequence[str], beside: Sequence[float]
) -> DynamicOverlap:
    """Return the policy that asks one answer at least, where a prediction speaks for it."""
    if belief.value not in options:
        return policy
    leader = options.index(belief.value)
    others = max((one for n, one in enumerate(beside) if n != leader), default=0.0)
    is_clear = beside[leader] - others >= PREDICTION_CLEAR
    return replace(policy, answers_min=1) if is_clear else policy


def _by_keying(
    values: Sequence[str],
    skills: Sequence[Skill],
    tag: str,
    policy: DoubleKeying,
    market: AnswerPrices,
) -> Verdict:
    """Ask for the fields that are not certain yet, where entries differ of a better worker."""
    state, given = record_state(values, skills, tag, policy.error_max), len(values)
    if not state.unsure:
        return Verdict(TaskDecision.ACCEPT, state.value, state.confidence, given)
    if given >= policy.answers_max:
        return Verdict(TaskDecision.REVIEW, state.value, state.confidence, given)
    better = market.better if state.disputed else None
    return Verdict(
        TaskDecision.ASK_BETTER if better else TaskDecision.ASK_MORE,
        state.value,
        state.confidence,
        given + 1,
        better.skill if better else 0.0,
        () if state.all_unsure else state.unsure,
    )


def _by_number(given: int, belief: Belief, policy: FixedOverlap) -> Verdict:
    """Accept after all the wanted answers, unless they are tied or not sure enough."""
    value, sure = belief.value, belief.leader
    if given < policy.answers:
        return Verdict(TaskDecision.ASK_MORE, value, sure, policy.answers)
    tied = belief.runner_up > sure - TIE
    decided = sure >= policy.confidence - TIE and not tied
    return Verdict(TaskDecision.ACCEPT if decided else TaskDecision.REVIEW, value, sure, given)


def _by_confidence(
    given: int, belief: Belief, options: int, policy: DynamicOverlap, market: AnswerPrices
) -> Verdict:
    value, sure = belief.value, belief.leader
    if given >= policy.answers_min and sure >= policy.confidence - TIE:
        return Verdict(TaskDecision.ACCEPT, value, sure, given)
    if given >= policy.answers_max:
        return Verdict(TaskDecision.REVIEW, value, sure, given)
    wanted = max(given + 1, policy.answers_min)
    if market.better and given >= policy.answers_min:
        left = policy.answers_max - given
        if _best_case(belief, options, left, market.anyone.skill) < policy.confidence - TIE:
            skill = market.better.skill
            return Verdict(TaskDecision.ASK_BETTER, value, sure, wanted, skill)
    return Verdict(TaskDecision.ASK_MORE, value, sure, wanted)


def _best_case(belief: Belief, options: int, answers: int, skill: float) -> float:
    """Return the confidence if `answers` further answers by workers of `skill` all agreed."""
    sure = min(max(skill, 1.0 / max(2, options)), SKILL_MAX)
    odds = belief.leader / max(1.0 - belief.leader, TIE)
    odds *= (sure * max(1, options - 1) / (1.0 - sure)) ** answers
    return odds / (1.0 + odds)


def _by_worth(
    given: int, belief: Belief, options: int, policy: PricedOverlap, market: AnswerPrices
) -> Verdict:
    """Choose the most expensive step that still pays.

    The steps are nothing, an answer of any worker, an answer of a better worker, and a review.
    """
    value, sure = belief.value, belief.leader
    if given < policy.answers_min:
        return Verdict(TaskDecision.ASK_MORE, value, sure, policy.answers_min)
    leader, runner_up = _careful(belief, given)
    left = policy.answers_max - given
    offer = market.anyone
    price = offer.price_minor / policy.error_minor
    anyone = best = quick_gain(leader, runner_up, _asked(offer.skill, options, left, given), price)
    if market.better:
        offer = market.better
        price = offer.price_minor / policy.error_minor
        asked = _asked(offer.skill, options, left, given)
        best = max(anyone, quick_gain(leader, runner_up, asked, price))
    looked_at = 0.0
    if market.review_minor is not None:
        looked_at = 1.0 - leader - market.review_minor / policy.error_minor
    if left > 0 and best > max(0.0, looked_at):
        if best > anyone:
            return Verdict(TaskDecision.ASK_BETTER, value, sure, given + 1, offer.skill)
        return Verdict(TaskDecision.ASK_MORE, value, sure, given + 1)
    torn = market.review_minor is None and left <= 0 and leader < CONFIDENCE - TIE
    worth_a_look = looked_at > 0.0 or torn
    return Verdict(TaskDecision.REVIEW if worth_a_look else TaskDecision.ACCEPT, value, sure, given)


@lru_cache(maxsize=1_024)
def _asked(skill: float, options: int, left: int, given: int) -> AnswerProspect:
    return AnswerProspect(skill, options, left, 1.0 / design_effect(given + 1))


def _careful(belief: Belief, given: int) -> tuple[float, float]:
    """Return the chances of leader and runner-up with the answers' shared errors taken out.

    Calibration does the same for a batch.
    """
    _, leader, runner_up = belief
    if leader >= 1.0:
        return leader, runner_up
    power = 1.0 / design_effect(given)
    rest = 1.0 - leader - runner_up
    leader, runner_up = leader**power, runner_up**power
    total = leader + runner_up + (rest**power if rest > 0.0 else 0.0)
    return leader / total, runner_up / total
