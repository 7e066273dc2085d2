"""The replay of the live judge on typed answers, which shows what early stopping would have saved.

As in `gateway.qa.trials.stopping`, all tasks are open at once and get one answer per round in
random order. The judge of the live gateway closes a task, with skills learnt from the tasks closed
before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.base.errors import Refused
from gateway.qa.answers import typed
from gateway.qa.judging.overlap import (
    ANSWERS_MIN,
    CONFIDENCE,
    AnswerPrice,
    AnswerPrices,
    DynamicOverlap,
    Policy,
    PricedOverlap,
    TaskDecision,
    judge,
)
from gateway.qa.rows import Answer
from gateway.qa.skills.skill import Skill
from gateway.qa.text.aggregate import aggregate
from gateway.qa.text.score import exact_match, word_error_rate
from gateway.qa.typed.near import is_near
from gateway.qa.typed.normalise import normalise

Rows = Sequence[Answer]


@dataclass(frozen=True, slots=True)
class TextReplay:
    """The cost and the accuracy of one policy.

    Rates are fractions of 1.
    """

    answers_per_task: float
    wer: float
    exact_match: float


def dynamic(
    rows: Rows,
    truths: Mapping[str, str],
    *,
    seed: int,
    confidence: float = CONFIDENCE,
    answers_min: int = ANSWERS_MIN,
    price: float | None = None,
    gold: Mapping[str, str] | None = None,
    language: str = "",
) -> TextReplay:
    """Ask until a group of near-equal answers reaches `confidence`, then aggregate the answers.

    `price` is the price of an answer in shares of what a corrected error is worth. With it, ask as
    long as the next answer is expected to bring more than that. All answers to `gold` tasks teach
    skills from the beginning, as on entry. Neither their cost nor their accuracy is counted.
    """
    known = gold or {}
    queues = _queues(_counted(rows, known), seed)
    taken = {task: min(answers_min, len(queue)) for task, queue in queues.items()}
    taught = [row for row in rows if row[0] in known]
    skills = _taught(taught, known, language)
    waiting = list(queues)
    market = AnswerPrices(AnswerPrice(price or 0.0))

    def policy(available: int) -> Policy:
        least = min(answers_min, available)
        if price is None:
            return DynamicOverlap(confidence, least, available)
        return PricedOverlap(1.0, least, available)

    while waiting:
        still: list[str] = []
        for task in waiting:
            answers = queues[task][: taken[task]]
            verdict = judge(
                typed,
                [answer for _, _, answer in answers],
                [skills.get(worker, Skill()) for _, worker, _ in answers],
                (),
                policy(len(queues[task])),
                language=language,
                market=market,
            )
            if verdict.decision is TaskDecision.ASK_MORE:
                taken[task] += 1
                still.append(task)
            else:
                assert verdict.value is not None
                _learn(skills, answers, verdict.value, verdict.confidence, language)
        waiting = still
    paid = [row for task, n in taken.items() for row in queues[task][:n]]
    return _scored(paid, truths, language, taught, known)


def fixed(
    rows: Rows,
    truths: Mapping[str, str],
    *,
    seed: int,
    overlap: int,
    gold: Mapping[str, str] | None = None,
    language: str = "",
) -> TextReplay:
    """Ask `overlap` answers per task and aggregate them.

    A task has fewer where fewer were recorded. Tasks in `gold` are left out.
    """
    queues = _queues(_counted(rows, gold or {}), seed)
    taken = [row for queue in queues.values() for row in queue[:overlap]]
    return _scored(taken, truths, language)


def _counted(rows: Rows, gold: Mapping[str, str]) -> Rows:
    """Return the answers to all tasks but gold.

    Raises Refused where there is none.
    """
    counted = [row for row in rows if row[0] not in gold]
    if not counted:
        raise Refused("every task is gold, so no task is left to replay", field="gold")
    return counted


def _taught(rows: Rows, gold: Mapping[str, str], language: str) -> dict[str, Skill]:
    """Return the skills that answers to gold show."""
    skills: dict[str, Skill] = {}
    truths = {task: normalise(truth, language) for task, truth in gold.items()}
    for task, worker, answer in rows:
        right = is_near(normalise(answer, language), truths[task])
        skills[worker] = skills.get(worker, Skill()).after_gold(right=right)
    return skills


def _queues(rows: Rows, seed: int) -> dict[str, list[Answer]]:
    """Return the answers per task in random order.

    Tasks are sorted by name.
    """
    queues: dict[str, list[Answer]] = {}
    for row in sorted(rows):
        queues.setdefault(row[0], []).append(row)
    random = np.random.default_rng(seed)
    return {
        task: [queue[place] for place in random.permutation(len(queue)).tolist()]
        for task, queue in queues.items()
    }


def _learn(skills: dict[str, Skill], answers: Rows, value: str, sure: float, language: str) -> None:
    believed = normalise(value, language)
    for _, worker, answer in answers:
        agreement = sure if is_near(normalise(answer, language), believed) else 0.0
        skills[worker] = skills.get(worker, Skill()).after_consensus(agreement)


def _scored(
    rows: Rows,
    truths: Mapping[str, str],
    language: str,
    taught: Rows = (),
    gold: Mapping[str, str] | None = None,
) -> TextReplay:
    """Aggregate the paid answers.

    Those that taught and their gold are not counted.
    """
    known = gold or {}
    estimate = aggregate([*rows, *taught], known, language=language)
    pairs = zip(estimate.tasks, estimate.value, strict=True)
    found = {task: value for task, value in pairs if task not in known}
    return TextReplay(
        len(rows) / len(found),
        word_error_rate(found, truths, language),
        exact_match(found, truths, language),
    )
