"""Numbers as workers write them: one certain number, or a question back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import Refused
from gateway.base.money import read_amount
from gateway.phrases import books
from gateway.tasks.kinds import number

from .test_reading import read

LANGUAGES = sorted(books())
DECIMALS = st.decimals(-(10**9), 10**9, places=4, allow_nan=False)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("1250", "1250"),
        ("1,250", "1250"),
        ("1 250", "1250"),
        ("1\u00a0250", "1250"),
        ("1'250", "1250"),
        ("1,250,000", "1250000"),
        ("1.250.000", "1250000"),
        ("1,250.50", "1250.5"),
        ("1.250,50", "1250.5"),
        ("12,5", "12.5"),
        ("0,500", "0.5"),
        ("007", "7"),
        ("0", "0"),
        ("-0", "0"),
        ("98", "98"),
        ("-5", "-5"),
        ("\u22125.0", "-5"),
        ("+5", "5"),
        ("20\u200b", "20"),
        ("\u0663\u0664", "34"),
        ("\uff11\uff12", "12"),
        ("\u1372\u136a", "12"),  # Ethiopic ten and two
    ],
)
def test_one_number_in_any_script(said: str, value: str) -> None:
    for language in ("en", "sw", "ha", "am"):
        assert read(number, (), said, language).value == value


@pytest.mark.parametrize(
    ("said", "language"), [("1.250", "en"), ("1.250", "sw"), ("1,250", "fr"), ("1.250", "fr")]
)
def test_a_separator_that_may_be_either_is_asked_back(said: str, language: str) -> None:
    reading = read(number, (), said, language)
    assert (reading.value, reading.why) == (None, "unclear.number_two")
    assert reading.told == {"one": "1.25", "other": "1250"}


@pytest.mark.parametrize(
    ("language", "currency", "certain"),
    [
        ("en", "KES", True),
        ("sw", "TZS", True),
        ("am", "ETB", True),
        ("ha", "NGN", True),
        ("ha", "XOF", False),  # Niger's schools teach the French way
        ("en", "RWF", False),
        ("en", "ZAR", False),
        ("fr", "XOF", False),
        ("en", "???", True),
        ("zz", "KES", False),
    ],
)
def test_thousands_are_certain_where_language_and_country_agree(
    language: str, currency: str, *, certain: bool
) -> None:
    found = number.candidates("1,250", language, currency)
    assert found == (["1250"] if certain else ["1.25", "1250"])
    assert number.candidates("1,250,000", language, currency) == ["1250000"], "no other reading"


@pytest.mark.parametrize(
    "said", ["five", "5k", "20%", "KES 5", "5 kg", "1e5", "5 5", "1.2.3", "1,00,000", "--5", "20\u00b2", "1/2", "\xbd",
             "\u1369\u136a", "\u137b", "9" * 31, "5-", "O", "l"],
)  # fmt: skip
def test_what_is_no_plain_number_is_not_guessed(said: str) -> None:
    for language in LANGUAGES:
        assert read(number, (), said, language).value is None
        assert read(number, (), said, language).why == "unclear.number"


def test_gold_is_read_alike_and_never_guessed() -> None:
    assert number.check_truth("1 250", ()) == "1250"
    for unclear in ("1,250", "1.250"):
        with pytest.raises(Refused, match=r"1\.25 or 1250"):
            number.check_truth(unclear, ())
    with pytest.raises(Refused, match=r"like 1250 or 12\.5"):
        number.check_truth("many", ())


@given(DECIMALS, st.sampled_from(LANGUAGES))
def test_what_a_worker_is_shown_can_be_sent_back_as_the_same_number(
    written: object, language: str
) -> None:
    value = read(number, (), f"{written:.4f}", language).value
    assert value is not None
    shown = number.echo(value, "", language)
    again = read(number, (), shown, language)
    if (
        again.value is None
    ):  # three decimals look like thousands, and are asked back with a zero more
        assert value in (number.candidates(each, "")[0] for each in again.told.values())
    else:
        assert again.value == value


@given(st.text(st.sampled_from("0123456789.,' -+\u00a0\u0662"), max_size=12), st.sampled_from(LANGUAGES))  # fmt: skip
def test_no_text_is_read_as_other_digits_and_amounts_are_read_alike(
    said: str, language: str
) -> None:
    reading = read(number, (), said, language)
    for one in reading.told.values():
        assert read(number, (), one, language).value is not None, "each of the two can be sent"
    if reading.value is None:
        return
    digits = "".join("2" if ch == "\u0662" else ch for ch in said if ch.isdecimal())
    assert digits.strip("0") == reading.value.replace("-", "").replace(".", "").strip("0")
    try:
        minor = read_amount(said, "KES")
    except Refused:
        return
    assert f"{minor / 100:f}".rstrip("0").rstrip(".") == reading.value


@given(st.text(max_size=60), st.sampled_from(LANGUAGES))
def test_no_text_upsets_it(said: str, language: str) -> None:
    reading = read(number, (), said, language)
    assert (reading.value is None) == (reading.why is not None)
