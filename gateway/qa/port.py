"""The port of aggregation: encoded `Answers` in, an `Estimate` out, a `Rule` in between.

A rule is one file in `rules/`, named as clients name it, with `aggregate(answers, gold)`. Every
rule is deterministic. Neither the order in which answers arrived nor the names of the workers
change its result. Answers are sorted on the way in, and `decide` breaks ties by the skill of the
voters, never by which vote came first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress, islice
from operator import itemgetter
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gateway.base.errors import Refused

Codes: TypeAlias = NDArray[np.intp]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

OPTIONS_MAX = 50  # A confusion matrix per worker grows with the square of the options.
ROWS_AT_ONCE = 65_536
UNKNOWN = -1  # The code of a task without gold.
TIE = 1e-9  # Posteriors closer than this differ by rounding only.


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Answers:
    """The answers of a batch as three columns of codes, sorted by (task, worker, option).

    `tasks[task[i]]` was answered by `workers[worker[i]]` with `options[option[i]]`. Labels are
    sorted and distinct, and every task has an answer. A repeated (task, worker) counts as it
    stands.
    """

    tasks: tuple[str, ...]
    workers: tuple[str, ...]
    options: tuple[str, ...]
    task: Codes
    worker: Codes
    option: Codes

    def __len__(self) -> int:
        return len(self.task)

    def where(self, taken: Flags) -> "Answers":
        """Return the answers where `taken` is true.

        Every task must keep one.
        """
        return replace(
            self, task=self.task[taken], worker=self.worker[taken], option=self.option[taken]
        )

    def of_tasks(self, chosen: Flags) -> "Answers":
        """Return the answers to the tasks where `chosen` is true, as a batch of its own."""
        taken = chosen[self.task]
        tasks = tuple(compress(self.tasks, chosen.tolist()))
        renumbered = np.cumsum(chosen) - 1
        return replace(self.where(taken), tasks=tasks, task=renumbered[self.task[taken]])


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A rule's beliefs after reading all answers of a batch.

    Rows of `posterior` follow `Answers.tasks`, its columns `Answers.options`, and rows sum to 1.
    `confidence` is the posterior of `value`. `skill[w]` is the chance that an answer of worker `w`
    is right. `confusion[w, k, o]` is the chance that `w` says `o` when the truth is `k`.
    """

    value: tuple[str, ...]
    confidence: Floats
    posterior: Floats
    skill: Floats
    confusion: Floats


class Rule(Protocol):
    """A plug-in in `rules/`."""

    def aggregate(
        self,
        answers: Answers,
        gold: Mapping[str, str] | None = None,
        start: Floats | None = None,
    ) -> Estimate:
        """Estimate every task.

        `gold` maps tasks whose truth is known to that truth. `start` is a posterior to begin from
        instead of the shares of votes (see `gateway.qa.estimation.resume`).
        """
        ...


def encode(rows: Iterable[Sequence[str]], options: Iterable[str] = ()) -> Answers:
    """Encode (task, worker, answer) rows.

    `options` are known options, even if no worker chose them. Raises Refused beyond `OPTIONS_MAX`
    distinct answers, and without any row.

    >>> a = encode([("t2", "amina", "yes"), ("t1", "brian", "no"), ("t1", "amina", "yes")])
    >>> a.tasks, a.options, a.option.tolist()
    (('t1', 't2'), ('no', 'yes'), [1, 0, 1])
    """
    columns = _Columns(options)
    source = iter(rows)
    # The rows are read in pieces, so that rows which a generator makes never lie in memory all at
    # once.
    while piece := list(islice(source, ROWS_AT_ONCE)):
        columns.add(piece)
    if not columns:
        raise Refused("there are no answers to aggregate", field="answer")
    tasks, task = columns.sorted(0)
    workers, worker = columns.sorted(1)
    known, option = columns.sorted(2)
    if len(known) > OPTIONS_MAX:
        raise Refused(
            f"{len(known)} different answers, at most {OPTIONS_MAX} options: is this a transcription?",
            field="answer",
        )
    # One integer per answer lets one sort order all three columns at once.
    keys = task
    keys *= len(workers)
    keys += worker
    keys *= len(known)
    keys += option
    keys.sort()
    rest, option = np.divmod(keys, len(known), out=(keys, option))
    task, worker = np.divmod(rest, len(workers), out=(rest, worker))
    return Answers(tasks, workers, known, task, worker, option)


