"""An amount is read as what it is, or refused with both readings; it is never another amount."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import Refused
from gateway.base.money import decimal_mark, read_amount
from gateway.conversation.money.cash_out import amount_said


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("20,00", 2_000),
        ("-20,00", -2_000),
        ("\u221220,00", -2_000),
        ("(20.00)", -2_000),
        ("20.00-", -2_000),
        ("5000,00", 500_000),
        ("1,000.00", 100_000),
        ("1.000,00", 100_000),
        ("1 000", 100_000),
        ("1\u00a0000,50", 100_050),
        ("1\u202f000\u202f000", 100_000_000),
        ("1'000.00", 100_000),
        ("1\u2019000", 100_000),
        ("1,000,000", 100_000_000),
        ("\u0662\u0660\u066b\u0665", 2_050),
        ("KES 20", 2_000),
        ("20 KES", 2_000),
        ("-KES 20", -2_000),
        ("Ksh. 100/=", 10_000),
        ("100/-", 10_000),
        ("20\u200b", 2_000),
        ("\u200f20", 2_000),
        ("0,500", 50),
        ("Ksh 1,000/=", 100_000),  # whole shillings, so the comma parts thousands
        ("1.000/-", 100_000),
        ("1,234.50", 123_450),
        ("5\u202f000,00", 500_000),
        ("\u2212 20,00", -2_000),
    ],
)
def test_amounts_of_files_and_messages(text: str, minor: int) -> None:
    assert read_amount(text, "KES") == minor


@pytest.mark.parametrize("text", ["1.000", "1,000", "-5.000", "12,345", "KES 1.000"])
def test_what_may_be_two_amounts_is_refused_with_both(text: str) -> None:
    with pytest.raises(Refused, match=r"may be .* or .* KES"):
        read_amount(text, "KES")


@pytest.mark.parametrize(
    "text", ["", "abc", "USD 20", "\u20ac20", "1e3", "20\u00b2", "10.005", "1.0005", "1 00", "1,00,000", "--5", "20k", "1.2.3", "5 5",
     "+-5", "-+5", "(-5)", "1000,000", "1000.000", "12345,678", "20,00 DR", "=20", "NaN", "Infinity", "1 0000"]
)  # fmt: skip
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        read_amount(text, "KES")


def test_the_other_amounts_of_a_file_tell_the_mark() -> None:
    assert decimal_mark(["1.000", "20,00", "5"], "KES") == ","
    assert decimal_mark(["1,000", "99,000.00"], "KES") == "."
    assert decimal_mark(["1.000", "1,000"], "KES") is None
    assert decimal_mark(["1000,000", "1000.000"], "KES") is None
    assert read_amount("1.000", "KES", ",") == 100_000
    assert read_amount("1,000", "KES", ".") == 100_000
    assert read_amount("1000.000", "KES", ".") == 100_000
    for text, mark in (("1.000", "."), ("1,000", ","), ("20,00", ".")):
        with pytest.raises(Refused):
            read_amount(text, "KES", mark)
    with pytest.raises(Refused, match=r"two decimal marks: '20,00' and '20\.50'"):
        decimal_mark(["20,00", "20.50"], "KES")


def test_pay_as_it_is_typed() -> None:
    for text, minor in (("1 000", 100_000), ("1,000.00", 100_000), ("1,000", 100_000),
                        ("20\u200b", 2_000), ("\u200f20", 2_000), ("Ksh 1,000/=", 100_000)):  # fmt: skip
        assert amount_said(text, "KES") == minor
    for text in ("1.000", "-1,000", "USD 20", "20 30"):
        assert amount_said(text, "KES") is None


@given(
    minor=st.integers(0, 10**11),
    decimal=st.sampled_from(".,"),
    group=st.sampled_from(("", " ", "\u00a0", "\u202f", "'", "other")),
    sign=st.sampled_from(("", "-", "\u2212", "()")),
)
def test_an_amount_that_is_written_out_is_read_as_itself(
    minor: int, decimal: str, group: str, sign: str
) -> None:
    thousands = {".": ",", ",": "."}[decimal] if group == "other" else group
    whole = f"{minor // 100:,}".replace(",", thousands)
    text = f"{whole}{decimal}{minor % 100:02d}"
    text = f"({text})" if sign == "()" else sign + text
    assert read_amount(text, "KES") == (-minor if sign else minor)


@given(st.text(st.sampled_from("0123456789.,' -+()KES\u00a0\u0662"), max_size=12))
def test_no_text_is_read_as_an_amount_of_other_digits(text: str) -> None:
    try:
        minor = read_amount(text, "KES")
    except Refused:
        return
    digits = "".join("2" if ch == "\u0662" else ch for ch in text if ch.isdecimal())
    assert digits.lstrip("0").rstrip("0") == str(abs(minor)).rstrip("0").lstrip("0")
