"""The random sample of an audit: its size from a wished interval, and a draw that can be repeated.

The size begins with the usual formula for a share p and a half width h of the 95 % interval,
corrected for a batch of N tasks:

    n0 = 1.96^2 p (1 - p) / h^2,   n = n0 / (1 + (n0 - 1) / N)

where p is the share of errors that the batch's promise allows. It is then raised until the exact
interval of the expected number of errors is as narrow as that.
"""

from collections.abc import Iterable
from hashlib import sha256
from math import ceil

from gateway.qa.checks.interval import error_share

Z = 1.96
EXPECTED_MIN = 0.01
"""The least share of errors that is expected. A promise of no errors at all needs a sample too."""
_STEPS = 50  # A size that is not enough is raised by one fiftieth of itself.


def sample_size(half_width: float, allowed: float, population: int) -> int:
    """Return the number of tasks to audit in a batch of `population` tasks.

    `allowed` is the share of errors that the promise allows, and `half_width` is half the width of
    the wished 95 % interval around it.

    >>> sample_size(0.05, 0.05, 1000), sample_size(0.05, 0.05, 20), sample_size(0.02, 0.05, 100_000)
    (83, 16, 520)
    """
    if population <= 0:
        return 0
    expected = min(max(allowed, EXPECTED_MIN), 0.5)
    whole = Z * Z * expected * (1.0 - expected) / (half_width * half_width)
    size = max(1, ceil(whole / (1.0 + (whole - 1.0) / population)))
    while size < population and _width(size, expected, population) > 2.0 * half_width:
        size += max(1, size // _STEPS)
    return min(size, population)


def _width(size: int, expected: float, population: int) -> float:
    found = error_share(round(size * expected), size, population)
    assert found is not None
    return found.high - found.low


def draw(seed: str, tasks: Iterable[str], size: int) -> list[str]:
    """Return the sample of an audit, in the order in which it is judged.

    Tasks are sorted by the SHA-256 of seed, colon and the client's id of the task, and the first
    ones are taken. The order of `tasks` makes no difference, so anyone who has the seed can repeat
    the draw. The tasks that are judged first are a random sample too.

    >>> draw("7f", ["a", "b", "c", "d"], 2) == draw("7f", ["d", "c", "b", "a"], 2)
    True
    """
    ordered = sorted(tasks, key=lambda task: sha256(f"{seed}:{task}".encode()).digest())
    return ordered[:size]
