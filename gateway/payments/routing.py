"""Who pays a number: its country first, then the carrier it was given to, else the country's own provider."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import carrier

from gateway.msisdn import region_of


@dataclass(frozen=True, slots=True)
class Ways:
    """How one country pays: by carrier where `by_carrier` names it, else by `default`; airtime where there is any."""

    currency: str
    default: str | None
    by_carrier: Mapping[str, str]
    airtime: str | None = None


# The first look loads the carriers' table; after that a number costs some 20 us, and the same
# phones come again.
@lru_cache(maxsize=10_000)
def carrier_of(msisdn: str) -> str:
    """The carrier a number was given to, in English, "" where nobody knows.

    It may have moved since (porting).

    >>> carrier_of("+254712345678"), carrier_of("+254733123456")
    ('Safaricom', 'Airtel')
    """
    return carrier.name_for_number(phonenumbers.parse(msisdn, None), "en")


def home_of(money: Mapping[str, str], msisdn: str, currency: str) -> str | None:
    """The country that decides how a number is paid in this currency. `money`: each country's own.

    >>> home_of({"KE": "KES", "UG": "UGX"}, "+254712345678", "KES"), home_of({"KE": "KES", "UG": "UGX"}, "+254712345678", "UGX")
    ('KE', 'UG')
    """
    here = region_of(msisdn) or ""
    if money.get(here) == currency:
        return here
    # A number from abroad is paid as the country of her money pays: operators say whether they can.
    return next((code for code, own in money.items() if own == currency), None)


def route(
    ways: Mapping[str, Ways], working: Collection[str], msisdn: str, currency: str
) -> str | None:
    """The provider that pays this number in this currency; None where nobody can.

    `working`: those set up.
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
    ways: Mapping[str, Ways], working: Collection[str], msisdn: str, currency: str
) -> str | None:
    """The provider that sends this number airtime in this currency; None where nobody does.

    Never across borders: airtime of one country is worth nothing in another.
    """
    here = ways.get(region_of(msisdn) or "")
    if here is None or here.currency != currency:
        return None
    return here.airtime if here.airtime in working else None
