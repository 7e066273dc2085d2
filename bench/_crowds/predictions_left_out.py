"""The trust in models on a crowd that did not choose its constants.

    python -m bench._crowds.predictions_left_out [--seeds N] [--fit-seeds N] [--gold N]

For each recorded crowd, the two constants of caution are chosen on the other crowd alone: of the
settings that cost no accuracy with a model that is right for 80 %, and at most half a point with
one that is wrong for 40 % of a class, the one that saves most answers. Then they judge the crowd,
with seeds that chose nothing.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from statistics import fmean, stdev

from bench._crowds.predictions import CROWDS, GOLD, models, read, replay
from gateway.qa.skills import model_trust
from gateway.qa.trials.stopping import Replay

SEEDS, FIT_SEEDS, FIRST_UNSEEN = 30, 12, 100
CAUTIONS, PRIORS = (0.2, 0.4, 0.8), (0.5, 1.0, 2.0)
LOSS_MAX = 0.5
USEFUL = "right for 80 %"


@dataclass(frozen=True, slots=True)
class Setting:
    """The two constants of caution."""

    caution: float
    prior: float

    @contextmanager
    def used(self) -> Iterator[None]:
        """Let the trust in models use these constants."""
        shipped = model_trust.CAUTION, model_trust.PRIOR_ANSWERS
        try:
            _use(self.caution, self.prior)
            yield
        finally:
            _use(*shipped)


@dataclass(frozen=True, slots=True)
class Row:
    """The savings and the cost of the predictions of one model on one crowd."""

    model: str
    answers: float
    share: float
    points: float
    error: float


def _use(caution: float, prior: float) -> None:
    for name, value in (("CAUTION", caution), ("PRIOR_ANSWERS", prior)):
        setattr(model_trust, name, value)


def without(crowd: str, seeds: range, gold: int) -> list[Replay]:
    """Return the replays without predictions."""
    answers, truths = read(crowd)
    return [replay(answers, truths, seed, gold, None) for seed in seeds]


def judged(crowd: str, setting: Setting, seeds: range, gold: int, usual: list[Replay]) -> list[Row]:
    """Return a row per model."""
    answers, truths = read(crowd)
    rows = list[Row]()
    cost = fmean(one.answers_per_task for one in usual)
    for name, model in models(truths, answers.options).items():
        with setting.used():
            with_it = [replay(answers, truths, seed, gold, model(seed)) for seed in seeds]
        asked = fmean(one.answers_per_task for one in with_it)
        points = [100.0 * (a.accuracy - b.accuracy) for a, b in zip(with_it, usual, strict=True)]
        error = stdev(points) / len(points) ** 0.5
        rows.append(Row(name, asked, asked / cost, fmean(points), error))
    return rows


def chosen(crowd: str, seeds: range, gold: int) -> Setting:
    """Return the setting that saves most answers on a crowd within the bars.

    Where none is within them, return the one that loses least.
    """
    usual = without(crowd, seeds, gold)
    ranked = list[tuple[bool, float, Setting]]()
    for caution, prior in product(CAUTIONS, PRIORS):
        setting = Setting(caution, prior)
        rows = judged(crowd, setting, seeds, gold, usual)
        useful = next(row for row in rows if row.model == USEFUL)
        worst = min(row.points for row in rows if "wrong for 40 %" in row.model)
        kept = useful.points >= 0.0 and worst >= -LOSS_MAX
        ranked.append((not kept, useful.share if kept else -worst, setting))
        print(
            f"  fit on {crowd:8} caution {caution:.1f} prior {prior:.1f}  share {useful.share:.3f} "
            f"points {useful.points:+.2f}  worst {worst:+.2f}",
            flush=True,
        )
    return min(ranked, key=lambda one: one[:2])[2]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--fit-seeds", type=int, default=FIT_SEEDS)
    parser.add_argument("--gold", type=int, default=GOLD)
    given = parser.parse_args()
    unseen = range(FIRST_UNSEEN, FIRST_UNSEEN + given.seeds)
    for crowd, other in zip(CROWDS, reversed(CROWDS), strict=True):
        setting = chosen(other, range(given.fit_seeds), given.gold)
        usual = without(crowd, unseen, given.gold)
        cost = fmean(one.answers_per_task for one in usual)
        print(f"{crowd}: caution {setting.caution}, prior {setting.prior}, chosen on {other}")
        print(f"{crowd:8} {'none':32} {cost:5.2f}  accuracy {100 * fmean(one.accuracy for one in usual):.1f}")  # fmt: skip
        for row in judged(crowd, setting, unseen, given.gold, usual):
            print(f"{crowd:8} {row.model:32} {row.answers:5.2f} {row.share:5.2f} {row.points:+6.2f} +- {row.error:.2f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
