"""The medoid: the answer closest to all others, weighted by trust in who typed them.

Best for short exact strings (names, numbers, plates): the result is always something a person
really typed, never a mixture.
"""

import numpy as np

from gateway.qa.port import Floats
from gateway.qa.text.batch import TypedTask

DECIMALS = 9  # sums closer than this differ by rounding only


def medoid(task: TypedTask, trust: Floats) -> str:
    """Normalised text of the medoid; a tie goes to the first in sorted order.

    `trust[i]` is the weight of the i-th answer.
    """
    strangeness: Floats = task.distances @ (trust / trust.sum())
    return task.texts[int(np.argmin(np.round(strangeness, DECIMALS)))]
