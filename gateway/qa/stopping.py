"""What would sequential stopping have saved? Recorded answers, handed out again one by one.

All tasks are open at once and answers inside a task come in random order. Every round each open
task gets one more answer, all skills are re-estimated on everything seen, and tasks whose best
value is sure enough are closed. No choice of worker is needed, so a live gateway that can pick
whom to ask should do better.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gateway.qa import rule
from gateway.qa.overlap import ANSWERS_MIN, CONFIDENCE
from gateway.qa.port import TIE, Answers, Codes, Estimate, decide

JUDGES = ("one_coin", "dawid_skene")  # the mean of their posteriors closes a task


@dataclass(frozen=True, slots=True)
class Replay:
    """What one policy cost and reached. `accuracy` is over tasks with a truth, 0..1."""

    answers_per_task: float
    accuracy: float


def dynamic(
    answers: Answers,
    truths: Mapping[str, str],
    *,
    seed: int,
    confidence: float = CONFIDENCE,
    answers_min: int = ANSWERS_MIN,
) -> Replay:
    """Ask until the posterior reaches `confidence`, at least `answers_min`, at most all answers."""
    place = _places(answers, seed)
    available = np.bincount(answers.task)
    wanted = np.minimum(answers_min, available)
    is_open = np.ones(len(answers.tasks), np.bool_)
    estimate = _judged(answers.where(place < wanted[answers.task]))
    while True:
        is_open &= (estimate.confidence < confidence - TIE) & (wanted < available)
        if not is_open.any():
            break
        wanted = wanted + is_open
        estimate = _judged(answers.where(place < wanted[answers.task]))
    return Replay(float(wanted.mean()), accuracy(answers, estimate, truths))


def fixed(answers: Answers, truths: Mapping[str, str], *, seed: int, overlap: int) -> Replay:
    """Ask `overlap` answers a task (fewer where fewer were recorded) and take the majority."""
    taken = answers.where(_places(answers, seed) < overlap)
    estimate = rule("majority").aggregate(taken)
    return Replay(len(taken) / len(taken.tasks), accuracy(taken, estimate, truths))


def accuracy(answers: Answers, estimate: Estimate, truths: Mapping[str, str]) -> float:
    """Share of the tasks with a truth whose value is that truth; nan without any."""
    right = [
        value == truths[task]
        for task, value in zip(answers.tasks, estimate.value, strict=True)
        if task in truths
    ]
    return sum(right) / len(right) if right else float("nan")


def _judged(answers: Answers) -> Estimate:
    estimates = [rule(name).aggregate(answers) for name in JUDGES]
    return decide(
        answers,
        np.mean([estimate.posterior for estimate in estimates], axis=0),
        np.mean([estimate.confusion for estimate in estimates], axis=0),
    )


def _places(answers: Answers, seed: int) -> Codes:
    """A random place in the queue of its task for every answer, 0 first."""
    order = np.lexsort((np.random.default_rng(seed).random(len(answers)), answers.task))
    starts = np.searchsorted(answers.task, np.arange(len(answers.tasks)))
    place = np.empty(len(answers), np.intp)
    # `order` lists each task's answers together, since answers are sorted by task.
    place[order] = np.arange(len(answers)) - starts[answers.task]
    return place
