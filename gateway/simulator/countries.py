"""The simulated providers' knowledge of countries: their currencies and phone numbers.

It comes directly from Babel and phonenumbers, independent of the product's own reading of them.
"""

from typing import Final

import phonenumbers
from babel.core import get_global
from babel.numbers import get_currency_precision, get_territory_currencies

AIRTEL: Final = frozenset(("NG", "KE", "UG", "TZ", "RW", "ZM", "MW", "CD", "CG", "MG", "NE", "TD", "GA", "SC"))  # fmt: skip
MTN: Final = {
    "mtnuganda": "UGX", "mtnghana": "GHS", "mtnivorycoast": "XOF", "mtnzambia": "ZMW", "mtncameroon": "XAF",
    "mtnbenin": "XOF", "mtncongo": "XAF", "mtnswaziland": "SZL", "mtnguineaconakry": "GNF", "mtnsouthafrica": "ZAR",
    "mtnliberia": "LRD", "mtnrwanda": "RWF", "mtnnigeria": "NGN", "mtnsouthsudan": "SSP", "sandbox": "EUR",
}  # fmt: skip
"""The target environments in MTN's documentation, with the one currency that each takes."""


def pays_in(region: str, currency: str) -> bool:
    """Return whether a currency is paid in a country. In the DR Congo the dollar is paid, too.

    >>> pays_in("RW", "RWF"), pays_in("RW", "KES"), pays_in("CD", "USD"), pays_in("CD", "CDF")
    (True, False, True, True)
    """
    return currency in get_territory_currencies(region) or (region, currency) == ("CD", "USD")


def minor_per_major(currency: str) -> int:
    """Return how many minor units make one major unit."""
    return int(10 ** get_currency_precision(currency))


def is_national(digits: str, region: str) -> bool:
    """Return whether digits are a mobile number in national form, without a trunk prefix.

    >>> is_national("712345678", "KE"), is_national("254712345678", "KE")
    (True, False)
    >>> is_national("0712345678", "KE")
    False
    """
    if not digits.isdecimal():
        return False
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return False
    same = phonenumbers.national_significant_number(number) == digits
    return same and _can_be_mobile(number)


def region_of(digits: str) -> str:
    """Return the country of an international number without its plus, or "" if there is none.

    >>> region_of("250788123456"), region_of("0788123456"), region_of("2507881")
    ('RW', '', '')
    """
    try:
        number = phonenumbers.parse(f"+{digits}", None)
    except phonenumbers.NumberParseException:
        return ""
    main = phonenumbers.region_code_for_country_code(number.country_code or 0)
    found = phonenumbers.region_code_for_number(number) or main
    return found if _can_be_mobile(number) else ""


def region_named(alpha3: str) -> str:
    """Return the two-letter code for a country's three-letter code, or "" if there is none.

    >>> region_named("RWA"), region_named("ABC")
    ('RW', '')
    """
    found = get_global("territory_aliases").get(alpha3, [])
    return found[0] if len(found) == 1 else ""


def _can_be_mobile(number: phonenumbers.PhoneNumber) -> bool:
    kind = phonenumbers.PhoneNumberType.MOBILE
    reason = phonenumbers.is_possible_number_for_type_with_reason(number, kind)
    return reason == phonenumbers.ValidationResult.IS_POSSIBLE
