"""Money is whole minor units (cents) with an ISO 4217 code; this is the only place that reads or writes amounts.

Text for SMS is plain GSM-7: `KES 1,234.50`. (Babel's currency formats carry no-break spaces and currency
signs, which turn a whole SMS into UCS-2 and double its price.)
"""

import re

from gateway.errors import Refused

# Digits after the point: ISO 4217.
MINOR_DIGITS = {"KES": 2, "TZS": 2, "NGN": 2, "GHS": 2, "ETB": 2, "ZMW": 2, "USD": 2, "EUR": 2,
                "UGX": 0, "RWF": 0, "XOF": 0, "XAF": 0}  # fmt: skip
_AMOUNT = re.compile(r"^\s*(\d{1,12})(?:[.,](\d{1,2}))?\s*$")


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
    """A typed amount in major units to minor units; refuses what is not plainly a positive amount.

    >>> parse_amount("12.5", "KES"), parse_amount("100", "UGX")
    (1250, 100)
    """
    found = _AMOUNT.match(text)
    digits = MINOR_DIGITS.get(currency, 2)
    if not found or len(found[2] or "") > digits:
        raise Refused(f"{text.strip()!r} is not an amount in {currency}", field="amount")
    cents = (found[2] or "").ljust(digits, "0")
    minor = int(found[1]) * minor_per_major(currency) + (int(cents) if cents else 0)
    if minor == 0:
        raise Refused("the amount must be above zero", field="amount")
    return minor


def whole_units(minor: int, currency: str) -> int:
    """The part of `minor` that operators can pay: whole major units; the rest stays with the worker.

    >>> whole_units(10350, "KES")
    10300
    """
    per = minor_per_major(currency)
    return minor // per * per
