"""The top-ups of a batch whose measured median stayed below the floor.

Each worker's earnings are raised by the same share: the one that brings the median to the floor. A
worker therefore gains nothing by being slow. The sum never exceeds the batch's reserve. Where the
reserve is too small, the share is reduced for all of them. A batch that was opened again is
measured as a whole, and what was topped up before is paid already.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil, floor

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
        each.worker: ceil(each.earned_minor * share) - paid.get(each.worker, 0) for each in workers
    }
    if sum(part for part in wanted.values() if part > 0) > reserve_minor:
        share = _affordable(workers, paid, reserve_minor)
        wanted = {
            each.worker: floor(each.earned_minor * share) - paid.get(each.worker, 0)
            for each in workers
        }
    return {worker: part for worker, part in wanted.items() if part > 0}


def _affordable(
    workers: Sequence[WorkerPay], paid_minor: Mapping[int, int], reserve_minor: int
) -> Fraction:
    """Return the share to which the reserve raises every worker who has less of it so far.

    >>> amina, brian = WorkerPay(1, 10, 3_600_000, 100), WorkerPay(2, 5, 1_800_000, 100)
    >>> _affordable([amina, brian], {1: 20}, 40), _affordable([amina, brian], {1: 20}, 10)
    (Fraction(3, 10), Fraction(1, 10))
    """
    earning = [each for each in workers if each.earned_minor]
    had = {each.worker: paid_minor.get(each.worker, 0) for each in earning}
    earning.sort(key=lambda each: Fraction(had[each.worker], each.earned_minor))
    share, earned, paid = Fraction(0), 0, 0
    for each in earning:
        if earned and Fraction(had[each.worker], each.earned_minor) >= share:
            break
        earned, paid = earned + each.earned_minor, paid + had[each.worker]
        share = Fraction(reserve_minor + paid, earned)
    return share
