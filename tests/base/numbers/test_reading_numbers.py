"""A phone number is read as what it is, or not at all."""

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import Refused
from gateway.base.msisdn import normalise, region_of, split_number, zone_of, zone_of_number

from .written import READ, REFUSED, SAME

DIGIT_SETS = ("0123456789", "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669",
              "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19")  # fmt: skip
BETWEEN = ("", " ", "-", "\u2011", "\u2013", "\u00a0", "\u200b", "\u00ad", "\u202a")
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


def read(text: str, region: str = "KE") -> str | None:
    try:
        return normalise(text, region)
    except Refused:
        return None


@pytest.mark.parametrize("text", READ)
def test_amina_s_number_is_read_however_it_is_written(text: str) -> None:
    assert normalise(text, "KE") == SAME


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_mobile_number_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="is not a phone number"):
        normalise(text, "KE")


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("0112345678", "KE", "+254112345678"),
        ("0799123456", "KE", "+254799123456"),
        ("0161234567", "KE", "+254161234567"),  # a prefix that the metadata does not know yet
        ("256772123456", "KE", "+256772123456"),
        ("254711000031", "UG", "+254711000031"),
        ("0712345678", "CI", "+2250712345678"),
        ("20880", "UG", None),  # five digits are "possible, local only" there
        ("0112345678", "UG", None),
        (
            "6581234567",
            "TZ",
            None,
        ),  # a Tanzanian number with a digit too many, no number of Singapore
        ("916123456712", "NG", None),
        # A number of the home region with one stray digit is no number of Romania or Malaysia.
        ("40712123456", "KE", None),
        ("40770123456", "LR", None),
        ("50650123456", "MA", None),
        ("+40712123456", "KE", "+40712123456"),
        ("6.71.23.45.67", "CM", "+237671234567"),  # numbers in pairs, as French writes them
        ("2.510.123", "SC", "+2482510123"),
        ("671.23.45.6.7", "CM", None),
        ("01512345678-9", "DE", None),  # two lengths exist: the 9 may be an extension
        ("0711000031", "XX", None),
    ],
)
def test_numbers_of_the_region_and_of_others(text: str, region: str, number: str | None) -> None:
    assert read(text, region) == number


@pytest.mark.parametrize("region", REGIONS)
def test_every_country_s_example_is_read_in_every_form(region: str) -> None:
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    if example is None:
        return
    forms = phonenumbers.PhoneNumberFormat
    number = phonenumbers.format_number(example, forms.E164)
    national = phonenumbers.format_number(example, forms.NATIONAL)
    for text in (number, number[1:], f"00{number[1:]}", national):
        assert normalise(text, region) == number


@given(
    subscriber=st.integers(0, 99_999_999),
    prefix=st.sampled_from(("+2547", "2547", "002547", "07", "7")),
    signs=st.data(),
)
def test_signs_between_digits_change_nothing(
    subscriber: int, prefix: str, signs: st.DataObject
) -> None:
    plain = f"{prefix}{subscriber:08d}"
    script = signs.draw(st.sampled_from(DIGIT_SETS))
    written = "".join(
        (script[int(ch)] if ch.isdigit() else ch) + signs.draw(st.sampled_from(BETWEEN))
        for ch in plain
    )
    assert read(written) in (f"+2547{subscriber:08d}", None)
    assert read(plain) == f"+2547{subscriber:08d}"


@given(
    subscriber=st.integers(0, 99_999_999),
    form=st.sampled_from(("+2547{}", "2547{}", "07{}", "7{}")),
    region=st.sampled_from(("KE", "UG", "NG", "DE", "ID", "US")),
    tail=st.text(st.sampled_from("0123456789.,eE+-;/#* extp\u00b2\u0663"), min_size=1, max_size=8),
)
def test_nothing_behind_a_number_makes_it_another(
    subscriber: int, form: str, region: str, tail: str
) -> None:
    """Any text may be appended: the number stays the same, or is none.

    The exception is a tail whose digits make another number that is written out. A zero fraction,
    which a spreadsheet writes behind a number, is none of its digits.
    """
    written = form.format(f"{subscriber:08d}") + tail
    found = read(written, region)
    bare = read(form.format(f"{subscriber:08d}"), region)
    digits = "".join(ch for ch in written if ch in "0123456789\u0663").replace("\u0663", "3")
    said = digits.lstrip("0")
    whole = re.sub(r"[.,]0+$", "", written)
    of_whole = "".join(ch for ch in whole if ch in "0123456789\u0663").replace("\u0663", "3")
    ends = (said[-8:], of_whole.lstrip("0")[-8:])
    assert found in (bare, None) or found.endswith(ends), (written, found)


