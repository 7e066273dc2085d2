"""The quality engine on left-out crowds: constants fitted without a recorded crowd judge it.

    python -m bench.qa_left_out [--data FOLDER] [--splits N] [--seeds N] [--json FILE]

FOLDER has NAME.csv (task,worker,answer) and NAME_gold.csv (task,truth) per crowd. For each crowd,
the constants of `auto`, of its confidences and of stopping are fitted to all other crowds, whole
and reduced, and to synthetic ones. Then they judge the crowd. Fitting is a descent that tries half,
all and double of each constant, one after the other. `ours` is the left-out figure of a crowd.
`floor` is that of majority (accuracy), of the shipped constants (calibration errors), or of
majority of five (stopping), in percent or points.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

import numpy as np

from bench._crowds.recorded import HERE, MADE_UP, SINGLE, Part, balanced, made_up, recorded
from gateway.qa import batch
from gateway.qa.confidence.best_workers import BestAgreement, agreement_of_best
from gateway.qa.confidence.calibration import PriorExpectation, calibration
from gateway.qa.confidence.calibration_error import debiased_calibration_error
from gateway.qa.confidence.certificate import Certificate
from gateway.qa.port import UNKNOWN, Answers, Codes, Estimate, Floats
from gateway.qa.rules import auto
from gateway.qa.trials import stopping

SPLITS, SEEDS, GOLD, MADE_UP_SEEDS = 40, 3, 40, 1
ROUNDS = 2  # rounds of the descent
FACTORS = (0.5, 1.0, 2.0)
TIE_MIN, TIE_MAX = 0.5, 0.9  # the range for the share of a tie of two
LOSS_COUNTS = 3.0  # A point below majority weighs as much as three above it.
COST, CONFIDENCES = 3.4, (0.9, 0.93, 0.95, 0.96, 0.97, 0.98)
Curve = list[tuple[float, float]]  # answers per task and accuracy in percent, per confidence
Chosen = TypeVar("Chosen", auto.Constants, PriorExpectation)
FITTED_WEIGHTS = tuple(auto.Constants.__dataclass_fields__)
FITTED_USUAL = ("temperature", "lapse", "lone_mistakes")
TOO_HIGH_COUNTS = 2.0  # A confidence that is too high does more harm than one that is too low.


@dataclass(frozen=True)
class LeftOut:
    """The results for one crowd with constants that were fitted without it."""

    part: Part
    constants: auto.Constants
    usual: PriorExpectation
    accuracy: float
    error: float
    shipped: float
    gold: tuple[float, float, float | None]


def fitted(start: Chosen, names: Sequence[str], loss: Callable[[Chosen], float]) -> Chosen:
    """Return the best constants of three descents over `names`, one constant at a time.

    They start from the constants, from all of them halved and from all of them doubled.
    """
    found: list[Chosen] = []
    for factor in (FACTORS[0], FACTORS[-1]):
        one = replace(start, **{name: _scaled(start, name, factor) for name in names})
        for _ in range(ROUNDS):
            for name in names:
                values = {_scaled(start, name, factor) for factor in FACTORS}
                one = min((replace(one, **{name: value}) for value in sorted(values)), key=loss)
        found.append(one)
    return min(found, key=loss)


def _scaled(start: object, name: str, factor: float) -> float:
    value = getattr(start, name) * factor
    return min(max(value, TIE_MIN), TIE_MAX) if name == "tie_broken" else value


class Bench:
    """The crowds, and every loss that was computed already."""

    def __init__(self, crowds: dict[str, list[Part]], others: list[Part]) -> None:
        self.crowds = crowds
        self.parts = [part for parts in crowds.values() for part in parts] + others
        self.points = cache(self._points)
        self.judgement = cache(self._judgement)
        self.best = lru_cache(len(self.parts))(self._best)
        self.blend = lru_cache(len(self.parts))(Part.blend)  # the blends of one fit

    def without(self, name: str) -> list[Part]:
        """Return all parts but those of one crowd."""
        return [part for part in self.parts if part.crowd != name]

    def weights(self, name: str) -> auto.Constants:
        """Return the constants of `auto` that are best for all other crowds."""
        parts = self.without(name)
        return fitted(
            auto.CONSTANTS,
            FITTED_WEIGHTS,
            lambda one: -balanced(parts, [self.points(part, one) for part in parts]),
        )

    def usual(self, name: str, constants: auto.Constants) -> PriorExpectation:
        """Return the usual confidences without gold according to the other recorded crowds.

        Made-up workers err independently of each other, so they teach nothing about shared errors.
        """
        parts = [part for part in self.without(name) if part.crowd != MADE_UP]
        return fitted(
            batch.USUAL,
            FITTED_USUAL,
            lambda one: balanced(parts, [self.loss(part, constants, one) for part in parts]),
        )

    def loss(self, part: Part, constants: auto.Constants, usual: PriorExpectation) -> float:
        """Return the squared calibration error, weighted by the harm that it does."""
        error, excess = self.judgement(part, constants, usual)
        return error**2 * (TOO_HIGH_COUNTS if excess > 0.0 else 1.0)

    def error(self, part: Part, constants: auto.Constants, usual: PriorExpectation) -> float:
        """Return the debiased calibration error without gold, in points."""
        return self.judgement(part, constants, usual)[0]

    def _best(self, part: Part, constants: auto.Constants) -> BestAgreement:
        return agreement_of_best(part.answers, self.blend(part, constants).skill)

    def _points(self, part: Part, constants: auto.Constants) -> float:
        """Return the gain of the blend over majority. Losses count `LOSS_COUNTS` times."""
        gain = part.accuracy(part.blend(constants)) - part.accuracy(part.candidates[0])
        return gain if gain >= 0.0 else LOSS_COUNTS * gain

    def _judgement(
        self, part: Part, constants: auto.Constants, usual: PriorExpectation
    ) -> tuple[float, float]:
        """Return the error without gold in points, and how far the mean confidence is too high."""
        found = self.blend(part, constants)
        given = np.bincount(part.answers.task)
        like = batch.usual_for(part.answers, found, self.best(part, constants), usual)
        unknown: Codes = np.full(len(given), UNKNOWN, np.intp)
        learnt = calibration(found.posterior, given, unknown, usual=like)
        confidence = learnt.apply(found.posterior, given).max(1)[part.known]
        right = part.right(found)[part.known]
        error = 100.0 * debiased_calibration_error(confidence, right)
        return error, float(confidence.mean() - right.mean())

    def judged(self, name: str, splits: int) -> LeftOut:
        """Judge one crowd with the constants that are best for the others."""
        part = self.crowds[name][0]
        constants = self.weights(name)
        usual = self.usual(name, constants)
        return LeftOut(
            part,
            constants,
            usual,
            part.accuracy(part.blend(constants)),
            self.error(part, constants, usual),
            self.error(part, auto.CONSTANTS, batch.USUAL),
            with_gold(part, constants, usual, splits),
        )


@dataclass(frozen=True)
class Fitted:
    """The rule `auto` with given constants."""

    constants: auto.Constants

    def aggregate(
        self,
        answers: Answers,
        gold: Mapping[str, str] | None = None,
        start: Floats | None = None,
    ) -> Estimate:
        """Blend the candidates. See `gateway.qa.port.Rule`."""
        return auto.aggregate(answers, gold, start, constants=self.constants)


def with_gold(
    part: Part, constants: auto.Constants, usual: PriorExpectation, splits: int
) -> tuple[float, float, float | None]:
    """Return the accuracy and the calibration error with `GOLD` gold tasks.

    The third value is the share of the certificates that held.
    """
    chosen = Fitted(constants)
    unaided = part.blend(constants)
    found: list[tuple[float, float]] = []
    held: list[bool] = []
    for seed in range(splits):
        order = np.random.default_rng(seed).permutation(part.known)
        gold, rest = order[:GOLD], order[GOLD:]
        one = batch.estimated(part.answers, chosen, part.truths_of(gold), unaided, usual)
        right = part.right(one.estimate)[rest]
        accuracy = float(right.mean())
        found.append((accuracy, debiased_calibration_error(one.confidence[rest], right)))
        if isinstance(one.certificate, Certificate):
            held.append(one.certificate.low <= accuracy <= one.certificate.high)
    accuracy, error = (100.0 * fmean(column) for column in zip(*found, strict=True))
    return accuracy, error, 100.0 * fmean(held) if held else None


def stopped(parts: Sequence[Part], seeds: int) -> list[dict[str, object]]:
    """Return the results of stopping at a confidence that was fitted to the other crowds.

    With that confidence the other crowds cost `COST` answers per task.
    """
    curves = [_curve(part, seeds) for part in parts]
    rows: list[dict[str, object]] = []
    costs: list[float] = []
    ours: list[float] = []
    floors: list[float] = []
    for place, part in enumerate(parts):
        others = [curve for number, curve in enumerate(curves) if number != place] or curves
        mean = [fmean(curve[step][0] for curve in others) for step in range(len(CONFIDENCES))]
        confidence = float(np.interp(COST, mean, CONFIDENCES))
        cost, accuracy = (
            float(np.interp(confidence, CONFIDENCES, [step[n] for step in curves[place]]))
            for n in (0, 1)
        )
        fixed = fmean(
            100.0 * stopping.fixed(part.answers, part.truths, seed=seed, overlap=5).accuracy
            for seed in range(seeds)
        )
        costs.append(cost)
        ours.append(accuracy)
        floors.append(fixed)
        note = f"{cost:.2f} answers at confidence {confidence:.3f}"
        rows.append(_row(f"{part.crowd}: stopping", accuracy, fixed, "% right", note))
    note = f"{fmean(costs):.2f} answers a task"
    rows.append(_row("mean: stopping", fmean(ours), fmean(floors), "% right", note))
    return rows + _one_setting(curves, fmean(floors))


def _one_setting(curves: Sequence[Curve], floor: float) -> list[dict[str, object]]:
    """Return cost and accuracy of each confidence as one setting for all crowds, unfitted."""
    rows: list[dict[str, object]] = []
    for step, confidence in enumerate(CONFIDENCES):
        cost, accuracy = (fmean(curve[step][part] for curve in curves) for part in (0, 1))
        name = f"all at {confidence}: stopping"
        rows.append(_row(name, accuracy, floor, "% right", f"{cost:.2f} answers a task"))
    return rows


def _curve(part: Part, seeds: int) -> Curve:
    """Return the answers per task and the accuracy in percent at each of `CONFIDENCES`."""
    curve: Curve = []
    for confidence in CONFIDENCES:
        replays = [
            stopping.dynamic(part.answers, part.truths, seed=seed, confidence=confidence)
            for seed in range(seeds)
        ]
        cost = fmean(one.answers_per_task for one in replays)
        curve.append((cost, 100.0 * fmean(one.accuracy for one in replays)))
    return curve


def table(bench: Bench, splits: int) -> list[dict[str, object]]:
    """Return the rows of every crowd, and the summary."""
    rows: list[dict[str, object]] = []
    found = [bench.judged(name, splits) for name in bench.crowds]
    singles = [[one.part.single(name) for name in SINGLE] for one in found]
    for one, single in zip(found, singles, strict=True):
        name = one.part.crowd
        others = ", ".join(f"{rule} {x:.1f}" for rule, x in zip(SINGLE, single, strict=True))
        shipped = one.part.accuracy(one.part.blend(auto.CONSTANTS))
        note = f"{others}, auto as shipped {shipped:.1f}; {_changed(one)}"
        rows.append(_row(f"{name}: auto", one.accuracy, single[0], "% right", note))
        rows.append(_row(f"{name}: no gold", one.error, one.shipped, "points off", ""))
        accuracy, error, held = one.gold
        note = f"{accuracy:.1f} % right, {held or 0.0:.1f} % of certificates held"
        rows.append(_row(f"{name}: {GOLD} gold", error, one.error, "points off", note))
    best = max(fmean(column) for column in zip(*singles, strict=True))
    worst = min(one.accuracy - single[0] for one, single in zip(found, singles, strict=True))
    note = f"worst {worst:+.2f} points beside majority, best single rule {best:.2f}"
    ours, floor = fmean(one.accuracy for one in found), fmean(single[0] for single in singles)
    rows.append(_row("mean: auto", ours, floor, "% right", note))
    for name, errors in (
        ("no gold", [one.error for one in found]),
        (f"{GOLD} gold", [one.gold[1] for one in found]),
    ):
        rows.append(_row(f"mean: {name}", fmean(errors), max(errors), "points off", "floor: most"))
    return rows


def _changed(one: LeftOut) -> str:
    """Return the fitted constants that differ from the shipped ones."""
    pairs = [
        *((name, one.constants, auto.CONSTANTS) for name in FITTED_WEIGHTS),
        *((name, one.usual, batch.USUAL) for name in FITTED_USUAL),
    ]
    told = [
        f"{name} {getattr(ours, name):.3g}"
        for name, ours, shipped in pairs
        if getattr(ours, name) != getattr(shipped, name)
    ]
    return ", ".join(told) or "the shipped constants"


def _row(name: str, ours: float, floor: float, unit: str, note: str) -> dict[str, Any]:
    return {
        "name": name,
        "ours": round(ours, 2),
        "floor": round(floor, 2),
        "ratio": round(ours / floor, 3) if floor else None,
        "unit": unit,
        "p50_ms": None,
        "p99_ms": None,
        "note": note,
    }


def main() -> None:
    """Leave out every crowd once and print the table as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=HERE)
    parser.add_argument("--splits", type=int, default=SPLITS)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--json", default="-", help="where to write the table; - is stdout")
    chosen = parser.parse_args()
    crowds = recorded(chosen.data)
    bench = Bench(crowds, made_up(MADE_UP_SEEDS))
    results = table(bench, chosen.splits)
    results += stopped([parts[0] for parts in crowds.values()], chosen.seeds)
    written = json.dumps({"results": results}, indent=1) + "\n"
    if chosen.json == "-":
        sys.stdout.write(written)
    else:
        Path(chosen.json).write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
