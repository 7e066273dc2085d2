"""The top-ups of a batch whose measured median stayed below the floor.

Each worker's earnings are raised by the same share: the one that brings the median to the floor. A
worker therefore gains nothing by being slow. The sum never exceeds the batch's reserve. Where the
reserve is too small, every top-up is reduced by the same share. A batch that was opened again is
measured as a whole, and what was topped up before is paid already.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil

from gateway.workers.pay.measured import WorkerPay


def top_ups(
    workers: Sequence[WorkerPay],
    median: Fraction,
    floor_minor: int,
    reserve_minor: int,
    paid_minor: Mapping[int, int] | None = None,
) -> dict[int, int]:
    """Return the top-up of each worker in minor units, without those who get nothing.

    `paid_minor` holds the top-ups of the same workers that were paid before.

    >>> amina, brian = WorkerPay(1, 10, 3_600_000, 100), WorkerPay(2, 5, 1_800_000, 50)
    >>> top_ups([amina, brian], Fraction(100), 150, 1000)
    {1: 50, 2: 25}
    >>> top_ups([amina, brian], Fraction(100), 150, 30)
    {1: 20, 2: 10}
    >>> top_ups([amina, brian], Fraction(200), 150, 30)
    {}
    >>> top_ups([amina, brian], Fraction(100), 150, 1000, {1: 20, 2: 40})
    {1: 30}
    """
    if median <= 0 or median >= floor_minor:
        return {}
    share = Fraction(floor_minor) / median - 1
    paid = paid_minor or {}
    wanted = {
        each.worker: max(0, ceil(each.earned_minor * share) - paid.get(each.worker, 0))
        for each in workers
    }
    whole = sum(wanted.values())
    if whole > reserve_minor:
        wanted = {worker: part * reserve_minor // whole for worker, part in wanted.items()}
    return {worker: part for worker, part in wanted.items() if part}