@pytest.mark.parametrize(
    ("region", "said", "number"),
    [("US", "7000000001", "+17000000001"), ("KE", "0712000001", "+254712000001")],
)
def test_a_zero_fraction_changes_no_number(region: str, said: str, number: str) -> None:
    assert read(said, region) == read(f"{said}.0", region) == read(f"{said}.00", region) == number


@given(st.floats(min_value=1e6, max_value=1e16, allow_nan=False).map(str))
def test_a_float_is_its_whole_number_or_none(text: str) -> None:
    found = read(text)
    whole, _, fraction = text.partition(".")
    assert found is None or (not fraction.strip("0") and found.endswith(whole.lstrip("0")[-9:]))


@given(st.text(max_size=40))
def test_any_text_is_a_number_of_its_own_digits_or_none(text: str) -> None:
    found = read(text)
    if found is not None:
        digits = "".join(str(phonenumbers.unicode_util.digit(ch)) for ch in text if ch.isdecimal())
        assert found[-8:] in digits
        assert normalise(found, "KE") == found


@pytest.mark.parametrize(
    ("text", "number", "others"),
    [
        ("\u202a+254711000003\u202c, Juma", "\u202a+254711000003\u202c", ["Juma"]),
        ("+254\u2011711\u2011000\u2011004 Halima sw", "+254\u2011711\u2011000\u2011004", ["Halima", "sw"]),
        ("\u200b 0711 000 005; Peter", "\u200b 0711 000 005", ["Peter"]),
        ("254711000008.0 Ann", "254711000008.0", ["Ann"]),
        ("0711000031 ext 5 Ann", "0711000031 ext 5", ["Ann"]),
        ("0711000031x5 Ann", "0711000031x5", ["Ann"]),
        ("2.54711000031e11 Ann", "2.54711000031e11", ["Ann"]),
        ("\u201c0711000031\u201d Ann", "\u201c0711000031\u201d", ["Ann"]),
        ("<0711000031> Ann", "<0711000031>", ["Ann"]),
        ("whatsapp:+254711000031 Ann", "whatsapp:+254711000031", ["Ann"]),
        ("Ann 0711000031", "", ["Ann", "0711000031"]),
    ],
)  # fmt: skip
def test_a_command_s_number_is_told_from_the_name(
    text: str, number: str, others: list[str]
) -> None:
    assert split_number(text) == (number, others)


def test_a_country_with_one_time_zone_gives_it_to_all_its_numbers() -> None:
    assert zone_of_number("+254161234567") == "Africa/Nairobi"  # newer than the metadata
    assert zone_of_number("+212612345678") == "Africa/Casablanca"  # the prefix tables say Canary
    assert zone_of_number("+211912345678") == "Africa/Juba"
    assert zone_of_number("+243812345678") is None
    assert (zone_of("SS"), zone_of("LR"), zone_of("GB")) == (
        "Africa/Juba",
        "Africa/Monrovia",
        "Europe/London",
    )


def test_a_number_newer_than_the_metadata_belongs_to_its_country() -> None:
    assert region_of("+254161234567") == "KE"
    assert region_of("+447700900000") == "GB"


@given(st.sampled_from(REGIONS), st.integers(0, 12), st.sampled_from("0123456789"))
def test_one_stray_digit_never_makes_it_a_number_of_another_country(
    region: str, place: int, digit: str
) -> None:
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    if example is None:
        return
    written = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    typed = "".join(ch for ch in written if ch.isdecimal())
    found = read(typed[:place] + digit + typed[place:], region)
    assert found is None or found.startswith(f"+{example.country_code}"), (typed, found)
