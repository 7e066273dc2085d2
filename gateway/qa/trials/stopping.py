"""The replay of sequential stopping on recorded answers, which shows what it would have saved.

All tasks are open at once, and answers inside a task come in random order. In every round each open
task gets one more answer. Then all skills are re-estimated on everything seen, and tasks whose best
value is sure enough are closed. No choice of worker is needed, so a live gateway that can pick its
workers should do better.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gateway.base.errors import Refused
from gateway.qa import rule
from gateway.qa.confidence.calibration import softened
from gateway.qa.confidence.shared_error import design_effect
from gateway.qa.judging.overlap import ANSWERS_MIN, CONFIDENCE
from gateway.qa.port import TIE, Answers, Codes, Estimate, Flags, Floats, read_posterior
from gateway.qa.rules import dawid_skene, one_coin
from gateway.qa.skills.model_trust import NO_PREDICTION, blended, predicted_codes, speaks_for
from gateway.qa.value_of_information import AnswerProspect, Belief, gain

_JUDGES = (one_coin, dawid_skene)  # The mean of their posteriors closes a task.


@dataclass(frozen=True, slots=True)
class Replay:
    """The cost and the accuracy of one policy.

    `accuracy` is over tasks with a truth, 0..1.
    """

    answers_per_task: float
    accuracy: float


def dynamic(
    answers: Answers,
    truths: Mapping[str, str],
    *,
    seed: int,
    confidence: float = CONFIDENCE,
    answers_min: int = ANSWERS_MIN,
    price: float | None = None,
    gold: Mapping[str, str] | None = None,
    predictions: Mapping[str, str] | None = None,
) -> Replay:
    """Ask until the posterior reaches `confidence`, within limits.

    A task gets at least `answers_min` answers, and at most all of them. `price` is the price of an
    answer in shares of what a corrected error is worth. With it, ask as long as the next answer is
    expected to bring more than that. All answers to `gold` tasks teach skills from the beginning,
    as on entry. Neither their cost nor their accuracy is counted. `predictions` are those of a
    model, by task. As far as it has earned trust, one answer and its prediction may be enough.
    """
    if predictions is not None:
        if price is not None:
            raise Refused("predictions are replayed with a confidence, not with a price", field="price")  # fmt: skip
        asked = _Asked(answers, truths, gold, seed, confidence, answers_min)
        return _with_model(asked, predicted_codes(answers.tasks, answers.options, predictions))
    counted = _counted(answers, gold)
    place = _places(answers, seed)
    available = np.bincount(answers.task)
    wanted = np.where(counted, np.minimum(answers_min, available), available)
    is_open = counted.copy()
    estimate = _judged(answers.where(place < wanted[answers.task]), gold)
    while True:
        if price is None:
            asking = estimate.confidence < confidence - TIE
        else:
            asking = _worth_asking(estimate, wanted, available, price)
        is_open &= asking & (wanted < available)
        if not is_open.any():
            break
        wanted = wanted + is_open
        estimate = _judged(answers.where(place < wanted[answers.task]), gold)
    return Replay(float(wanted[counted].mean()), accuracy(answers, estimate, truths, gold))


@dataclass(frozen=True, slots=True)
class _Asked:
    """The answers, the truths and the limits of one replay."""

    answers: Answers
    truths: Mapping[str, str]
    gold: Mapping[str, str] | None
    seed: int
    confidence: float
    answers_min: int


def _with_model(asked: _Asked, predicted: Codes) -> Replay:
    """Ask until workers and model together reach the confidence.

    A task with a prediction begins with one answer. That is enough only where the model has earned
    trust and speaks for the same value. Any other task gets `answers_min` answers at least.
    """
    answers, gold = asked.answers, asked.gold
    counted, place = _counted(answers, gold), _places(answers, asked.seed)
    available = np.bincount(answers.task)
    first = np.where(predicted == NO_PREDICTION, asked.answers_min, 1)
    wanted = np.where(counted, np.minimum(first, available), available)
    is_open = counted.copy()
    while True:
        some = answers.where(place < wanted[answers.task])
        estimate, trust = blended(lambda beside, some=some: _judged(some, gold, beside), predicted)
        clear = speaks_for(trust.evidence(predicted), estimate.posterior.argmax(1))
        enough = (wanted >= asked.answers_min) | clear
        asking = (estimate.confidence < asked.confidence - TIE) | ~enough
        is_open &= asking & (wanted < available)
        if not is_open.any():
            break
        wanted = wanted + is_open
    right = accuracy(answers, estimate, asked.truths, gold)
    return Replay(float(wanted[counted].mean()), right)


def _worth_asking(estimate: Estimate, given: Codes, available: Codes, price: float) -> Flags:
    """Return where one more answer, by a worker of mean skill, is worth its price."""
    soft = softened(estimate.posterior, given)
    usual = float(estimate.skill.mean())
    best = np.sort(soft, 1)[:, ::-1]
    # Tasks with the same beliefs and answers are worth the same. Rounding leaves few of them.
    states = np.column_stack((best[:, 0], best[:, 1] if best.shape[1] > 1 else 0.0 * best[:, 0]))
    seen = np.column_stack((np.round(states, 3), given, available - given))
    unique, back = np.unique(seen, axis=0, return_inverse=True)
    worth = [
        gain(
            Belief("", leader, runner_up),
            AnswerProspect(usual, best.shape[1], int(left), 1.0 / design_effect(int(so_far) + 1)),
            price,
        )
        > 0.0
        for leader, runner_up, so_far, left in unique.tolist()
    ]
    return np.array(worth, np.bool_)[back.reshape(-1)]


def fixed(
    answers: Answers,
    truths: Mapping[str, str],
    *,
    seed: int,
    overlap: int,
    gold: Mapping[str, str] | None = None,
) -> Replay:
    """Ask `overlap` answers per task and take the majority.

    A task has fewer where fewer were recorded. Tasks in `gold` are left out.
    """
    counted = _counted(answers, gold)
    taken = answers.where(_places(answers, seed) < overlap).of_tasks(counted)
    estimate = rule("majority").aggregate(taken)
    return Replay(len(taken) / len(taken.tasks), accuracy(taken, estimate, truths))


def accuracy(
    answers: Answers,
    estimate: Estimate,
    truths: Mapping[str, str],
    gold: Mapping[str, str] | None = None,
) -> float:
    """Return the share of the tasks with a truth, gold aside, whose value is that truth.

    It is nan without any such task.
    """
    known = gold or {}
    right = [
        value == truths[task]
        for task, value in zip(answers.tasks, estimate.value, strict=True)
        if task in truths and task not in known
    ]
    return sum(right) / len(right) if right else float("nan")


def _counted(answers: Answers, gold: Mapping[str, str] | None) -> Flags:
    """Return which tasks are asked and judged: all but gold.

    Raises Refused where there is none.
    """
    known = gold or {}
    counted = np.array([task not in known for task in answers.tasks], np.bool_)
    if not counted.any():
        raise Refused("every task is gold, so no task is left to replay", field="gold")
    return counted


def _judged(
    answers: Answers, gold: Mapping[str, str] | None, beside: Floats | None = None
) -> Estimate:
    estimates = [judge.aggregate(answers, gold, None, beside) for judge in _JUDGES]
    return read_posterior(
        answers,
        np.mean([estimate.posterior for estimate in estimates], axis=0),
        np.mean([estimate.confusion for estimate in estimates], axis=0),
    )


def _places(answers: Answers, seed: int) -> Codes:
    """Return a random place in the queue of its task for every answer, 0 first."""
    order = np.lexsort((np.random.default_rng(seed).random(len(answers)), answers.task))
    starts = np.searchsorted(answers.task, np.arange(len(answers.tasks)))
    place = np.empty(len(answers), np.intp)
    # `order` lists each task's answers together, because answers are sorted by task.
    place[order] = np.arange(len(answers)) - starts[answers.task]
    return place
