"""Phone numbers: the one reader for the numbers of workers, coordinators, providers and files.

A number is read as E.164 or refused with the reason. It is never turned into another number: digits
are neither added, dropped nor guessed, and a number without a country code is never read as one of
another country where it could be a mistyped number of the home region.

Lengths and first digits come from the metadata of `phonenumbers`. Operators open prefixes faster
than that metadata is updated, so an unknown prefix is accepted where its length and its first digit
are those of a mobile number. A prefix that is known to be a landline or a service is refused.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import phonenumbers
from babel.core import get_global
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberType, ValidationResult, timezone

from gateway.base.errors import Refused
from gateway.base.text.characters import plain

NO_NUMBER = ""
"""The text that is sealed in place of a number that its worker no longer has."""
RAW_CHARACTERS_MAX = 200
_DIGITS_MIN = 7  # A word with at least this number of digits is meant as a phone number.
_DIGITS_ABROAD_MIN = 10  # A number with fewer digits and no plus may be a short code.
_DIGITS_LOST = "00000"  # The end of a rounded number: 2.54711E+11 has lost digits.
_MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})

_TEL = re.compile(r"(?:tel|sms|smsto|callto|whatsapp):\s*", re.IGNORECASE)
_QUOTES = " ='\"`<>\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a"
_WHOLE = re.compile(
    r"(\+?(?:\d{7,}|\d{1,3}(?:,\d{3}){2,}))[.,]0+"
)  # A whole number as a spreadsheet or pandas writes it.
_GROUPED = re.compile(r"\+?\d{1,3}(?:,\d{3})+")
_WRITTEN = re.compile(r"[-(\s]*(?P<plus>(?:\+[-(\s]*)*)(?P<rest>\d[\d\s().-]*)")
_ABROAD = re.compile(r"0{2,3}(?=[1-9])")  # Kenya and its neighbours dial out with 000.
_EXTENSION = re.compile(r"(?:ext|extension|x)\.?(?P<digits>\d*)", re.IGNORECASE)
# A semicolon before a parameter (0711000031;ext=5) is a part of the number.
_LIST_MARKS = re.compile(r"[,\u060c\u3001\uff0c]|[;\u061b\uff1b](?!\s*[a-z-]+=)", re.IGNORECASE)


def normalise(raw: str, region: str) -> str:
    """Return the E.164 form of a mobile number as written in `region` (ISO 3166, e.g. `KE`).

    Raises Refused for a text that is no mobile number, or that could be several.

    >>> normalise("0712 345-678", "KE"), normalise(" 254791541111", "KE")
    ('+254712345678', '+254791541111')
    >>> normalise("00254712345678", "KE"), normalise("254722345678.0", "KE")
    ('+254712345678', '+254722345678')
    >>> normalise("tel:+254-722-345-678", "UG")
    '+254722345678'
    """
    found = _read(raw, region.upper()) if len(raw) <= RAW_CHARACTERS_MAX else None
    if found is None:
        raise Refused(
            f"{mask(raw)!r} is not a phone number; write it like +254712345678", field="msisdn"
        )
    return found


def split_number(text: str) -> tuple[str, list[str]]:
    """Return the phone number at the beginning of `text`, as typed, and the words after it.

    An extension belongs to the number, so that it is refused together with it.

    >>> split_number("0712 345 678, Amina W"), split_number("Amina 0712345678")
    (('0712 345 678', ['Amina', 'W']), ('', ['Amina', '0712345678']))
    """
    words = _LIST_MARKS.sub(" ", text).split()
    count = 0
    while count < len(words) and is_number_word(words[count]):
        count += 1
    if count and _is_extension(words[count : count + 2]):
        count += 2
    return " ".join(words[:count]), words[count:]


def is_number_word(word: str) -> bool:
    """Return whether a word is a phone number or a part of one, valid or not.

    >>> is_number_word("0712"), is_number_word("254711000008.0x"), is_number_word("Amina")
    (True, True, False)
    """
    text = _plain(word).strip(_QUOTES)
    if word and not text:
        return _plain(word).strip("'= ") == ""
    if set(text) <= set("+0123456789-()./' "):
        return True
    begins = text.lstrip("+( '")[:1].isdecimal() or _TEL.match(text) is not None
    return begins and sum(ch.isdecimal() for ch in text) >= _DIGITS_MIN


# Parsing costs more than all the rest of an answer's text handling, and the same phones come again
# and again.
@lru_cache(maxsize=10_000)
def _read(raw: str, region: str) -> str | None:
    text = _without_uri(_plain(raw).strip(_QUOTES).rstrip(" .,;"), region)
    whole = _WHOLE.fullmatch(text)
    if whole:
        text = whole[1].replace(",", "")
        if text.endswith(_DIGITS_LOST):
            return None
    elif _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    written = _WRITTEN.fullmatch(text)
    if written is None or _has_fraction(written["rest"]):
        return None
    groups = re.findall(r"\d+", written["rest"])
    found = _number(bool(written["plus"]), "".join(groups), region)
    # "0812345678-9" may be an extension where numbers of both lengths exist.
    if found and len(groups) > 1 and len(groups[-1]) <= len("99"):
        shorter = _number(bool(written["plus"]), "".join(groups[:-1]), region)
        return None if shorter else _e164(found)
    return _e164(found) if found else None


def _plain(raw: str) -> str:
    return plain(raw).replace("[", "(").replace("]", ")")


def _without_uri(text: str, region: str) -> str:
    """Return the number of a `tel:` URI, or of one for messages.

    A URI with a parameter that changes the number stays unreadable.
    """
    scheme = _TEL.match(text)
    if scheme is None:
        return text
    number, *parameters = text[scheme.end() :].split(";")
    home = f"phone-context=+{phonenumbers.country_code_for_region(region)}"
    return number if all(p.strip().lower() == home for p in parameters) else text


def _has_fraction(rest: str) -> bool:
    """Return whether a point in a number may be a decimal point instead of a separator."""
    parts = re.split(r"[\s()-]+", rest)
    return any("." in part and not _is_grouped(part.split(".")) for part in parts)


def _is_grouped(groups: Sequence[str]) -> bool:
    if len(groups) == 2 and groups[1]:  # noqa: PLR2004  # one point
        return len(groups[1]) >= len("999")
    # Several points are no decimal point: 6.71.23.45.67 is written in pairs from its end.
    return all(len(group) != 1 for group in groups[1:])


def _number(has_plus: bool, digits: str, region: str) -> PhoneNumber | None:  # noqa: FBT001
    abroad = _ABROAD.match(digits)
    if abroad:
        return _acceptable("+" + digits[abroad.end() :], None)
    if digits.startswith("0"):  # No country code begins with 0, so a plus before a 0 means nothing.
        return _acceptable(digits, region)
    international = _acceptable("+" + digits, None)
    if has_plus:
        return international
    home_code = phonenumbers.country_code_for_region(region)
    home = [_acceptable(digits, region)]
    if international and international.country_code == home_code:
        home.append(international)
    found = {_e164(number): number for number in home if number}
    if found:
        return found.popitem()[1] if len(found) == 1 else None
    return international if international and _is_abroad(international, digits, region) else None


def _is_abroad(number: PhoneNumber, digits: str, region: str) -> bool:
    """Return whether digits without a plus are certainly a number of another country."""
    return (
        len(digits) >= _DIGITS_ABROAD_MIN
        and phonenumbers.number_type(number) in _MOBILE
        and not any(_is_home_mobile(digits[:n], region) for n in _lengths(region))
        and not any(_is_home_mobile(one, region) for one in _with_one_digit_less(digits))
    )


def _with_one_digit_less(digits: str) -> set[str]:
    """Return what may have been meant where one digit too many was typed."""
    return {digits[:place] + digits[place + 1 :] for place in range(len(digits))}


def _is_home_mobile(digits: str, region: str) -> bool:
    number = _acceptable(digits, region)
    return number is not None and phonenumbers.number_type(number) in _MOBILE


def _acceptable(text: str, region: str | None) -> PhoneNumber | None:
    """Return the number if it may belong to a mobile phone, else None."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_for_type_with_reason(number, PhoneNumberType.MOBILE)
    if possible != ValidationResult.IS_POSSIBLE:  # "possible, local only" means a part of a number.
        return None
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN:
        national = phonenumbers.national_significant_number(number)
        main = phonenumbers.region_code_for_country_code(number.country_code or 0)
        return number if national[0] in _first_digits(main) else None
    return number if kind in _MOBILE else None


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _lengths(region: str) -> tuple[int, ...]:
    metadata = PhoneMetadata.metadata_for_region(region, None)
    described = metadata and metadata.mobile
    return tuple(described.possible_length or ()) if described else ()


