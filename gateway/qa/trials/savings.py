"""The figures behind `gateway qa stopping`: sequential stopping beside fixed overlaps.

All figures are means over seeds, and rates are fractions of 1. Options are stopped by the posterior
of the batch and compared with majority. Typed answers are stopped by the live judge, and compared
with the same aggregation of a fixed number of answers.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from statistics import fmean

from gateway.base.errors import Refused
from gateway.qa.port import encode
from gateway.qa.rows import Answer
from gateway.qa.trials import stopping, text_stopping
from gateway.qa.trials.report import TRANSCRIPTION

SWEPT = (0.7, 0.8, 0.9, 0.95, 0.98)  # The confidences of the chart.
SavingFigures = dict[str, float]
Replays = tuple[Callable[[int], SavingFigures], Callable[[int, int], SavingFigures]]


@dataclass(frozen=True, slots=True)
class EndOfAsking:
    """The end of asking about a task: at a confidence, or while an answer is worth its price.

    `price` is the price of an answer in shares of what a corrected error is worth. With it,
    `confidence` plays no part. `predictions` are those of a model, by task: they may end the asking
    as far as they have earned trust.
    """

    confidence: float
    price: float | None = None
    predictions: Mapping[str, str] | None = None


def savings(
    rows: Sequence[Answer],
    truths: Mapping[str, str],
    kind: str,
    end: EndOfAsking,
    seeds: int,
    tick: Callable[[], None],
    *,
    gold: Mapping[str, str] | None = None,
    language: str = "",
) -> dict[str, object]:
    """Replay `seeds` orders of the answers, and call `tick` `steps(rows, seeds)` times.

    `gold` teaches skills before any question is asked, and is neither paid nor scored. Typed
    answers are compared as `language` says. Raises Refused when no other task has a truth.
    """
    answered = {row[0] for row in rows}
    known = {task: truth for task, truth in (gold or {}).items() if task in answered}
    if not (truths.keys() & answered) - known.keys():
        beside = " beside the gold" if known else ""
        raise Refused(f"no task has answers and a truth{beside}: do the files belong together?")
    dynamic, fixed = _replays(rows, truths, kind, end, known, language)

    def averaged(replay: Callable[[int], SavingFigures]) -> SavingFigures:
        return _averaged(replay, seeds, tick)

    overlaps = {
        str(overlap): averaged(lambda seed, overlap=overlap: fixed(seed, overlap))
        for overlap in range(1, most_answers(rows) + 1)
    }
    return {
        "kind": kind,
        "confidence": end.confidence,
        "price": end.price,
        "seeds": seeds,
        "gold": len(known),
        **averaged(dynamic),
        "fixed": overlaps,
    }


def sweep(
    rows: Sequence[Answer],
    truths: Mapping[str, str],
    kind: str,
    seeds: int,
    tick: Callable[[], None],
    gold: Mapping[str, str] | None = None,
    language: str = "",
) -> list[SavingFigures]:
    """Return cost and accuracy of dynamic stopping at `SWEPT` confidences.

    It calls `tick` `sweep_steps(seeds)` times.
    """
    curve: list[SavingFigures] = []
    for confidence in SWEPT:
        dynamic, _ = _replays(rows, truths, kind, EndOfAsking(confidence), gold or {}, language)
        curve.append(_averaged(dynamic, seeds, tick))
    return curve


def sweep_steps(seeds: int) -> int:
    """Return how many replays `sweep` makes."""
    return seeds * len(SWEPT)


def _averaged(
    replay: Callable[[int], SavingFigures], seeds: int, tick: Callable[[], None]
) -> SavingFigures:
    replays: list[SavingFigures] = []
    for seed in range(seeds):
        replays.append(replay(seed))
        tick()
    return {key: fmean(figures[key] for figures in replays) for key in replays[0]}


def steps(rows: Sequence[Answer], seeds: int) -> int:
    """Return how many replays `savings` makes."""
    return seeds * (most_answers(rows) + 1)


def most_answers(rows: Sequence[Answer]) -> int:
    """Return the largest number of answers that a task has."""
    return max(Counter(row[0] for row in rows).values())


def _replays(
    rows: Sequence[Answer],
    truths: Mapping[str, str],
    kind: str,
    end: EndOfAsking,
    gold: Mapping[str, str],
    language: str,
) -> Replays:
    confidence, price = end.confidence, end.price
    if kind == TRANSCRIPTION:
        if end.predictions is not None:
            raise Refused("predictions are for answers with options", field="predictions")
        typed = partial(text_stopping.dynamic, rows, truths, price=price, gold=gold)
        stop = partial(typed, language=language)
        take = partial(text_stopping.fixed, rows, truths, gold=gold, language=language)
    else:
        answers = encode(rows)
        stop = partial(
            stopping.dynamic, answers, truths, price=price, gold=gold, predictions=end.predictions
        )
        take = partial(stopping.fixed, answers, truths, gold=gold)
    return (
        lambda seed: asdict(stop(seed=seed, confidence=confidence)),
        lambda seed, overlap: asdict(take(seed=seed, overlap=overlap)),
    )
