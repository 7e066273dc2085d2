"""The payout provider of a phone number and currency."""

from gateway.payments.routing import CountryProviders, airtime_route, route
from gateway.steps.runtime import Runtime


def provider_for(rt: Runtime, msisdn: str, currency: str) -> str | None:
    """Return the payout provider of this phone and currency, or None where none is set up."""
    return route(_ways(rt), rt.providers.keys(), msisdn, currency)


def airtime_for(rt: Runtime, msisdn: str, currency: str) -> str | None:
    """Return the provider that sends this phone airtime, or None where none is set up."""
    return airtime_route(_ways(rt), rt.providers.keys(), msisdn, currency)


def _ways(rt: Runtime) -> dict[str, CountryProviders]:
    return {
        region: CountryProviders(c.currency, c.payout, c.payout_by_carrier, c.airtime)
        for region, c in rt.settings.countries.items()
    }
