"""The plan by which a client gets a promised accuracy: how many answers, and when to stop.

The client names a share of right results. The plan is the cheapest of several policies of which the
model (`gateway.qa.checks.promise_model`) predicts that a batch of that size reaches the share with
a likelihood of 95 %. The accuracy is that of all tasks. A task that is left for review counts with
its best value. The prediction has three uncertainties: what is not known of the crowd, the chance
of a finite batch, and the model itself (`MODEL_DEVIATION`).
"""

from math import ceil, sqrt

import numpy as np

from gateway.qa.checks.promise import (
    ANSWERS_MAX,
    PolicyForecast,
    PromiseAsked,
    PromisePlan,
)
from gateway.qa.checks.promise_model import QUESTIONS, SimulatedAnswers, simulated
from gateway.qa.confidence.certificate import GOLD_MIN, TooLittleGold, certificate
from gateway.qa.port import Floats
from gateway.qa.skills.skill import TIE, Skill

Z_ONE_SIDED, Z_TWO_SIDED = 1.645, 1.96
MODEL_DEVIATION, CONFUSED_DEVIATION = 0.065, 0.15
"""The standard deviation between predicted and reached accuracy that the model does not explain.

The second is for more than two classes, since workers who confuse the same two classes are not
modelled. Both were fitted to the recorded crowds of `bench._crowds.promise`.
"""
CONFIDENCES = (0.8, 0.85, 0.9, 0.95, 0.98)
"""The confidences at which asking may stop."""
MOST = (3, 4, 5, 7)
"""The most answers of a task that a policy may pay for."""
FIXED = (1, 3, 5, 7)
GOLD_WANTED_MAX = 1000
"""The gold tasks above which no number is advised."""
PROVEN_SKILL = 0.85
"""The skill of the workers to whom a batch could be restricted."""


def promise_plan(asked: PromiseAsked) -> PromisePlan:
    """Return the plan for a promised accuracy. Equal questions have equal plans."""
    if asked.workers < 1:
        why = f"no active worker may be asked, so {_percent(asked.target)} cannot be promised"
        helps = ("ask the operator for workers of this language and currency",)
        return PromisePlan(asked.target, False, why, helps, None, None)  # noqa: FBT003
    found = forecasts(asked)
    enough = [one for one in found if one.surely >= asked.target - TIE]
    if enough:
        chosen = min(enough, key=lambda one: (round(one.answers, 2), one.most, -one.surely))
    else:
        chosen = max(found, key=lambda one: (round(one.surely, 3), -one.answers))
    gold = gold_to_show(asked.target, max(chosen.accuracy, asked.target), asked.tasks)
    has_gold = asked.golds >= GOLD_MIN
    return PromisePlan(
        asked.target,
        bool(enough) and has_gold,
        _reason(asked, chosen, is_reached=bool(enough), has_gold=has_gold),
        _helps(asked, chosen, gold, is_reached=bool(enough)),
        chosen,
        gold,
    )


def forecasts(asked: PromiseAsked) -> list[PolicyForecast]:
    """Return all policies that the present workers can carry out, with their predictions."""
    most = min(asked.answers_max, asked.workers, ANSWERS_MAX)
    states = simulated(asked.crowd, asked.options, asked.shared, answers=most)
    found = [
        _forecast(asked, states, f"fixed:{number}", 0.0, number, number)
        for number in FIXED
        if number <= most
    ]
    found += [
        _forecast(asked, states, "dynamic", confidence, 2, number)
        for confidence in CONFIDENCES
        for number in sorted({min(number, most) for number in MOST})
        if number > 2  # noqa: PLR2004  # Asking begins with two answers.
    ]
    return found


