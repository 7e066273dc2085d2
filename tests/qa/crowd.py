"""Recorded crowds for the tests, see data/README.md, and made-up ones with known skills."""

import csv
from pathlib import Path
from random import Random

DATA = Path(__file__).parent / "data"
Rows = list[tuple[str, str, str]]


def recorded(name: str) -> tuple[Rows, dict[str, str]]:
    """Answers and truths of a set in data/."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = [(r["task"], r["worker"], r["answer"]) for r in csv.DictReader(file)]
    with (DATA / f"{name}_gold.csv").open(encoding="utf-8", newline="") as file:
        return rows, {r["task"]: r["truth"] for r in csv.DictReader(file)}


def made_up(
    *, tasks: int, skills: list[float], options: str = "abc", seed: int = 0
) -> tuple[Rows, dict[str, str]]:
    """Every worker answers every task, right with their skill and otherwise evenly wrong."""
    random = Random(seed)
    truths = {f"t{i:03}": random.choice(options) for i in range(tasks)}
    rows: Rows = []
    for task, truth in truths.items():
        for number, skill in enumerate(skills):
            wrong = [option for option in options if option != truth]
            answer = truth if random.random() < skill else random.choice(wrong)
            rows.append((task, f"w{number}", answer))
    return rows, truths


def accuracy(values: dict[str, str], truths: dict[str, str]) -> float:
    """Share of truths that were found."""
    return sum(values[task] == truth for task, truth in truths.items()) / len(truths)
