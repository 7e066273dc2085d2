"""A model beside recorded crowds: the answers that its predictions save, and what a bad one costs.

    python -m bench._crowds.predictions [--seeds N] [--gold N] [--json FILE]

Each seed draws a model (right for a share of the tasks, or wrong for 40 % of one class and right
otherwise), the gold tasks and the order of the answers. `share` is the answers per task in shares
of those of dynamic stopping without predictions, and `points` the difference of the accuracy.
"""

import argparse
import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import fmean, stdev

import numpy as np

from gateway.qa.port import Answers, encode
from gateway.qa.trials.stopping import Replay, dynamic

SEEDS, GOLD = 30, 20
CROWDS = ("rte150", "valence")
_DATA = Path(__file__).parents[2] / "tests" / "qa" / "data"
Truths = Mapping[str, str]
Model = Callable[[int], dict[str, str]]


def read(crowd: str) -> tuple[Answers, dict[str, str]]:
    """Return the answers and the truths of a recorded crowd."""
    with (_DATA / f"{crowd}.csv").open() as file:
        answers = encode(
            (row["task"], row["worker"], row["answer"]) for row in csv.DictReader(file)
        )
    with (_DATA / f"{crowd}_gold.csv").open() as file:
        return answers, {row["task"]: row["truth"] for row in csv.DictReader(file)}


def models(truths: Truths, options: tuple[str, ...]) -> dict[str, Model]:
    """Return the models of the table, each as a function of the seed."""
    found: dict[str, Model] = {
        "right for 80 %": lambda seed: planted(truths, options, dict.fromkeys(options, 0.8), seed),
        "right for 95 %": lambda seed: planted(truths, options, dict.fromkeys(options, 0.95), seed),
        "chance": lambda seed: planted(
            truths, options, dict.fromkeys(options, 1.0 / len(options)), seed
        ),
        "always wrong": lambda seed: planted(truths, options, dict.fromkeys(options, 0.0), seed),
    }
    for bad in options:
        right = {option: 0.6 if option == bad else 1.0 for option in options}
        found[f"wrong for 40 % of {bad}"] = lambda seed, right=right: planted(
            truths, options, right, seed
        )
        less = {option: 0.6 if option == bad else 0.8 for option in options}
        found[f"80 %, wrong for 40 % of {bad}"] = lambda seed, less=less: planted(
            truths, options, less, seed
        )
    return found


def planted(
    truths: Truths, options: tuple[str, ...], right: Mapping[str, float], seed: int
) -> dict[str, str]:
    """Return the predictions of a model that is right with these chances, by the truth."""
    draw = np.random.default_rng(1_000 + seed)
    found: dict[str, str] = {}
    for task in sorted(truths):
        others = [option for option in options if option != truths[task]]
        is_right = draw.random() < right[truths[task]]
        found[task] = truths[task] if is_right else str(draw.choice(others))
    return found


def compared(crowd: str, seeds: int, gold: int) -> list[dict[str, object]]:
    """Return a row per model: its share of the answers, and the difference of the accuracy."""
    answers, truths = read(crowd)
    without = [replay(answers, truths, seed, gold, None) for seed in range(seeds)]
    usual = fmean(one.answers_per_task for one in without)
    rows: list[dict[str, object]] = [
        {"crowd": crowd, "model": "none", "answers": usual, "share": 1.0, "points": 0.0,
         "error": 0.0, "accuracy": 100.0 * fmean(one.accuracy for one in without)}
    ]  # fmt: skip
    for name, model in models(truths, answers.options).items():
        with_it = [replay(answers, truths, seed, gold, model(seed)) for seed in range(seeds)]
        asked = fmean(one.answers_per_task for one in with_it)
        points = [100.0 * (a.accuracy - b.accuracy) for a, b in zip(with_it, without, strict=True)]
        error = stdev(points) / seeds**0.5 if seeds > 1 else 0.0
        rows.append(
            {"crowd": crowd, "model": name, "answers": asked, "share": asked / usual,
             "points": fmean(points), "error": error,
             "accuracy": 100.0 * fmean(one.accuracy for one in with_it)}
        )  # fmt: skip
        print(f"{crowd:8} {name:32} {asked:5.2f} {asked / usual:5.2f} {fmean(points):+6.2f} +- {error:.2f}", flush=True)  # fmt: skip
    return rows


def replay(
    answers: Answers, truths: Truths, seed: int, gold: int, predictions: dict[str, str] | None
) -> Replay:
    """Return one replay, with gold tasks that the seed draws."""
    draw = np.random.default_rng(77 + seed)
    known = {
        str(task): truths[str(task)] for task in draw.choice(sorted(truths), gold, replace=False)
    }
    return dynamic(answers, truths, seed=seed, gold=known, predictions=predictions)


def main() -> None:
    """Print the table, and write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--gold", type=int, default=GOLD)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows = [row for crowd in CROWDS for row in compared(crowd, given.seeds, given.gold)]
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
