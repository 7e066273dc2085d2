"""The hourly pay of the workers of a batch, measured from the times that the gateway stored.

The model, in full in decision 71: the time of an answer by SMS runs from the question (its delivery
receipt, where there is one) or from the worker's answer before, whichever is later, until the
answer. By USSD it runs from the answer before or from the beginning of the session. So the time of
dialling and of finding the menu counts as work. A gap longer than `gap_s` counts as `gap_s`: the
phone was in a pocket. Several questions in one SMS share the time of that SMS.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from statistics import median as median_of

HOUR_MS = 3_600_000
_LEAST_MS = 1000
"""The least time of one reply. No reply is read and typed faster; a retry or a replay may be."""


@dataclass(frozen=True, slots=True)
class TimedAnswer:
    """A paid answer with its times."""

    asked_at: datetime
    """The time at which the question reached the worker, or was sent."""
    answered_at: datetime
    """The time at which the answer arrived."""
    price_minor: int
    """The price of the answer."""
    began_at: datetime | None = None
    """The beginning of the USSD session in which it was given; None for an SMS."""


@dataclass(frozen=True, slots=True)
class WorkerPay:
    """The work and the earnings of one worker in one batch."""

    worker: int
    answers: int
    milliseconds: int
    earned_minor: int

    @property
    def hourly(self) -> Fraction:
        """Return the earnings per hour, in minor units."""
        return Fraction(self.earned_minor * HOUR_MS, self.milliseconds)


@dataclass(frozen=True, slots=True)
class BatchPay:
    """The pay of a batch. `median_minor` and `p10_minor` are per hour, over the workers."""

    workers: int
    answers: int
    milliseconds: int
    median_minor: int
    p10_minor: int


def worker_pay(worker: int, answers: Iterable[TimedAnswer], gap_s: int) -> WorkerPay:
    """Return the pay of one worker from her answers to one batch.

    >>> at = datetime(2026, 11, 30, 9)
    >>> def after(asked, answered):
    ...     return TimedAnswer(at + timedelta(seconds=asked), at + timedelta(seconds=answered), 300)
    >>> worker_pay(7, [after(0, 20), after(20, 50)], gap_s=120)
    WorkerPay(worker=7, answers=2, milliseconds=50000, earned_minor=600)

    Two questions of one SMS share its time, and an hour in the pocket counts as the gap.

    >>> worker_pay(7, [after(0, 40), after(0, 40), after(40, 3640)], gap_s=120).milliseconds
    160000
    """
    ordered = sorted(answers, key=lambda a: (a.answered_at, a.asked_at))
    gap, whole, before = timedelta(seconds=gap_s), 0, None
    for at, given in enumerate(ordered):
        if at and given.answered_at == ordered[at - 1].answered_at:
            continue  # It came in the same reply.
        start = given.began_at or given.asked_at
        if before is not None and before > start:
            start = before
        time = min(max(given.answered_at - start, timedelta()), gap)
        whole += max(round(time / timedelta(milliseconds=1)), _LEAST_MS)
        before = given.answered_at
    return WorkerPay(worker, len(ordered), whole, sum(a.price_minor for a in ordered))


def batch_pay(workers: Sequence[WorkerPay]) -> BatchPay | None:
    """Return the pay of a batch, or None for a batch without answers.

    >>> batch_pay([WorkerPay(n, 1, HOUR_MS, 100 * n) for n in range(1, 12)])
    BatchPay(workers=11, answers=11, milliseconds=39600000, median_minor=600, p10_minor=200)
    """
    if not workers:
        return None
    hourly = sorted(each.hourly for each in workers)
    return BatchPay(
        workers=len(workers),
        answers=sum(each.answers for each in workers),
        milliseconds=sum(each.milliseconds for each in workers),
        median_minor=int(median_of(hourly)),
        p10_minor=int(hourly[(len(hourly) - 1) // 10]),
    )
