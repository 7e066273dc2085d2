"""The dry run of a wind-down: totals per provider, the needed float, and what is missing."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from gateway.base.deductions import FeeTable
from gateway.base.errors import Refused
from gateway.base.money import amount_text, minor_per_major
from gateway.steps.payouts.winding.dues import ON_ITS_WAY, RETRY, WorkerDue, dues
from gateway.steps.runtime import Runtime
from gateway.store.payouts import floats, wind_down
from gateway.store.payouts.wind_down import FoundPayment, PaidSince, PayoutProgress, WindDown

OwedByReason = defaultdict[tuple[str, str], list[int]]
"""The number of workers and the money that they are owed, by currency and reason."""


@dataclass(slots=True)
class ProviderPlan:
    """The payouts that one provider is to make in one currency, in minor units."""

    provider: str
    currency: str
    workers: int = 0
    amount_minor: int = 0
    taxes_minor: int = 0
    worker_fees_minor: int = 0
    charges_minor: int = 0
    """The charges by the tariff in the settings (`fee_table`), borne by any side."""
    float_minor: int = 0
    """The float that the provider reported last, else that of the ledger."""
    reported: bool = False
    """True where the provider itself reported the float."""
    not_ready: str = ""
    """The reason why nothing can be prepared for this provider, and "" where it can."""

    @property
    def needed_minor(self) -> int:
        """Return the float that all payments and charges together need."""
        return self.amount_minor + self.charges_minor

    @property
    def missing_minor(self) -> int:
        return max(0, self.needed_minor - self.float_minor)


@dataclass(slots=True)
class WindDownPlan:
    """The dry run of a wind-down."""

    state: WindDown
    providers: list[ProviderPlan] = field(default_factory=list[ProviderPlan])
    unreachable: dict[tuple[str, str], tuple[int, int]] = field(
        default_factory=dict[tuple[str, str], tuple[int, int]]
    )
    """The workers who cannot be reached and what they are owed, by currency and reason."""
    too_small: dict[tuple[str, str], tuple[int, int]] = field(
        default_factory=dict[tuple[str, str], tuple[int, int]]
    )
    """The number and the money of workers who are owed less than the provider can send."""
    under_way: int = 0
    """The workers with a payout under way, whose rest is paid after it."""
    asked: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    """The payouts from the backup whose outcome is asked for, by provider."""
    found: list[FoundPayment] = field(default_factory=list[FoundPayment])
    """The payments of the lost gateway that belong to no worker yet."""
    progress: list[PayoutProgress] = field(default_factory=list[PayoutProgress])
    limits: list[str] = field(default_factory=list[str])
    """The daily limits in the settings that make the payment last longer than a day."""


async def state_of(rt: Runtime) -> WindDown:
    """Return the state of the wind-down. Raises Refused for a gateway that does not wind down."""
    found = await wind_down.find(rt.db)
    if found is None:
        raise Refused(
            "there is no wind-down here; on an empty machine: gateway wind-down --from BACKUP"
        )
    return found


async def plan(rt: Runtime) -> WindDownPlan:
    """Return the dry run. It reads only."""
    made = WindDownPlan(await state_of(rt))
    by_way: dict[tuple[str, str], ProviderPlan] = {}
    reasons, small = OwedByReason(lambda: [0, 0]), OwedByReason(lambda: [0, 0])
    ready = await readiness(rt)
    async for one in dues(rt):
        currency = one.owed.currency
        if one.reachable:
            way = by_way.setdefault((one.provider, currency), ProviderPlan(one.provider, currency))
            _add(rt, way, one)
            way.not_ready = way.not_ready or ready.for_worker(one)
        elif one.why_not.startswith(ON_ITS_WAY):
            made.under_way += 1
        else:
            entry = (small if one.too_small else reasons)[currency, one.why_not]
            entry[0] += 1
            entry[1] += one.owed.balance_minor
    made.unreachable, made.too_small = _sums(reasons), _sums(small)
    made.providers = [by_way[key] for key in sorted(by_way)]
    told = {row["provider"]: row["float"] for row in await floats.lasting(rt.db)}
    for way in made.providers:
        way.reported = way.provider in told
        way.float_minor = (
            told[way.provider] if way.reported else await floats.float_of(rt.db, way.provider)
        )
    made.asked = await wind_down.asked_about(rt.db)
    made.found = await wind_down.unbooked(rt.db)
    made.progress = await wind_down.progress(rt.db)
    made.limits = _slow_limits(rt, made.providers)
    return made


def _sums(owed: OwedByReason) -> dict[tuple[str, str], tuple[int, int]]:
    return {key: (count, minor) for key, (count, minor) in sorted(owed.items())}


class ProviderReadiness:
    """The knowledge of the lost gateway's payments, by provider."""

    def __init__(
        self, sources: dict[str, PaidSince], found: Counter[str], stopping: dict[str, int]
    ) -> None:
        self._sources, self._found, self._stopping = sources, found, stopping

    def for_worker(self, one: WorkerDue) -> str:
        """Return the reason why a worker cannot be paid through her provider yet, or ""."""
        source, tried_at = self._sources.get(one.provider), one.owed.tried_at
        if source and source.statement and tried_at and source.at < tried_at + RETRY:
            return (
                f"payouts failed since its statement was read: export a new one, and read it with "
                f"gateway wind-down statement {one.provider} FILE"
            )
        return self(one.provider)

    def __call__(self, provider: str) -> str:
        """Return the reason why a provider is not ready, or "" when it is."""
        if provider not in self._sources:
            return (
                f"it is not known what the lost gateway paid after the backup: gateway wind-down statement {provider} FILE, "
                f"or gateway wind-down nothing-since {provider}"
            )
        if count := self._found[provider]:
            return f"{count} payments on the statement belong to no worker yet: gateway wind-down found"
        if count := self._stopping.get(provider, 0):
            return (
                f"{count} differences on its statement are not explained: gateway payouts breaker"
            )
        return ""


