"""The medoid: the answer closest to all others, weighted by trust in the workers who typed them.

It is best for short exact strings (names, numbers, plates). The result is always an answer that a
worker really typed, never a mixture.
"""

import numpy as np

from gateway.qa.port import Floats
from gateway.qa.text.batch import TypedTask

DECIMALS = 9  # Sums closer than this differ by rounding only.


def medoid(task: TypedTask, trust: Floats) -> str:
    """Return the normalised text of the medoid.

    A tie goes to the first in sorted order. `trust[i]` is the weight of the i-th answer.
    """
    strangeness: Floats = task.distances @ (trust / trust.sum())
    return task.texts[int(np.argmin(np.round(strangeness, DECIMALS)))]
