"""The quality engine on unseen crowds: synthetic ones of many shapes, `auto` beside majority.

    python -m bench._crowds.shapes [--seeds N] [--json FILE]

`ours` and `floor` are shares of right values, means over seeds, of `auto` and of majority.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from statistics import fmean, stdev

import numpy as np

from gateway.qa import rule
from gateway.qa.port import encode

SEEDS = 12
Rows = list[tuple[str, str, str]]


@dataclass(frozen=True)
class Shape:
    """The shape of a synthetic crowd.

    `spammers` answer at random and `liars` mostly give the next option, both as shares of the
    workers.

    `common` is the share of the first option among the truths. `uneven` is the deviation of the
    questions' difficulty in log-odds. `confused` is the share of mistakes that take an option for
    its twin. `few` means that few workers give most answers.
    """

    tasks: int = 300
    workers: int = 40
    answers: int = 5
    options: int = 2
    skill: float = 0.75
    spread: float = 0.12
    spammers: float = 0.0
    liars: float = 0.0
    common: float = 0.0
    uneven: float = 0.0
    confused: float = 0.0
    few: bool = False


SHAPES = {
    "plain": Shape(),
    "3_answers": Shape(answers=3),
    "2_answers": Shape(answers=2),
    "2_answers_4_options": Shape(answers=2, options=4),
    "1_answer": Shape(answers=1),
    "20_answers": Shape(answers=20, tasks=150),
    "10_options": Shape(options=10),
    "30_options": Shape(options=30, tasks=400),
    "50_options_3_answers": Shape(options=50, answers=3),
    "spammers_40": Shape(spammers=0.4),
    "spammers_60": Shape(spammers=0.6),
    "spammers_30_skill_65": Shape(skill=0.65, spammers=0.3, options=4),
    "liars_20": Shape(liars=0.2),
    "one_class_95": Shape(common=0.95),
    "one_class_99": Shape(common=0.99),
    "one_class_95_3_answers": Shape(common=0.95, answers=3),
    "few_answer_most": Shape(few=True),
    "few_answer_most_3_answers": Shape(few=True, options=3, answers=3),
    "uneven": Shape(uneven=1.0),
    "uneven_4_options": Shape(uneven=1.0, options=4),
    "uneven_one_class_90": Shape(uneven=1.0, common=0.9, options=3),
    "skill_60": Shape(skill=0.6),
    "skill_55_3_answers": Shape(skill=0.55, answers=3),
    "skill_92": Shape(skill=0.92, spread=0.05),
    "few_answers_a_worker": Shape(tasks=100, workers=200),
    "many_tasks": Shape(tasks=2000, workers=60),
    "15_tasks": Shape(tasks=15, workers=8),
    "5_tasks": Shape(tasks=5, workers=6, answers=3),
    "confused_pairs": Shape(options=6, confused=0.8),
    "confused_pairs_3_answers": Shape(options=6, confused=0.8, answers=3),
}


def crowd(shape: Shape, seed: int) -> tuple[Rows, dict[str, str]]:
    """Return answers and truths of one crowd of this shape."""
    random = np.random.default_rng(seed)
    strength = shape.skill * (1.0 - shape.skill) / shape.spread**2 - 1.0
    skills = random.beta(strength * shape.skill, strength * (1.0 - shape.skill), shape.workers)
    nature = random.random(shape.workers)
    classes = np.full(shape.options, 1.0 / shape.options)
    if shape.common:
        classes[:] = (1.0 - shape.common) / (shape.options - 1)
        classes[0] = shape.common
    busy = 1.0 / np.arange(1, shape.workers + 1) if shape.few else np.ones(shape.workers)
    rows: Rows = []
    truths: dict[str, str] = {}
    for task in range(shape.tasks):
        truth = int(random.choice(shape.options, p=classes))
        truths[f"t{task:05}"] = f"o{truth}"
        difficulty = float(random.normal(0.0, shape.uneven))
        who = random.choice(shape.workers, shape.answers, replace=False, p=busy / busy.sum())
        for worker in who.tolist():
            said = _said(random, shape, truth, float(skills[worker]), difficulty, nature[worker])
            rows.append((f"t{task:05}", f"w{worker}", f"o{said}"))
    return rows, truths


def _said(
    random: np.random.Generator,
    shape: Shape,
    truth: int,
    skill: float,
    difficulty: float,
    nature: float,
) -> int:
    if nature < shape.spammers:
        return int(random.integers(shape.options))
    if nature < shape.spammers + shape.liars:
        return (truth + 1) % shape.options if random.random() < 0.8 else truth
    if random.random() < 1.0 / (1.0 + exp(-(log(skill / (1.0 - skill)) + difficulty))):
        return truth
    if random.random() < shape.confused:
        return truth ^ 1
    return (truth + 1 + int(random.integers(shape.options - 1))) % shape.options


def compared(name: str, shape: Shape, seeds: int) -> dict[str, object]:
    """Return one row of the table."""
    right: dict[str, list[float]] = {"auto": [], "majority": []}
    for seed in range(seeds):
        rows, truths = crowd(shape, seed)
        answers = encode(rows)
        for method, found in right.items():
            values = rule(method).aggregate(answers).value
            hits = [
                value == truths[task] for task, value in zip(answers.tasks, values, strict=True)
            ]
            found.append(fmean(hits))
    ours, floor = fmean(right["auto"]), fmean(right["majority"])
    gaps = [100.0 * (a - m) for a, m in zip(right["auto"], right["majority"], strict=True)]
    error = stdev(gaps) / seeds**0.5 if seeds > 1 else 0.0
    note = f"{fmean(gaps):+.2f} points +- {error:.2f}, worst of {seeds} seeds {min(gaps):+.1f}"
    return {
        "name": name,
        "ours": round(ours, 4),
        "floor": round(floor, 4),
        "ratio": round(ours / floor, 3),
        "unit": "right",
        "p50_ms": None,
        "p99_ms": None,
        "note": note,
    }


def main() -> None:
    """Run every shape and print the table as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--json", default="-", help="where to write the table; - is stdout")
    chosen = parser.parse_args()
    results = [compared(name, shape, chosen.seeds) for name, shape in SHAPES.items()]
    table = json.dumps({"results": results}, indent=1) + "\n"
    if chosen.json == "-":
        sys.stdout.write(table)
    else:
        Path(chosen.json).write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()
