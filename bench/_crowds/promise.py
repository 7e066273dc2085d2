"""The share of promised accuracies that are kept, on recorded crowds and tasks not seen before.

    python -m bench._crowds.promise [--replays N] [--json FILE]

Each replay cuts the tasks of a recorded crowd into two random halves. The first half is the gold:
it shows the skill of the workers and how far their errors agree, calibrates, and is not scored. The
plan is made from that alone, for the highest accuracy (in steps of 1 %) that can be promised. Then
the second half is asked: recorded answers come in random order, the online judge stops, the batch
is estimated as a whole, and doubtful tasks get further answers within the maximum. A promise is
kept when the share of right results of the second half reaches the promised one. The short form
(`--replays 20`) takes about half a minute.
"""

import argparse
import csv
import json
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

from gateway.qa.answers import choice
from gateway.qa.answers.port import AnswerTriple, BatchRule
from gateway.qa.checks.promise import CrowdSkill, PolicyForecast, PromiseAsked, SharedWrong
from gateway.qa.checks.promise_more import EstimatedTask, more_for_promise
from gateway.qa.checks.promise_plan import forecasts
from gateway.qa.judging.overlap import (
    DynamicOverlap,
    FixedOverlap,
    Policy,
    TaskDecision,
    judge,
)
from gateway.qa.skills.skill import Skill

DATA = Path(__file__).parents[2] / "tests" / "qa" / "data"
CROWDS = ("rte150", "valence")
LEAST_TARGET = 0.6
"""The accuracy below which no promise is sought."""
TOLERANCE = 0.1


@dataclass(frozen=True, slots=True)
class Crowd:
    """A recorded crowd."""

    name: str
    answers: Mapping[str, Sequence[tuple[str, str]]]
    """The answers of each task, as (worker, value)."""
    truth: Mapping[str, str]

    @property
    def options(self) -> tuple[str, ...]:
        return tuple(sorted({value for given in self.answers.values() for _, value in given}))


@dataclass(frozen=True, slots=True)
class Kept:
    """One replay of a promise."""

    crowd: str
    seed: int
    target: float
    """The promised accuracy; 0 where none could be promised."""
    accuracy: float
    predicted: float
    answers: float
    expected: float
    most: int

    @property
    def is_kept(self) -> bool:
        return self.accuracy >= self.target

    @property
    def cost(self) -> float:
        """Return the answers, in multiples of the quoted expectation."""
        return self.answers / self.expected if self.expected else 1.0


def recorded(name: str) -> Crowd:
    """Return a recorded crowd of the repository."""
    with (DATA / f"{name}_gold.csv").open() as file:
        truth = {row["task"]: row["truth"] for row in csv.DictReader(file)}
    answers: dict[str, list[tuple[str, str]]] = defaultdict(list)
    with (DATA / f"{name}.csv").open() as file:
        for row in csv.DictReader(file):
            if row["task"] in truth:
                answers[row["task"]].append((row["worker"], row["answer"]))
    return Crowd(name, answers, {task: truth[task] for task in answers})