async def readiness(rt: Runtime) -> ProviderReadiness:
    """Return what is known of the lost gateway's payments."""
    found = Counter(one.provider for one in await wind_down.unbooked(rt.db))
    return ProviderReadiness(
        await wind_down.sources(rt.db), found, await wind_down.stopping_findings(rt.db)
    )


def _add(rt: Runtime, way: ProviderPlan, one: WorkerDue) -> None:
    way.workers += 1
    way.amount_minor += one.withdrawal.amount_minor
    way.taxes_minor += one.withdrawal.tax_minor
    way.worker_fees_minor += one.withdrawal.fee_minor
    way.charges_minor += _tariff(rt, way).fee(one.withdrawal.amount_minor)


def _tariff(rt: Runtime, way: ProviderPlan) -> FeeTable:
    settings = rt.settings.providers.get(way.provider)
    bands, per_major = settings.fee_table if settings else (), minor_per_major(way.currency)
    return FeeTable(
        tuple(int(band.up_to * per_major) for band in bands),
        tuple(int(band.fee * per_major) for band in bands),
    )


def _slow_limits(rt: Runtime, ways: list[ProviderPlan]) -> list[str]:
    """Return the daily limits of the settings that are lower than what is to be paid."""
    told = list[str]()
    totals = Counter[str]()
    for way in ways:
        totals[way.currency] += way.amount_minor
    for limit in getattr(rt.settings.controls, "limits", ()):
        if limit.per == "all" and 0 < limit.most_minor < totals[limit.currency]:
            days = -(-totals[limit.currency] // limit.most_minor)
            most = amount_text(limit.most_minor, limit.currency)
            told.append(
                f"`controls.limits` allows {most} per day for all: the payment lasts {days} days"
            )
        for way in ways:
            if (
                limit.per == "provider"
                and limit.currency == way.currency
                and 0 < limit.most_minor < way.amount_minor
            ):
                days = -(-way.amount_minor // limit.most_minor)
                most = amount_text(limit.most_minor, limit.currency)
                told.append(
                    f"`controls.limits` allows {most} per day for {way.provider}: the payment lasts {days} days"
                )
    return told
