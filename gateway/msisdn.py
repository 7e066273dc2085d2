"""Phone numbers: whatever a person or a provider writes becomes E.164, or is refused with the reason."""

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import timezone

from gateway.errors import Refused

_JUNK = re.compile(r"[^\d+]")


# Parsing costs more than all the rest of an answer's text handling, and the same phones come again and again.
@lru_cache(maxsize=10_000)
def normalise(raw: str, region: str) -> str:
    """E.164 (`+254712345678`) of a number as written in `region` (ISO 3166, e.g. `KE`).

    Accepts what phones and spreadsheets make of numbers: spaces, dashes, a lost plus (an unescaped `+` in a
    form arrives as a space), a 00 prefix, a doubled trunk zero. Accepts *possible* numbers, not only valid ones:
    operators open new prefixes faster than tables are updated.

    >>> normalise("0712 345-678", "KE"), normalise(" 254791541111", "KE"), normalise("00254712345678", "KE")
    ('+254712345678', '+254791541111', '+254712345678')
    """
    text = _JUNK.sub("", raw)
    # Kenya dials out with 000, so phonenumbers does not strip the 00 that people write: we do.
    text = re.sub(r"^(\+?00)(?=[1-9])", "+", text)
    for candidate in (text, f"+{text.lstrip('+')}"):
        try:
            number = phonenumbers.parse(candidate, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            if len(e164) > len(
                "+254712"
            ):  # a short code is possible in some plans, but nobody's own number
                return e164
    raise Refused(
        f"{mask(raw)!r} is not a phone number; write it like +254712345678", field="msisdn"
    )


# Reading a number costs some 100 us, and a phone that works is asked about several times a key.
@lru_cache(maxsize=10_000)
def region_of(e164: str) -> str | None:
    """The ISO 3166 region of an E.164 number, e.g. `KE`; None where the code is shared or unknown."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(e164, None))


@lru_cache
def zone_of(region: str) -> str:
    """The time zone of a region's phone numbers, the first where there are several; UTC for none we know.

    >>> zone_of("KE"), zone_of("NG"), zone_of("XX")
    ('Africa/Nairobi', 'Africa/Lagos', 'UTC')
    """
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    zones = timezone.time_zones_for_number(number) if number else ()
    return next((zone for zone in zones if "/" in zone and not zone.startswith("Etc/")), "UTC")


def zone_of_number(e164: str) -> str | None:
    """The one time zone this number belongs to; None where it may be in several, or where nobody knows.

    >>> zone_of_number("+254712345678"), zone_of_number("+12125550123"), zone_of_number("+243812345678")
    ('Africa/Nairobi', 'America/New_York', None)
    """
    zones = timezone.time_zones_for_number(phonenumbers.parse(e164, None))
    return zones[0] if len(zones) == 1 and zones[0] != timezone.UNKNOWN_TIMEZONE else None


def mask(number: str) -> str:
    """For logs and error texts: never the whole number.

    >>> mask("+254712345678")
    '+2547..78'
    """
    text = number.strip()
    return f"{text[:5]}..{text[-2:]}" if len(text) > len("+254712") else text