@lru_cache
def _first_digits(region: str) -> frozenset[str]:
    """Return the digits with which mobile numbers of a region begin."""
    metadata = PhoneMetadata.metadata_for_region(region, None)
    pattern = metadata and metadata.mobile and metadata.mobile.national_number_pattern
    if not pattern:
        return frozenset()
    mobile = re.compile(pattern)
    return frozenset(
        digit
        for digit in "0123456789"
        if any(mobile.fullmatch(digit + rest) for rest in _samples(_lengths(region)))
    )


def _samples(lengths: Sequence[int]) -> Iterator[str]:
    """Yield possible ends of numbers, because numbering plans distinguish the first digits only."""
    for length in lengths:
        for head in range(100):
            for filler in "2059":
                yield f"{head:02d}{filler * length}"[: length - 1]


def _is_extension(words: Sequence[str]) -> bool:
    if not words:
        return False
    found = _EXTENSION.fullmatch(words[0])
    following = "".join(words[1:]).isdecimal()
    return found is not None and (bool(found["digits"]) or following)


# Reading a number costs some 100 us, and an active phone's number is read several times per key
# press.
@lru_cache(maxsize=10_000)
def region_of(e164: str) -> str | None:
    """Return the ISO 3166 region of an E.164 number, e.g.

    `KE`, or None for an unknown country code.

    A number with a prefix newer than the metadata belongs to the main region of its country code.
    """
    number = phonenumbers.parse(e164, None)
    found = phonenumbers.region_code_for_number(number)
    main = phonenumbers.region_code_for_country_code(number.country_code or 0)
    return found or (main if main.isalpha() and main != "ZZ" else None)


