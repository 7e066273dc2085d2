"""The figures behind `gateway qa stopping`: sequential stopping beside fixed overlaps.

Everything is the mean over seeds, and rates are fractions of 1. Options are stopped by the posterior
of the batch and compared with majority; typed answers by the live judge, and compared with the same
aggregation of a fixed number of answers.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from statistics import fmean

from gateway.errors import Refused
from gateway.qa import stopping
from gateway.qa.port import encode
from gateway.qa.report import TRANSCRIPTION
from gateway.qa.rows import Answer
from gateway.qa.text import stopping as text_stopping

Figures = dict[str, float]
Replays = tuple[Callable[[int], Figures], Callable[[int, int], Figures]]


def savings(
    rows: Sequence[Answer],
    truths: Mapping[str, str],
    kind: str,
    confidence: float,
    seeds: int,
    tick: Callable[[], None],
) -> dict[str, object]:
    """Replay `seeds` orders of the answers; `tick` is called `steps(rows, seeds)` times.

    Raises Refused when no task has a truth.
    """
    if not truths.keys() & {row[0] for row in rows}:
        raise Refused("no task has answers and a truth: do the two files belong together?")
    dynamic, fixed = _replays(rows, truths, kind, confidence)

    def averaged(replay: Callable[[int], Figures]) -> Figures:
        replays: list[Figures] = []
        for seed in range(seeds):
            replays.append(replay(seed))
            tick()
        return {key: fmean(figures[key] for figures in replays) for key in replays[0]}

    overlaps = {
        str(overlap): averaged(lambda seed, overlap=overlap: fixed(seed, overlap))
        for overlap in range(1, most_answers(rows) + 1)
    }
    return {
        "kind": kind,
        "confidence": confidence,
        "seeds": seeds,
        **averaged(dynamic),
        "fixed": overlaps,
    }


def steps(rows: Sequence[Answer], seeds: int) -> int:
    """How many replays `savings` makes."""
    return seeds * (most_answers(rows) + 1)


def most_answers(rows: Sequence[Answer]) -> int:
    """The largest number of answers that a task has."""
    return max(Counter(row[0] for row in rows).values())


def _replays(
    rows: Sequence[Answer], truths: Mapping[str, str], kind: str, confidence: float
) -> Replays:
    if kind == TRANSCRIPTION:
        return (
            lambda seed: asdict(
                text_stopping.dynamic(rows, truths, seed=seed, confidence=confidence)
            ),
            lambda seed, overlap: asdict(
                text_stopping.fixed(rows, truths, seed=seed, overlap=overlap)
            ),
        )
    answers = encode(rows)
    return (
        lambda seed: asdict(stopping.dynamic(answers, truths, seed=seed, confidence=confidence)),
        lambda seed, overlap: asdict(stopping.fixed(answers, truths, seed=seed, overlap=overlap)),
    )
