"""Every currency that is in use somewhere, with the digits of ISO 4217."""

import pytest
from babel.core import get_global

from gateway.base import currencies
from gateway.base.errors import Refused
from gateway.base.money import (
    EXACT_PATTERN,
    MINOR_DIGITS,
    amount_text,
    exact_amount,
    minor_per_major,
    parse_amount,
    read_amount,
    whole_units,
)

# ISO 4217, list one, published 2026-01-01: the exponents that are not 2, of currencies that are
# legal tender.
NOT_TWO = dict.fromkeys(
    [
        "XOF",
        "BIF",
        "XAF",
        "CLP",
        "KMF",
        "DJF",
        "XPF",
        "GNF",
        "ISK",
        "JPY",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "VUV",
        "VND",
    ],
    0,
) | dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3)


def test_every_currency_has_the_digits_of_iso_4217():
    assert {code: digits for code, digits in MINOR_DIGITS.items() if digits != 2} == NOT_TWO


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("UGX", 0), ("TZS", 2), ("XAF", 0), ("XOF", 0), ("MWK", 2), ("CDF", 2), ("MGA", 2), ("GNF", 0), ("TND", 3)],
)  # fmt: skip
def test_an_amount_is_read_and_written_with_them(currency, digits):
    minor = 1234 * 10**digits + (5 if digits else 0)
    written = amount_text(minor, currency)
    assert read_amount(written, currency, mark=".") == minor
    assert parse_amount("1234", currency) == exact_amount(1234, currency) == 1234 * 10**digits
    assert whole_units(minor, currency) == 1234 * minor_per_major(currency)


def test_every_country_has_a_currency_that_can_be_booked():
    inhabited = [region for region, known in get_global("territory_currencies").items() if known]
    without = {
        region
        for region in inhabited
        if not any(
            end is None and tender and code in MINOR_DIGITS
            for code, _, end, tender in get_global("territory_currencies")[region]
        )
    }
    assert not without & {"KE", "UG", "TZ", "RW", "CD", "CG", "ZM", "MW", "MG", "NE", "TD", "GA", "SC", "NG", "CM", "CI", "BJ", "GN", "LR", "GH", "SZ", "SS", "ZA", "SN", "BF", "SL", "MZ"}  # fmt: skip


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [
        ("MK 1500", "MWK", 150_000), ("FC1500", "CDF", 150_000), ("1 500 F CFA", "XOF", 1500), ("FCFA 1500", "XAF", 1500),
        ("500 FG", "GNF", 500), ("Ar 500", "MGA", 50_000), ("GH₵ 5.50", "GHS", 550), ("5.50 GH₵", "GHS", 550),
        ("₦500", "NGN", 50_000), ("ብር 20", "ETB", 2000), ("Ksh. 20", "KES", 2000), ("100/=", "KES", 10_000),
        ("DT 1.25", "TND", 1250), ("-KES 5", "KES", -500), ("KES -5", "KES", -500),
    ],
)  # fmt: skip
def test_the_words_beside_an_amount_are_those_of_its_country(written, currency, minor):
    assert read_amount(written, currency) == minor


@pytest.mark.parametrize(
    ("written", "currency"),
    [("Ksh 20", "UGX"), ("20k", "ZMW"), ("20 M", "LSL"), ("USh 20", "KES"), ("20 euro", "KES"), ("ABC 20", "KES"), ("20 KES 5", "KES")],
)  # fmt: skip
def test_another_currencys_word_makes_it_unreadable(written, currency):
    with pytest.raises(Refused):
        read_amount(written, currency)


@pytest.mark.parametrize("currency", ["KEX", "kes", "", "DEM", "XXX", "BTC"])
def test_what_is_no_currency_in_use_is_refused_with_what_to_write(currency):
    with pytest.raises(Refused, match="ISO 4217"):
        minor_per_major(currency)


@pytest.mark.parametrize("written", ["0.001", "0.0001", "1.2345", "0.1", "999999999999.9999", "12"])
def test_the_pattern_of_the_api_lets_every_currency_through(written):
    import re

    assert re.fullmatch(EXACT_PATTERN, written)
    for wrong in ("0", "0.0", "0.0000", "01", "1.", "1.23456", "-1"):
        assert not re.fullmatch(EXACT_PATTERN, wrong)


def test_words_are_known_for_every_currency():
    assert all(code.casefold() in currencies.words(code) for code in MINOR_DIGITS)