def national_number(e164: str, region: str) -> str | None:
    """Return a number as it is written within its region, without a trunk prefix.

    Returns None for a number of another region. A provider that expects national numbers would pay
    another person for it.

    >>> national_number("+254712345678", "KE"), national_number("+2482510123", "SC")
    ('712345678', '2510123')
    >>> national_number("+2348021234567", "NG")
    '8021234567'
    >>> national_number("+256712345678", "KE")
    """
    if not is_number(e164) or region_of(e164) != region.upper():
        return None
    return phonenumbers.national_significant_number(phonenumbers.parse(e164, None))


def is_number(text: str) -> bool:
    """Return whether a text is a phone number in E.164 that fits the numbering plans.

    >>> is_number("+2482510123"), is_number("254712345678"), is_number("+25471234567890")
    (True, False, False)
    """
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return False
    return _e164(number) == text and phonenumbers.is_possible_number(number)


def is_region(code: str) -> bool:
    """Return whether a code is the ISO 3166 code of a region with phone numbers.

    >>> is_region("KE"), is_region("Kenya")
    (True, False)
    """
    return code in phonenumbers.SUPPORTED_REGIONS


@lru_cache
def zone_of(region: str) -> str:
    """Return the time zone of a region, or the first of its phone numbers if it has several.

    >>> zone_of("KE"), zone_of("MA"), zone_of("XX")
    ('Africa/Nairobi', 'Africa/Casablanca', 'UTC')
    """
    zones = _zones_by_region().get(region, ())
    if len(zones) == 1:
        return zones[0]
    number = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    zones = timezone.time_zones_for_number(number) if number else ()
    return next((zone for zone in zones if "/" in zone and not zone.startswith("Etc/")), "UTC")


def zone_of_number(e164: str) -> str | None:
    """Return the time zone of a number, or None if it may be in several.

    >>> zone_of_number("+254712345678"), zone_of_number("+12125550123")
    ('Africa/Nairobi', 'America/New_York')
    >>> zone_of_number("+243812345678")
    """
    zones = _zones_by_region().get(region_of(e164) or "", ())
    if len(zones) != 1:
        zones = timezone.time_zones_for_number(phonenumbers.parse(e164, None))
    return zones[0] if len(zones) == 1 and zones[0] != timezone.UNKNOWN_TIMEZONE else None


@lru_cache
def _zones_by_region() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for zone, region in sorted(get_global("zone_territories").items()):
        found[region] = (*found.get(region, ()), zone)
    return found


def mask(number: str) -> str:
    """Return a shortened number for logs and error texts, which never show the whole of it.

    >>> mask("+254712345678")
    '+2547..78'
    """
    text = number.strip()
    return f"{text[:5]}..{text[-2:]}" if len(text) > len("+254712") else text
