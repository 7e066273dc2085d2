"""The time at which a batch can be expected to be ready, with the reason.

The rate of answers is that of the workers who may be asked, in the last days and outside their
quiet hours (`gateway.workers.pace`). Running batches with the same workers come first. A running
batch is forecast by its own rate as soon as that is measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from gateway.steps.messages.contact_hours import zone_of_region
from gateway.steps.runtime import Runtime
from gateway.store.batches import pace
from gateway.store.batches.batches import Batch
from gateway.store.batches.pace import WorkersAtZone
from gateway.workers import quiet
from gateway.workers.pace import (
    DEFAULT_PER_WORKER,
    HORIZON_DAYS,
    Basis,
    CrowdPart,
    FinishTimes,
    Rate,
    WorkedHour,
    default_rate,
    finish_times,
    measured_rate,
    waking_shares,
)
from gateway.workers.quiet import QuietHours

MEASURED_DAYS = 7
"""The days whose answers count."""


@dataclass(frozen=True, slots=True)
class CrowdNow:
    """The present workers of a batch."""

    zones: Sequence[WorkersAtZone]
    """The workers by zone and quiet hours."""

    @property
    def workers(self) -> int:
        """Return the number of active workers who may be asked."""
        return sum(one.workers for one in self.zones)

    @property
    def able(self) -> int:
        """Return how many of them are not paused and have the lesson that is needed."""
        return sum(one.able for one in self.zones)

    @property
    def reachable(self) -> int:
        """Return how many of the able ones have a phone that is not known to be off."""
        return sum(one.reachable for one in self.zones)


@dataclass(frozen=True, slots=True)
class ReadyForecast:
    """The expected finishing time of a batch, or the reason why none can be named."""

    times: FinishTimes | None
    """The range of the time; None where none can be named."""
    reason: str
    """The reason, as a sentence."""
    basis: Basis
    """The origin of the rate."""
    answers: int
    """The expected answers that are still to come."""
    answers_ahead: int
    """The answers of other batches that come first."""
    per_hour: float
    """The expected answers per hour while all workers are awake."""
    reachable: int
    """The workers who can be reached now."""
    awake_now: float
    """The share of these who are not in their quiet hours."""


async def crowd_now(rt: Runtime, batch: Batch) -> CrowdNow:
    """Return the present workers who may be asked about a batch."""
    return CrowdNow(await pace.workers_by_zone(rt.db, batch, rt.clock.now()))


async def ready_when(
    rt: Runtime, batch: Batch, crowd: CrowdNow, answers: float, most: float, *, running: bool
) -> ReadyForecast:
    """Return when `answers` more answers of a batch can be expected, `most` at the latest."""
    now = rt.clock.now()
    since = (now - timedelta(days=MEASURED_DAYS)).replace(minute=0, second=0, microsecond=0)
    shares = waking_shares(_parts(rt, crowd), now)
    rate, ahead = None, 0
    if running:
        own = await pace.batch_hours(rt.db, batch.id, since)
        rate = measured_rate(_filled(own, now), shares, now, Basis.BATCH)
    if rate is None:
        ahead = await pace.answers_ahead(rt.db, batch)
        worked = await pace.crowd_hours(rt.db, batch, since)
        measured = measured_rate(worked, shares, now, Basis.MEASURED)
        share = crowd.reachable / crowd.workers if crowd.workers else 0.0
        rate = measured.times(share) if measured else default_rate(crowd.reachable)
    day_max = batch.worker_day_max * crowd.reachable if batch.worker_day_max else inf
    times = finish_times(
        now, ahead + answers, rate, shares, day_max=day_max, most=ahead + max(answers, most)
    )
    return ReadyForecast(
        times if crowd.reachable else None,
        _reason(crowd, rate, ahead, shares[now.hour], times),
        rate.basis,
        round(answers),
        ahead,
        rate.per_hour,
        crowd.reachable,
        shares[now.hour],
    )


def _parts(rt: Runtime, crowd: CrowdNow) -> list[CrowdPart]:
    """Return the reachable workers with their zones and their quiet hours."""
    usual = quiet.parse(rt.settings.quiet_hours)
    return [
        CrowdPart(
            one.zone or zone_of_region(rt, one.region),
            usual
            if one.quiet_from is None or one.quiet_until is None
            else QuietHours(one.quiet_from, one.quiet_until),
            one.reachable,
        )
        for one in crowd.zones
        if one.reachable
    ]


def _filled(worked: Sequence[WorkedHour], now: datetime) -> list[WorkedHour]:
    """Return every hour from the first answer until now; hours without answers count too."""
    if not worked:
        return []
    by_hour = {one.hour: one.answers for one in worked}
    first = min(by_hour)
    hours = int((now - first).total_seconds() // 3600) + 1
    every = (first + timedelta(hours=n) for n in range(hours))
    return [WorkedHour(hour, by_hour.get(hour, 0)) for hour in every]


def _reason(
    crowd: CrowdNow, rate: Rate, ahead: int, awake: float, times: FinishTimes | None
) -> str:
    """Return one or two sentences about the origin of a forecast."""
    if not crowd.reachable:
        return _nobody(crowd)
    workers = f"{crowd.reachable:,} {_workers(crowd.reachable)} can be reached"
    match rate.basis:
        case Basis.BATCH:
            how = f"this batch got {rate.answers:,} answers in {rate.hours:.0f} waking hours"
        case Basis.MEASURED:
            how = (
                f"such workers gave {rate.answers:,} answers in {rate.hours:.0f} waking hours with work "
                f"in the last {MEASURED_DAYS} days"
            )
        case Basis.DEFAULT:
            how = (
                f"nothing was measured yet, so {DEFAULT_PER_WORKER:.0f} answers an hour of each worker "
                "are assumed, and a quarter to four times of that is possible"
            )
    told = f"{workers}; {how}"
    if ahead:
        told += f"; other batches wait for {ahead:,} answers of theirs first"
    if not awake:
        told += "; it is night for all of them now"
    if times is None:
        told += f"; at this rate it would take more than {HORIZON_DAYS} days"
    return told


def _nobody(crowd: CrowdNow) -> str:
    """Return the reason why no worker can be reached now."""
    if not crowd.workers:
        return "no active worker may be asked, so no time can be named"
    if not crowd.able:
        return (
            f"all {crowd.workers:,} workers are paused at this kind of task or lack its lesson, "
            "so no time can be named"
        )
    return (
        f"the phones of all {crowd.able:,} workers are off or were not reached lately, "
        "so no time can be named until one is back"
    )


def _workers(number: int) -> str:
    return "worker" if number == 1 else "workers"
