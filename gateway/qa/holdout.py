"""Hide a part of the answers, so that rules can be judged by how well they foresee them.

Large batches are judged by a sample of their tasks: 10,000 answers tell rules apart as well as more.

Which answers are hidden must not depend on who is called what or who came first. So the choice
is made by hashes of the tasks' names and of what a worker did: the tasks answered, and how many
agreed there. Workers who cannot be told apart that way are hidden together.
"""

from typing import TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from gateway.qa.port import Answers, Codes, Estimate, Flags, Floats
from gateway.qa.sums import sums_of

Bits: TypeAlias = NDArray[np.uint64]

SAMPLED_ANSWERS = 10_000
HIDDEN = 0.2  # share of the answers; of a task with one answer none is hidden
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: spreads bits (Fibonacci hashing)


def sample(answers: Answers, always: Flags) -> Flags:
    """Tasks to judge rules by, in all about `SAMPLED_ANSWERS` answers and those in `always`."""
    share = min(1.0, SAMPLED_ANSWERS / len(answers))
    return (_mixed(_names(answers)) >> np.uint64(32) < share * 2.0**32) | always


def split(answers: Answers) -> tuple[Answers, Codes]:
    """The batch without its hidden answers, and the places of the hidden ones."""
    hidden = _hash(answers) < HIDDEN * 2.0**32
    shown_per_task = np.bincount(answers.task, ~hidden, len(answers.tasks))
    hidden &= shown_per_task[answers.task] > 0
    return answers.where(~hidden), np.flatnonzero(hidden)


def foreseen(estimate: Estimate, answers: Answers, places: Codes) -> Floats:
    """Chance that `estimate` gave to each of the answers at `places`."""
    task, worker, option = answers.task[places], answers.worker[places], answers.option[places]
    confusion = estimate.confusion[worker, :, option]
    return np.einsum("ik,ik->i", estimate.posterior[task], confusion)


def _hash(answers: Answers) -> Floats:
    """A number below 2^32 for every answer."""
    agreeing = sums_of(answers).votes()[answers.task, answers.option].astype(np.uint64)
    deed = _mixed(_names(answers)[answers.task] + agreeing)
    record = np.zeros(len(answers.workers), np.uint64)
    np.add.at(record, answers.worker, deed)
    return (_mixed(deed ^ record[answers.worker]) >> np.uint64(32)).astype(np.float64)


def _names(answers: Answers) -> Bits:
    return np.fromiter((crc32(task.encode()) for task in answers.tasks), np.uint64)


def _mixed(number: Bits) -> Bits:
    mixed = number * _MIX
    return (mixed ^ (mixed >> np.uint64(29))) * _MIX
