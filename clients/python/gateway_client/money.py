"""Amounts in minor units, written as people write them."""

from typing import Final

_NONE: Final = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV",
     "XAF", "XOF", "XPF")
)  # fmt: skip
"""The currencies without digits behind the point (ISO 4217)."""
_THREE: Final = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
"""Those with three. All others have two."""


def digits(currency: str) -> int:
    """Return the number of digits behind the point of a currency."""
    return 0 if currency in _NONE else 3 if currency in _THREE else 2


def figure(minor: int, currency: str, *, signed: bool = False) -> str:
    """Return an amount without its currency.

    >>> figure(150000, "KES"), figure(1500, "UGX"), figure(-1500, "KWD", signed=True)
    ('1,500.00', '1,500', '-1.500')
    """
    places = digits(currency)
    whole, part = divmod(abs(minor), 10**places)
    sign = "-" if minor < 0 else "+" if signed else ""
    return f"{sign}{whole:,}" + (f".{part:0{places}}" if places else "")


def amount(minor: int, currency: str) -> str:
    """Return an amount with its currency.

    >>> amount(500, "KES"), amount(500, "RWF")
    ('KES 5.00', 'RWF 500')
    """
    return f"{currency} {figure(minor, currency)}"
