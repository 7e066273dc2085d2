"""Recorded crowds from a folder, whole and reduced, for benchmarks that leave one of them out."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean

import numpy as np

from bench._crowds.shapes import SHAPES, crowd
from gateway.qa import rule
from gateway.qa.port import OPTIONS_MAX, Answers, Codes, Estimate, Floats, encode
from gateway.qa.rows import Answer, read_answers, read_truths
from gateway.qa.rules import auto

HERE = Path(__file__).parents[2] / "tests" / "qa" / "data"
THINNED = (2, 3, 5)  # answers per task
FEW_TASKS = 150
MADE_UP, MADE_UP_SHARE = "made up", 0.25
SINGLE = ("majority", "one_coin", "dawid_skene", "ibcc", "ebcc")


@dataclass(frozen=True, eq=False)
class Part:
    """A crowd or a reduced crowd. The estimates of the rules for it are computed once."""

    crowd: str
    cut: str
    answers: Answers
    truths: dict[str, str]

    @cached_property
    def candidates(self) -> list[Estimate]:
        """Return the estimate of each candidate of `auto`."""
        return auto.candidates(self.answers)

    @cached_property
    def truth(self) -> list[str | None]:
        """Return the truth per task, or None for a task without one."""
        return [self.truths.get(task) for task in self.answers.tasks]

    def blend(self, constants: auto.Constants) -> Estimate:
        """Return the estimate of `auto` with these constants."""
        weights = auto.weighted(self.answers, self.candidates, constants)
        return auto.blended(self.answers, self.candidates, weights, constants)

    def single(self, name: str) -> float:
        """Return the accuracy of one rule, in percent."""
        return self.accuracy(rule(name).aggregate(self.answers))

    def accuracy(self, found: Estimate) -> float:
        """Return the share of the tasks with a truth whose result is right, in percent."""
        return 100.0 * float(self.right(found)[self.known].mean())

    def truths_of(self, places: Codes) -> dict[str, str]:
        """Return the truths of the tasks with these codes."""
        tasks = [self.answers.tasks[int(place)] for place in places]
        return {task: self.truths[task] for task in tasks}

    @cached_property
    def known(self) -> Codes:
        """Return the codes of the tasks whose truth is known."""
        return np.array([n for n, truth in enumerate(self.truth) if truth is not None], np.intp)

    def right(self, found: Estimate) -> Floats:
        """Return per task 1 for a right result, else 0."""
        hits = [value == truth for value, truth in zip(found.value, self.truth, strict=True)]
        return np.array(hits, np.float64)


def recorded(folder: Path) -> dict[str, list[Part]]:
    """Return the parts of every crowd in the folder, the whole crowd first.

    A crowd has the files NAME.csv and NAME_gold.csv, and options.
    """
    found: dict[str, list[Part]] = {}
    for file in sorted(folder.glob("*_gold.csv")):
        name = file.name.removesuffix("_gold.csv")
        rows = read_answers(folder / f"{name}.csv", name)
        if len({row[2] for row in rows}) <= OPTIONS_MAX:
            truths = read_truths(file, file.name)
            found[name] = [Part(name, cut, encode(some), truths) for cut, some in _cuts(rows)]
    return found


def made_up(seeds: int) -> list[Part]:
    """Return synthetic crowds of every shape of `bench._crowds.shapes`."""
    return [
        Part(MADE_UP, name, encode(rows), truths)
        for name, shape in SHAPES.items()
        for rows, truths in (crowd(shape, seed) for seed in range(seeds))
    ]


def balanced(parts: list[Part], scores: list[float]) -> float:
    """Return the mean over crowds of the mean over their parts.

    Synthetic crowds have a weight of one quarter, if there are any.
    """
    of: dict[str, list[float]] = {}
    for part, score in zip(parts, scores, strict=True):
        of.setdefault(part.crowd, []).append(score)
    synthetic = of.pop(MADE_UP, None)
    real = fmean(fmean(some) for some in of.values()) if of else 0.0
    if synthetic is None:
        return real
    made = fmean(synthetic)
    real = real if of else made
    return MADE_UP_SHARE * made + (1.0 - MADE_UP_SHARE) * real


def _cuts(rows: list[Answer]) -> Iterator[tuple[str, list[Answer]]]:
    yield "whole", rows
    random = np.random.default_rng(0)
    for most in THINNED:
        yield f"{most} answers", _thinned(rows, most, random)
    tasks = sorted({row[0] for row in rows})
    if len(tasks) > FEW_TASKS:
        some = set(random.permutation(tasks)[:FEW_TASKS].tolist())
        few = [row for row in rows if row[0] in some]
        yield f"{FEW_TASKS} tasks", few
        yield f"{FEW_TASKS} tasks, 3 answers", _thinned(few, 3, random)


def _thinned(rows: list[Answer], most: int, random: np.random.Generator) -> list[Answer]:
    of: dict[str, list[Answer]] = {}
    for row in rows:
        of.setdefault(row[0], []).append(row)
    return [
        some[place]
        for some in of.values()
        for place in random.permutation(len(some))[:most].tolist()
    ]
