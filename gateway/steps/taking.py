"""What is taken from a worker's withdrawal: the taxes of the country of her number, as they stand today."""

from datetime import UTC, datetime

from gateway.deductions import PPM, Deductions, Tax
from gateway.ids import WorkerId
from gateway.money import minor_per_major
from gateway.payments.routing import home_of
from gateway.runtime import Runtime
from gateway.store import payments_of


def country_of(rt: Runtime, msisdn: str, currency: str) -> str | None:
    """Whose rules a payout of this money to this number follows: the same country that says who pays it."""
    money = {code: country.currency for code, country in rt.settings.countries.items()}
    return home_of(money, msisdn, currency)


async def deductions(
    rt: Runtime, worker: WorkerId, msisdn: str, currency: str
) -> Deductions | None:
    """None where nothing is taken. Only a tax that counts by month costs a read."""
    code = country_of(rt, msisdn, currency)
    now = rt.clock.now().astimezone(UTC)
    rows = rt.settings.countries[code].taxes_on(now.date()) if code else ()
    if not rows:
        return None
    assert code is not None
    per_major = minor_per_major(currency)
    taxes = tuple(
        Tax(r.name, int(r.percent * PPM / 100), int(r.above * per_major), monthly=r.per == "month")
        for r in rows
    )
    month = datetime(now.year, now.month, 1, tzinfo=UTC)
    monthly = any(tax.monthly for tax in taxes)
    before_minor = await payments_of.withdrawn_since(rt.db, worker, month) if monthly else 0
    return Deductions(code, per_major, taxes, before_minor=before_minor)
