"""The currencies: their codes, their digits behind the point, and their usual spellings.

Everything comes from Babel (Unicode's CLDR), which follows ISO 4217. In a few countries cents are
no longer used in daily life. For them CLDR has no digits, and `_ISO_DIGITS` has those that banks
still book.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated

from babel.core import get_global
from babel.languages import get_official_languages
from babel.localedata import exists
from babel.numbers import get_currency_precision, get_currency_symbol
from pydantic import AfterValidator

from gateway.base.text.characters import plain

_ISO_DIGITS = {"IQD": 3} | dict.fromkeys(
    ("AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"), 2
)
_SAID = {
    "KES": "ksh kshs sh shs bob", "TZS": "tsh tshs tzsh sh shs", "UGX": "ush ushs sh shs", "NGN": "n naira",
    "GHS": "ghc gh", "ETB": "br birr", "ZMW": "k zk kwacha", "MWK": "k mk kwacha", "USD": "$ us$ usd$",
    "EUR": "euro euros", "RWF": "frw rf rwfr", "XOF": "cfa fcfa f", "XAF": "cfa fcfa f", "CDF": "fc",
}  # fmt: skip
"""The words for a currency in messages and files that are in no list of symbols."""


def _in_use() -> dict[str, list[str]]:
    """Return the regions in which each currency is legal tender today."""
    found: dict[str, list[str]] = {}
    for region, currencies in get_global("territory_currencies").items():
        for code, _, end, tender in currencies:
            if tender and end is None:
                found.setdefault(code, []).append(region)
    return found


_REGIONS = _in_use()
DIGITS: Mapping[str, int] = {
    code: _ISO_DIGITS.get(code, get_currency_precision(code)) for code in sorted(_REGIONS)
}
"""Digits behind the point (ISO 4217), of each currency that is legal tender somewhere."""


@lru_cache
def words(currency: str) -> frozenset[str]:
    """Return the folded words that may stand beside an amount: code, symbols and usual spellings.

    >>> "ksh" in words("KES"), "mk" in words("MWK"), "fcfa" in words("XAF"), "ksh" in words("UGX")
    (True, True, True, False)
    """
    found = {currency, *_SAID.get(currency, "").split()}
    for region in _REGIONS.get(currency, ()):
        for language in ("en", *get_official_languages(region, de_facto=True)):
            locale = f"{language}_{region}"
            if exists(locale):
                found.add(get_currency_symbol(currency, locale))
    return frozenset(plain(word).replace(" ", "").casefold() for word in found)


def _known(code: str) -> str:
    if code not in DIGITS:
        raise ValueError("this is no currency in use; write its code of ISO 4217, like KES")
    return code


Currency = Annotated[str, AfterValidator(_known)]
"""The ISO 4217 code of a currency in use, as a setting."""