def gold_codes(answers: Answers, gold: Mapping[str, str] | None) -> Codes:
    """Return the option code of the gold truth per task, and `UNKNOWN` where there is none.

    Gold for a task without answers, or with a truth that is no option, is left out.
    """
    codes = np.full(len(answers.tasks), UNKNOWN, np.intp)
    if gold:
        option_code = {label: code for code, label in enumerate(answers.options)}
        for code, task in enumerate(answers.tasks):
            codes[code] = option_code.get(gold.get(task, ""), UNKNOWN)
    return codes


def read_posterior(answers: Answers, posterior: Floats, confusion: Floats) -> Estimate:
    """Read values, confidences and skills off a posterior.

    Options tied within `TIE` are resolved for the one whose voters have more skill in sum. Then the
    one that was given more often in the whole batch wins, then the first in sorted order. Only such
    a perfect symmetry can make the labels' spelling matter.
    """
    skill = np.einsum("k,wkk->w", posterior.mean(0), confusion)
    columns = np.ascontiguousarray(posterior.T)
    confidence = columns.max(0)
    tied = np.flatnonzero((columns >= confidence - TIE).sum(0) > 1)
    choice = columns.argmax(0)
    if len(tied):
        choice[tied] = _break_ties(answers, posterior, skill, tied)
    value = tuple(map(answers.options.__getitem__, choice.tolist()))
    confidence = np.take_along_axis(posterior, choice[:, None], 1)[:, 0]
    return Estimate(value, confidence, posterior, skill, confusion)


def _break_ties(answers: Answers, posterior: Floats, skill: Floats, tied: Codes) -> Codes:
    """Return the chosen option of each task in `tied`."""
    shape = posterior.shape
    cell = answers.task * shape[1] + answers.option
    support = np.bincount(cell, skill[answers.worker], posterior.size).reshape(shape)[tied]
    given = np.bincount(answers.option, minlength=shape[1])
    preference = np.argsort(-given, kind="stable")
    rows = posterior[tied]
    finalists = rows >= rows.max(1, keepdims=True) - TIE
    support = np.where(finalists, support, -1.0)
    finalists = support >= support.max(1, keepdims=True) - TIE
    return preference[np.argmax(finalists[:, preference], 1)]


class _Numbers(dict[str, int]):
    """A numbering of labels as they come, in the one pass that reads them."""

    def __missing__(self, label: str) -> int:
        number = self[label] = len(self)
        return number


class _Columns:
    """The three columns of the rows so far, as numbers of labels in order of appearance."""

    def __init__(self, options: Iterable[str]) -> None:
        self._numbers = (_Numbers(), _Numbers(), _Numbers())
        for option in options:
            self._numbers[2][option]
        self._pieces: tuple[list[NDArray[np.int64]], ...] = ([], [], [])

    def __bool__(self) -> bool:
        return bool(self._pieces[0])

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        for place, (numbers, pieces) in enumerate(zip(self._numbers, self._pieces, strict=True)):
            cells = map(itemgetter(place), rows)
            pieces.append(np.fromiter(map(numbers.__getitem__, cells), np.int64, len(rows)))

    def sorted(self, place: int) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        """Return the sorted labels of a column, and its codes.

        The column's memory is released.
        """
        numbers, pieces = self._numbers[place], self._pieces[place]
        ordered = sorted(numbers)
        rank = np.empty(len(ordered), np.int64)
        rank[np.fromiter(map(numbers.__getitem__, ordered), np.int64)] = np.arange(len(ordered))
        codes = np.concatenate(pieces)
        pieces.clear()
        return tuple(ordered), rank.take(codes, out=codes, mode="clip")
