"""The choice of the provider that pays a number.

The number's country decides first, then the carrier to which it was given, else the country's
default provider.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import carrier

from gateway.base.msisdn import region_of


@dataclass(frozen=True, slots=True)
class CountryProviders:
    """The providers of one country.

    `by_carrier` names the provider per carrier, and `default` the one of all other numbers.
    `airtime` names the provider of airtime, where there is one.
    """

    currency: str
    default: str | None
    by_carrier: Mapping[str, str]
    airtime: str | None = None


# The first call loads the table of carriers. After that a number costs about 20 microseconds, and
# the same phones come again.
@lru_cache(maxsize=10_000)
def carrier_of(msisdn: str) -> str:
    """Return the English name of the carrier to which a number was given, or "".

    The number may have moved to another carrier since (porting).

    >>> carrier_of("+254712345678"), carrier_of("+254733123456")
    ('Safaricom', 'Airtel')
    """
    return carrier.name_for_number(phonenumbers.parse(msisdn, None), "en")


def home_of(money: Mapping[str, str], msisdn: str, currency: str) -> str | None:
    """Return the country that decides how a number is paid in this currency.

    `money` is each country's own currency.

    >>> money = {"KE": "KES", "UG": "UGX"}
    >>> home_of(money, "+254712345678", "KES"), home_of(money, "+254712345678", "UGX")
    ('KE', 'UG')
    """
    here = region_of(msisdn) or ""
    if money.get(here) == currency:
        return here
    # A foreign number is paid through the country of the worker's currency. The providers report
    # whether they can pay it.
    return next((code for code, own in money.items() if own == currency), None)


def route(
    ways: Mapping[str, CountryProviders], working: Collection[str], msisdn: str, currency: str
) -> str | None:
    """Return the provider that pays this number in this currency, or None where no provider can.

    `working` names the providers that are set up.
    """
    home = home_of({code: way.currency for code, way in ways.items()}, msisdn, currency)
    if home is None:
        return None
    here = ways[home]
    if here.by_carrier:
        chosen = here.by_carrier.get(carrier_of(msisdn))
        if chosen in working:
            return chosen
    return here.default if here.default in working else None


def airtime_route(
    ways: Mapping[str, CountryProviders], working: Collection[str], msisdn: str, currency: str
) -> str | None:
    """Return the provider that sends this number airtime in this currency, or None where none does.

    Airtime is never sent across borders: one country's airtime is worth nothing in another.
    """
    here = ways.get(region_of(msisdn) or "")
    if here is None or here.currency != currency:
        return None
    return here.airtime if here.airtime in working else None
