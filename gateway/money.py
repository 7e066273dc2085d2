"""Money is whole minor units (cents) with an ISO 4217 code; this is the only place that reads or writes amounts.

Text for SMS is plain GSM-7: `KES 1,234.50`. (Babel's currency formats carry no-break spaces and currency
signs, which turn a whole SMS into UCS-2 and double its price.)
"""

import re

from gateway.errors import Refused

# Digits after the point: ISO 4217.
MINOR_DIGITS = {"KES": 2, "TZS": 2, "NGN": 2, "GHS": 2, "ETB": 2, "ZMW": 2, "USD": 2, "EUR": 2,
                "UGX": 0, "RWF": 0, "XOF": 0, "XAF": 0}  # fmt: skip
_AMOUNT = re.compile(r" *([0-9]{1,12})(?:[.,]([0-9]{1,2}))? *")
_EXACT = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,2}))?")
EXACT_PATTERN = r"^([1-9][0-9]{0,11}(\.[0-9]{1,2})?|0\.([1-9][0-9]?|0[1-9]))$"
"""How a client writes an amount, for /openapi.json."""


def minor_per_major(currency: str) -> int:
    """How many minor units make one major unit.

    >>> minor_per_major("KES"), minor_per_major("UGX")
    (100, 1)
    """
    if currency not in MINOR_DIGITS:
        raise Refused(
            f"unknown currency {currency!r}; known: {', '.join(sorted(MINOR_DIGITS))}",
            field="currency",
        )
    return int(10 ** MINOR_DIGITS[currency])


def amount_text(minor: int, currency: str) -> str:
    """`minor` units as a person reads them, in GSM-7, without needless zeros.

    >>> amount_text(123450, "KES"), amount_text(300, "KES"), amount_text(-50, "KES")
    ('KES 1,234.50', 'KES 3', 'KES -0.50')
    """
    per = minor_per_major(currency)
    major, rest = divmod(abs(minor), per)
    sign = "-" if minor < 0 else ""
    cents = f".{rest:0{MINOR_DIGITS[currency]}d}" if rest else ""
    return f"{currency} {sign}{major:,}{cents}"


def typed_amount(minor: int, currency: str) -> str:
    """As a worker types it behind PAY.

    >>> typed_amount(123450, "KES"), typed_amount(10000, "KES"), typed_amount(500, "UGX")
    ('1234.50', '100', '500')
    """
    return amount_text(minor, currency).partition(" ")[2].replace(",", "")


def parse_amount(text: str, currency: str) -> int:
    """Return the minor units of an amount that a person typed on a phone; a comma is a decimal point there.

    Raises Refused for what is not plainly a positive amount.

    >>> parse_amount("12.5", "KES"), parse_amount("100", "UGX")
    (1250, 100)
    """
    found = _AMOUNT.fullmatch(text)
    digits = MINOR_DIGITS.get(currency, 2)
    if not found or len(found[2] or "") > digits:
        raise Refused(f"{text.strip()!r} is not an amount in {currency}", field="amount")
    return _minor(found, currency, "amount")


def exact_amount(given: str | float, currency: str, field: str = "amount") -> int:
    """Return the minor units of an amount that a program or a form gives, in major units: "3.50", 3 or 3.5.

    Nothing is rounded or guessed: a comma is refused, since it separates thousands for one reader and cents for
    another. Raises Refused naming the field.

    >>> exact_amount("12.50", "KES"), exact_amount(3, "KES"), exact_amount(0.1, "KES"), exact_amount(500.0, "UGX")
    (1250, 300, 10, 500)
    """
    # `repr` of a float is the shortest decimal that reads as this float: what the client wrote.
    text = given if isinstance(given, str) else repr(given).removesuffix(".0")
    found, digits = _EXACT.fullmatch(text), MINOR_DIGITS.get(currency, 2)
    if not found or len(found[2] or "") > digits:
        example = "3.50" if digits else "350"
        raise Refused(
            f"{field}: {text[:40]!r} is not an amount in {currency}; write it like {example}, with the digits 0-9, "
            f"{'at most two of them after a point' if digits else 'without a point'}, and no thousands separator",
            field=field,
        )
    return _minor(found, currency, field)


def _minor(found: re.Match[str], currency: str, field: str) -> int:
    cents = (found[2] or "").ljust(MINOR_DIGITS.get(currency, 2), "0")
    minor = int(found[1]) * minor_per_major(currency) + (int(cents) if cents else 0)
    if minor == 0:
        raise Refused("the amount must be above zero", field=field)
    return minor


def whole_units(minor: int, currency: str) -> int:
    """The part of `minor` that operators can pay: whole major units; the rest stays with the worker.

    >>> whole_units(10350, "KES")
    10300
    """
    per = minor_per_major(currency)
    return minor // per * per