def _forecast(
    asked: PromiseAsked,
    states: SimulatedAnswers,
    policy: str,
    confidence: float,
    least: int,
    most: int,
) -> PolicyForecast:
    sure = states.confidence[:, :, least - 1 : most] >= confidence - TIE
    stops = np.where(sure.any(2), sure.argmax(2), most - least)
    right = np.take_along_axis(states.right[:, :, least - 1 : most], stops[:, :, None], 2)
    accuracies, answers = right[:, :, 0].mean(1), (stops + least).mean(1)
    accuracy = float(accuracies.mean())
    deviation = _deviation(accuracies, accuracy, asked)
    low, high = np.quantile(answers, (0.05, 0.95)).tolist()
    return PolicyForecast(
        policy,
        confidence,
        least,
        most,
        float(answers.mean()),
        low,
        high,
        float((~sure.any(2)).mean()),
        accuracy,
        max(0.0, accuracy - Z_TWO_SIDED * deviation),
        min(1.0, accuracy + Z_TWO_SIDED * deviation),
        max(0.0, accuracy - Z_ONE_SIDED * deviation),
    )


def _deviation(accuracies: Floats, accuracy: float, asked: PromiseAsked) -> float:
    """Return the standard deviation of the accuracy of a batch."""
    by_chance = accuracy * (1.0 - accuracy)
    # The simulated batches are finite themselves, which adds to the spread of their accuracies.
    between = max(0.0, float(accuracies.var()) - by_chance / QUESTIONS)
    model = MODEL_DEVIATION if asked.classes <= 2 else CONFUSED_DEVIATION  # noqa: PLR2004  # yes or no
    return sqrt(between + by_chance / max(1, asked.tasks) + model**2)


def gold_to_show(target: float, accuracy: float, tasks: int) -> int | None:
    """Return the gold tasks with which a certificate can show that `target` was reached.

    Return None where the predicted accuracy is too close to the target for any number.

    >>> gold_to_show(0.9, 0.97, 1000), gold_to_show(0.9, 0.905, 1000)
    (90, None)
    """
    for gold in range(GOLD_MIN, GOLD_WANTED_MAX + 1, 10):
        found = certificate(ceil(accuracy * gold), gold, max(1, tasks))
        if not isinstance(found, TooLittleGold) and found.low >= target:
            return gold
    return None


def _reason(
    asked: PromiseAsked, chosen: PolicyForecast, *, is_reached: bool, has_gold: bool
) -> str:
    predicted = (
        f"{_percent(chosen.accuracy)} is predicted ({_percent(chosen.low)} to {_percent(chosen.high)} "
        f"with 95 % likelihood) with {chosen.answers:.1f} answers per task"
    )
    if not is_reached:
        return f"{_percent(asked.target)} cannot be promised: {predicted}"
    if not has_gold:
        return (
            f"{predicted}, but with {asked.golds} gold tasks nothing would show whether "
            f"{_percent(asked.target)} was reached, so it cannot be promised"
        )
    return predicted


def _helps(
    asked: PromiseAsked, chosen: PolicyForecast, gold: int | None, *, is_reached: bool
) -> tuple[str, ...]:
    """Return what would help the client to get the promise, or to see that it was kept."""
    helps: list[str] = []
    if asked.golds < GOLD_MIN:
        more = GOLD_MIN - asked.golds
        helps.append(f"add {more} gold tasks: a certificate needs {GOLD_MIN} at least")
    if is_reached:
        if gold is not None and asked.golds < gold:
            helps.append(f"with {gold} gold tasks the certificate can show that it was reached")
        return tuple(helps)
    if asked.workers < ANSWERS_MAX:
        helps.append(
            f"find more workers: {asked.workers} may be asked, and up to {ANSWERS_MAX} answers of "
            "different workers could be used for each task"
        )
    if sum(one.workers * _evidence(one.skill) for one in asked.crowd) < asked.workers:
        helps.append(
            "let the workers answer gold first, for example in a small batch: little is known of "
            "their skill yet"
        )
    proven = round(sum(one.workers for one in asked.crowd if one.skill.mean >= PROVEN_SKILL))
    if chosen.least <= proven < asked.workers:
        helps.append(
            f"ask only the {proven} proven workers (qualification with min_skill {PROVEN_SKILL})"
        )
    helps.append(
        f"lower the accuracy to {_percent(int(100 * chosen.surely) / 100)}, or order a review"
    )
    return tuple(helps)


def _evidence(skill: Skill) -> float:
    """Return the answers from which the skill is known, at most ten."""
    return min(10.0, skill.right + skill.wrong) / 10.0


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %".replace(".0 %", " %")
