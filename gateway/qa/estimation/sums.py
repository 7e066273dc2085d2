"""Sums over answers, the inner loop of every rule: by task, and by (worker, answer).

Both steps of EM add up short rows, one per answer, by group. A group is the answers of a task, or
the answers in which a worker said an option. Groups are laid side by side, the largest first. The
first rows of all groups are one array, the second rows the next, and so on. So a step is a few long
additions of NumPy and no loop over groups. Groups with very many rows are cut into pieces first.
"""

from typing import TypeVar, cast
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from gateway.qa.port import Answers, Codes, Floats

Rows = TypeVar("Rows", Floats, NDArray[np.float32])
PIECE = 16  # The number of rows. The rest is added up piece by piece.


_known: WeakKeyDictionary[Answers, "AnswerSums"] = WeakKeyDictionary()


def sums_of(answers: Answers) -> "AnswerSums":
    """Return the groupings of these answers, computed once for all rules that use them."""
    if answers not in _known:
        _known[answers] = AnswerSums(answers)
    return _known[answers]


class AnswerSums:
    """The two groupings of a batch's answers, computed once."""

    def __init__(self, answers: Answers) -> None:
        self.tasks, self.workers, self.options = (
            len(answers.tasks),
            len(answers.workers),
            len(answers.options),
        )
        self._task, self._option = answers.task, answers.option
        said = answers.worker * self.options + answers.option
        self._by_task = _Groups(answers.task, said, self.tasks)
        self._by_said = _Groups(said, answers.task, self.workers * self.options)

    def votes(self) -> Floats:
        """Return how often each option was given, as (tasks, options)."""
        cells = np.bincount(
            self._task * self.options + self._option, minlength=self.tasks * self.options
        )
        return cells.reshape(self.tasks, self.options).astype(np.float64)

    def evidence(self, log_confusion: Floats) -> Floats:
        """Return the sum of log chances of the answers under every truth, as (tasks, options).

        `log_confusion[w, k, o]` is as in `Estimate.confusion`.
        """
        by_said = np.ascontiguousarray(log_confusion.transpose(0, 2, 1))
        return self.heard(by_said.reshape(self.workers * self.options, self.options))

    def heard(self, rows: Rows) -> Rows:
        """Return the sum per task of the rows of its answers.

        `rows` has one row per worker and option.
        """
        return self._by_task.total(rows)

    def said(self, rows: Rows) -> Rows:
        """Return the sum per worker and option of the rows of the tasks with that answer.

        `rows` has one row per task.
        """
        return self._by_said.total(rows)

    def counts(self, posterior: Floats) -> Floats:
        """Return the expected counts `[w, k, o]`.

        They say how often worker `w` said `o` when the truth was `k`.
        """
        flat = self.said(posterior)
        return flat.reshape(self.workers, self.options, self.options).transpose(0, 2, 1)


class _Groups:
    """A grouping of rows.

    `total(rows)[g]` is the sum of `rows[picked[i]]` over all i whose `group[i]` is g.
    """

    def __init__(self, group: Codes, picked: Codes, groups: int) -> None:
        order = _order(group, groups)
        sizes = np.bincount(group, minlength=groups)
        pieces = -(-sizes // PIECE)
        # For every piece: its group, and the place where its rows start among the sorted ones.
        owner = np.repeat(np.arange(groups), pieces)
        number = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        start = (np.cumsum(sizes) - sizes)[owner] + number * PIECE
        size = np.minimum(PIECE, sizes[owner] - number * PIECE)
        largest_first = _order(PIECE - size, PIECE)
        start, size = start[largest_first], size[largest_first]
        rows = picked[order]
        self._layers = [
            rows[start[size > depth] + depth] for depth in range(int(size.max(initial=0)))
        ]
        self._back = np.empty(len(owner), np.intp)
        self._back[largest_first] = np.arange(len(owner))
        self._single = len(owner) == groups == int((pieces == 1).sum())
        self._owned = np.flatnonzero(pieces)
        self._first = (np.cumsum(pieces) - pieces)[self._owned]
        self._groups = groups

    def total(self, rows: Rows) -> Rows:
        sums = rows.take(self._layers[0], 0)
        for layer in self._layers[1:]:
            sums[: len(layer)] += rows.take(layer, 0)
        pieces = sums.take(self._back, 0)
        if self._single:
            return pieces
        every = np.zeros((self._groups, rows.shape[1]), rows.dtype)
        every[self._owned] = np.add.reduceat(pieces, self._first, 0)
        return cast("Rows", every)


def _order(numbers: Codes, limit: int) -> Codes:
    """Return the places of non-negative numbers up to `limit` in ascending order, stable."""
    # NumPy sorts 16-bit integers by radix, several times faster than wider ones.
    short = numbers.astype(np.uint16) if limit < 2**16 else numbers
    return np.argsort(short, kind="stable")
