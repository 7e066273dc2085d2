"""The amounts withheld from a worker's withdrawal: taxes and the provider's fee.

The taxes are those of the country of her number, as they stand today. The fee is withheld where
that country has its workers bear it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from gateway.base.deductions import PPM, Deductions, FeeTable, Tax
from gateway.base.ids import WorkerId
from gateway.base.money import minor_per_major
from gateway.payments.routing import home_of
from gateway.steps.runtime import Runtime
from gateway.store.payouts import worker_payments


def country_of(rt: Runtime, msisdn: str, currency: str) -> str | None:
    """Return the country whose rules a payout of this money to this number follows.

    It is the country that also decides the provider.
    """
    money = {code: country.currency for code, country in rt.settings.countries.items()}
    return home_of(money, msisdn, currency)


async def deductions(
    rt: Runtime, worker: WorkerId, msisdn: str, currency: str, providers: Sequence[str | None]
) -> list[Deductions | None]:
    """Return the deductions for each of these providers; None where nothing is withheld.

    Only a tax that counts by month costs a read.
    """
    code = country_of(rt, msisdn, currency)
    if code is None:
        return [None] * len(providers)
    country, now = rt.settings.countries[code], rt.clock.now().astimezone(UTC)
    rows = country.taxes_on(now.date())
    per_major = minor_per_major(currency)
    taxes = tuple(
        Tax(
            row.name,
            int(row.percent * PPM / 100),
            int(row.above * per_major),
            monthly=row.per == "month",
            whole=row.whole,
        )
        for row in rows
    )
    month = datetime(now.year, now.month, 1, tzinfo=UTC)
    monthly = any(tax.monthly for tax in taxes)
    before_minor = await worker_payments.withdrawn_since(rt.db, worker, month) if monthly else 0
    hers = country.fees_by == "worker"
    fees = [_tariff(rt, name, per_major) if hers and name else FeeTable() for name in providers]
    return [
        Deductions(code, per_major, taxes, table, before_minor) if taxes or table.tops else None
        for table in fees
    ]


def _tariff(rt: Runtime, provider: str, per_major: int) -> FeeTable:
    settings = rt.settings.providers.get(provider)
    bands = settings.fee_table if settings else ()
    return FeeTable(
        tuple(int(band.up_to * per_major) for band in bands),
        tuple(int(band.fee * per_major) for band in bands),
    )
