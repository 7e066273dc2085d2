"""Dates as workers write them: one certain day, or a question back."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import Refused
from gateway.phrases import book_in, books
from gateway.tasks import ethiopian
from gateway.tasks.dates import in_words
from gateway.tasks.kinds import date as kind

from .test_reading import BOOKS, asked, read

LANGUAGES = sorted(books())
DAYS = st.dates(date(1800, 1, 1), date(2199, 12, 31))


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("2026-05-03", "en"),
        ("2026/5/3", "sw"),
        ("3 May 2026", "en"),
        ("3rd of May, 2026", "en"),
        ("May 3 2026", "en"),
        ("3-May-2026", "sw"),
        ("03may2026", "en"),
        ("2026 MAY 3", "fr"),
        ("tarehe 3 Mei 2026", "sw"),
        ("le 3 mai 2026", "fr"),
        ("3 mai 2026", "sw"),
        ("3 ga Mayu 2026", "ha"),
        ("3 \u121c\u12ed 2026", "am"),
        ("3 may 2026", "am"),
        ("\u0663 May \u0662\u0660\u0662\u0666", "en"),
        ("3\u200b May 2026.", "en"),
        ("25 Miyazya 2018", "en"),
        ("25 \u121a\u12eb\u12dd\u12eb 2018 \u12d3.\u121d.", "am"),
    ],
)
def test_one_day_in_the_orders_in_use(said: str, language: str) -> None:
    assert read(kind, (), said, language).value == "2026-05-03"


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("13/05/2026", "2026-05-13"),
        ("05/13/2026", "2026-05-13"),
        ("25.12.2026", "2026-12-25"),
        ("25122026", "2026-12-25"),
        ("20261225", "2026-12-25"),
        ("5/5/2026", "2026-05-05"),
        ("29/02/2024", "2024-02-29"),
    ],
)
def test_numbers_that_fit_one_day_only(said: str, value: str) -> None:
    assert read(kind, (), said).value == value


@pytest.mark.parametrize("said", ["3/5/2026", "03.05.2026", "5-3-2026", "03052026"])
def test_what_may_be_two_days_is_asked_back_with_the_month_in_words(said: str) -> None:
    reading = read(kind, (), said)
    assert (reading.value, reading.why) == (None, "unclear.date_two")
    assert set(reading.told.values()) == {"5 March 2026", "3 May 2026"}
    assert "3 Mei 2026" in read(kind, (), said, "sw").told.values()


@pytest.mark.parametrize(
    "said",
    ["3/5/26", "3 May", "May 2026", "31/02/2026", "2026/13/05", "today", "3 jui 2026", "3 May 2026 4", "31 Pagume 2018",
     "3/5/2026 10:30", "0711000031", "1700000000", "3 May 20266", "3 May June 2026", "hello"],
)  # fmt: skip
def test_what_is_no_whole_date_is_not_guessed(said: str) -> None:
    for language in ("en", "fr"):
        assert read(kind, (), said, language).value is None
        assert read(kind, (), said, language).why == "unclear.date"


def test_dates_from_ethiopia_name_their_month_in_any_language() -> None:
    there = replace(asked(kind, ()), currency="ETB")
    for said in ("13/05/2018", "2018-05-13"):
        assert kind.read(said, there, "en", BOOKS["en"].answers).why == "unclear.date"
    assert kind.read("13 May 2026", there, "en", BOOKS["en"].answers).value == "2026-05-13"


def test_dates_in_amharic_name_their_month_because_there_are_two_calendars() -> None:
    for said in ("13/05/2018", "2018-05-13", "25/12/2018"):
        assert read(kind, (), said, "am").why == "unclear.date"


def test_gold_is_read_alike_and_never_guessed() -> None:
    assert kind.check_truth("3 May 2026", ()) == "2026-05-03"
    with pytest.raises(Refused, match="2026-03-05 or 2026-05-03"):
        kind.check_truth("3/5/2026", ())
    with pytest.raises(Refused, match="like 2026-05-03"):
        kind.check_truth("soon", ())


@given(DAYS, st.sampled_from(LANGUAGES))
def test_what_a_worker_is_shown_can_be_sent_back_as_the_same_day(day: date, language: str) -> None:
    value = day.isoformat()
    shown = kind.echo(value, value, language)
    assert shown == in_words(day, book_in(language, books()))
    assert read(kind, (), shown, language).value == value


@given(DAYS, st.sampled_from(LANGUAGES), st.sampled_from(("{d}/{m}/{y}", "{m}/{d}/{y}", "{y}-{m}-{d}", "{d}.{m}.{y}", "{d:02}{m:02}{y}")))  # fmt: skip
def test_no_date_in_numbers_is_read_as_another_day(day: date, language: str, written: str) -> None:
    reading = read(kind, (), written.format(d=day.day, m=day.month, y=day.year), language)
    if reading.value is not None:
        assert reading.value == day.isoformat()
    elif language == "en" and reading.why == "unclear.date_two":
        assert in_words(day, BOOKS["en"]) in reading.told.values()


@given(st.text(max_size=60), st.sampled_from(LANGUAGES))
def test_no_text_upsets_it(said: str, language: str) -> None:
    reading = read(kind, (), said, language)
    assert (reading.value is None) == (reading.why is not None)
    if reading.value:
        date.fromisoformat(reading.value)


@given(DAYS)
def test_the_ethiopian_calendar_there_and_back(day: date) -> None:
    year, month, day_of_month = ethiopian.from_gregorian(day)
    assert ethiopian.to_gregorian(year, month, day_of_month) == day
    assert ethiopian.from_gregorian(day + timedelta(days=1)) != (year, month, day_of_month)
    shown = f"{day_of_month} {ethiopian.name(month, amharic=True)} {year}"
    assert read(kind, (), shown, "am").value == day.isoformat()
    assert kind.echo(day.isoformat(), shown, "am").startswith(shown)


@pytest.mark.parametrize("wrong", [(2018, 13, 6), (2018, 1, 31), (2018, 3, 0)])
def test_a_day_that_the_ethiopian_calendar_lacks(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="has"):
        ethiopian.to_gregorian(*wrong)
