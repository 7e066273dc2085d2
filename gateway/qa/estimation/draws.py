"""Pseudo-random numbers that are always the same, made from hashes of the tasks' names alone.

They must depend neither on the order of the answers nor on the workers' names, so that equal
answers always have equal results.
"""

from collections.abc import Sequence
from typing import TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from gateway.qa.port import Floats

Bits: TypeAlias = NDArray[np.uint64]

_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio spreads bits (Fibonacci hashing).


def uniform(tasks: Sequence[str], seed: int, columns: int) -> Floats:
    """Return evenly drawn numbers between 0 and 1 per task and column.

    They depend on the tasks' names and `seed` alone.
    """
    names = np.fromiter((crc32(task.encode()) for task in tasks), np.uint64)
    column = np.arange(columns, dtype=np.uint64) + np.uint64(seed * columns + 1)
    mixed = _mixed(_mixed(names[:, None] ^ _mixed(column)[None]))
    return ((mixed >> np.uint64(12)).astype(np.float64) + 0.5) / 2.0**52


def _mixed(number: Bits) -> Bits:
    mixed = number * _MIX
    return (mixed ^ (mixed >> np.uint64(29))) * _MIX