def replay(crowd: Crowd, seed: int) -> Kept:
    """Promise and ask one half of a crowd's tasks, after the other half was the gold."""
    dice = random.Random(seed)
    names = sorted(crowd.truth)
    dice.shuffle(names)
    gold, asked = names[: len(names) // 2], names[len(names) // 2 :]
    known = _skills(crowd, gold)
    forecast = _forecasts(crowd, gold, asked, known)
    target = int(100 * max(one.surely for one in forecast)) / 100
    if target < LEAST_TARGET:
        return Kept(crowd.name, seed, 0.0, 0.0, 0.0, 0.0, 0.0, 0)
    enough = [one for one in forecast if one.surely >= target]
    chosen = min(enough, key=lambda one: (round(one.answers, 2), one.most, -one.surely))
    queue = {task: dice.sample(crowd.answers[task], len(crowd.answers[task])) for task in asked}
    given = {task: _stopped(crowd, queue[task], known, chosen) for task in asked}
    values = _closed(crowd, gold, queue, given, target, chosen.most)
    return Kept(
        crowd.name,
        seed,
        target,
        fmean(values[task] == crowd.truth[task] for task in asked),
        chosen.accuracy,
        fmean(given.values()),
        chosen.answers,
        chosen.most,
    )


def _skills(crowd: Crowd, gold: Sequence[str]) -> dict[str, Skill]:
    """Return what the gold shows of each worker."""
    known: dict[str, Skill] = defaultdict(Skill)
    for task in gold:
        for worker, value in crowd.answers[task]:
            known[worker] = known[worker].after_gold(right=value == crowd.truth[task])
    return known


def _forecasts(
    crowd: Crowd, gold: Sequence[str], asked: Sequence[str], known: Mapping[str, Skill]
) -> list[PolicyForecast]:
    pairs = both_wrong = wrong = 0.0
    for task in gold:
        given = crowd.answers[task]
        false = sum(value != crowd.truth[task] for _, value in given)
        of_task = len(given) * (len(given) - 1) / 2
        pairs += of_task
        both_wrong += false * (false - 1) / 2
        wrong += of_task * false / len(given)
    # Workers answer as much of the second half as of the first.
    skills = [CrowdSkill(skill.right + skill.wrong, skill) for skill in known.values()]
    shared, options = SharedWrong(pairs, both_wrong, wrong), len(crowd.options)
    return forecasts(PromiseAsked(0.0, len(asked), options, skills, options, len(gold), shared))


def _stopped(
    crowd: Crowd,
    queue: Sequence[tuple[str, str]],
    known: Mapping[str, Skill],
    chosen: PolicyForecast,
) -> int:
    """Return how many answers the online judge asks for."""
    most = min(chosen.most, len(queue))
    policy: Policy = (
        DynamicOverlap(chosen.confidence, chosen.least, most)
        if chosen.policy == "dynamic"
        else FixedOverlap(most)
    )
    for number in range(chosen.least, most + 1):
        some = queue[:number]
        verdict = judge(
            choice,
            [value for _, value in some],
            [known.get(worker, Skill()) for worker, _ in some],
            crowd.options,
            policy,
        )
        if verdict.decision is not TaskDecision.ASK_MORE:
            return number
    return most


def _closed(
    crowd: Crowd,
    gold: Sequence[str],
    queue: Mapping[str, Sequence[tuple[str, str]]],
    given: dict[str, int],
    target: float,
    most: int,
) -> dict[str, str]:
    """Return the final values; `given` grows by the answers that the promise needed besides."""
    rows: list[AnswerTriple] = [(t, w, v) for t in gold for w, v in crowd.answers[t]]
    truth = {task: crowd.truth[task] for task in gold}
    while True:
        asked = [(t, w, v) for t, number in given.items() for w, v in queue[t][:number]]
        found = choice.estimate([*rows, *asked], truth, BatchRule(crowd.options, "auto", ""))
        tasks = [
            EstimatedTask(task, found[task][1], min(most, len(queue[task])) - number)
            for task, number in given.items()
        ]
        more = more_for_promise(tasks, target)
        if not more:
            return {task: found[task][0] for task in given}
        for task in more:
            given[task] += 1


def measured(replays: int, first: int = 0) -> dict[str, object]:
    """Return the figures of `replays` replays, in turn over the crowds."""
    crowds = [recorded(name) for name in CROWDS]
    found = [replay(crowds[seed % len(crowds)], seed) for seed in range(first, first + replays)]
    figures: dict[str, object] = {"replays": replays}
    for name in ("all", *CROWDS):
        some = [one for one in found if name in ("all", one.crowd)]
        made = [one for one in some if one.target]
        figures[name] = {
            "promised": len(made),
            "declined": len(some) - len(made),
            "kept": round(sum(one.is_kept for one in made) / len(made), 4) if made else None,
            "mean_target": round(fmean(one.target for one in made), 4) if made else None,
            "mean_accuracy": round(fmean(one.accuracy for one in made), 4) if made else None,
            "mean_predicted": round(fmean(one.predicted for one in made), 4) if made else None,
            "answers": round(fmean(one.answers for one in made), 3) if made else None,
            "expected": round(fmean(one.expected for one in made), 3) if made else None,
            "cost": round(fmean(one.cost for one in made), 4) if made else None,
            "cost_within_10_percent": round(
                sum(abs(one.cost - 1.0) <= TOLERANCE for one in made) / len(made), 4
            )
            if made
            else None,
        }
    figures["each"] = [asdict(one) for one in found]
    return figures


def main() -> None:
    """Print the figures, and store them where --json says."""
    parser = argparse.ArgumentParser(description="Whether promised accuracies are kept.")
    parser.add_argument("--replays", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    figures = measured(given.replays, given.first)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1))
    print(json.dumps({name: one for name, one in figures.items() if name != "each"}, indent=1))


if __name__ == "__main__":
    main()
