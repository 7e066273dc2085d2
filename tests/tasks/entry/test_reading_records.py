"""Several values in one reply: each lands in its own field, or the worker is asked."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.base.ids import BatchId, TaskId
from gateway.phrases import book_in, books
from gateway.qa.keying.records import fields_of
from gateway.tasks.entry.values import amount_value
from gateway.tasks.kinds import entry
from gateway.tasks.port import Reading
from gateway.tasks.question import Field, Option, Question

NAME = Field("owner", "name", 1, {"en": "Name"})
AMOUNT = Field("amount", "money", 2, {"en": "Amount"}, least="1.00", most="5000.00", currency="KES")
DAY = Field("day", "date", 3, {"en": "Date"})
FORM = (NAME, AMOUNT, DAY)
WHOLE = {"owner": "Amina Otieno", "amount": "450.00", "day": "2026-05-03"}


def asked(*fields: Field, **typed: str) -> Question:
    return Question(TaskId(1), BatchId("b"), "entry", "Form", "", (), 300, "KES", fields, typed)


def read(said: str, *fields: Field, language: str = "en", **typed: str) -> Reading:
    words = book_in(language, books()).answers
    return entry.read(said, asked(*(fields or FORM), **typed), language, words)


@pytest.mark.parametrize(
    "said",
    [
        "Amina Otieno, 450, 3 May 2026",
        "Amina Otieno,450,3 May 2026",
        "Amina Otieno; 450.00; 2026-05-03",
        "Amina Otieno\nKsh 450\nMay 3, 2026",
        "Amina Otieno | 450/= | 3 may 2026",
        "1 Amina Otieno 2 450 3 3 May 2026",
        "1) Amina Otieno 2) 450 3) 3 May 2026",
        "1. Amina Otieno, 2. 450, 3. 3 May 2026",
        "3) 3 May 2026, 1) Amina Otieno, 2) 450",
        "Name: Amina Otieno Amount: 450 Date: 3 May 2026",
        "amount = 450; date = 3 May 2026; owner: Amina Otieno",
        " Amina Otieno ;450;3 May 2026; ",
        "Amina Otieno\r\n450\r\n\r\n3 May 2026",
        "Amina Otieno\u060c 450\u060c 3 May 2026",
    ],
)
def test_every_way_to_write_several_values(said: str) -> None:
    found = read(said)
    assert found.value is not None, found
    assert fields_of(found.value) == WHOLE


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("Amina, 12,5, 3 May 2026", "12.50"),
        ("Amina, 1,250, 3 May 2026", "1250.00"),
        ("Amina; 1,250.50; 3 May 2026", "1250.50"),
        ("Amina\n12,50\n3 May 2026", "12.50"),
        ("1 Amina 2 1,250 3 3 May 2026", "1250.00"),
    ],
)
def test_a_comma_in_a_number_divides_nothing(said: str, amount: str) -> None:
    found = read(said)
    assert found.value is not None, found
    assert fields_of(found.value)["amount"] == amount


def test_two_numbers_with_nothing_but_a_comma_are_not_divided_by_guess() -> None:
    one, two = Field("boys", "number", 1), Field("girls", "number", 2)
    assert read("12,5", one, two).value is None
    assert read("12, 5", one, two).value == '{"boys":"12","girls":"5"}'
    assert read("12;5", one, two).value == '{"boys":"12","girls":"5"}'


@pytest.mark.parametrize(
    ("said", "kept", "unclear"),
    [
        ("Amina Otieno, 45x, 3 May 2026", {"owner", "day"}, {"amount": "unclear.number"}),
        ("Amina Otieno, 9000, 3 May 2026", {"owner", "day"}, {"amount": "entry.range"}),
        ("Amina Otieno; 450; 3/5/2026", {"owner", "amount"}, {"day": "unclear.date_two"}),
        ("Amina Otieno;;3 May 2026", {"owner", "day"}, {"amount": "entry.missing"}),
        ("1 Amina Otieno 2 45x 3 3 May 2026", {"owner", "day"}, {"amount": "unclear.number"}),
        ("name: Amina Otieno, date: 3 May 2026", {"owner", "day"}, {"amount": "entry.missing"}),
        ("450, Amina Otieno, 3 May 2026", set(), dict.fromkeys(WHOLE, "entry.apart")),
        ("Amina Otieno 450 3 May 2026", set(), dict.fromkeys(WHOLE, "entry.apart")),
        ("Amina Otieno, 450", set(), dict.fromkeys(WHOLE, "entry.apart")),
    ],
)
def test_exactly_the_unclear_field_is_asked_for(
    said: str, kept: set[str], unclear: dict[str, str]
) -> None:
    found = read(said)
    assert found.value is None
    assert found.typed == {name: WHOLE[name] for name in kept}
    assert {name: one.why for name, one in found.problems.items()} == unclear


def test_the_rest_completes_the_record() -> None:
    kept = {"owner": "Amina Otieno", "day": "2026-05-03"}
    for said in ("450", "2) 450", "amount: 450", "Amina Otieno, 450, 3 May 2026"):
        found = read(said, **kept)
        assert found.value is not None, said
        assert fields_of(found.value) == WHOLE
    corrected = read("date: 4 May 2026", **kept)
    assert corrected.value is None
    assert corrected.typed == {**kept, "day": "2026-05-04"}


def test_a_number_that_may_be_a_label_is_asked_back() -> None:
    """2 450 is 2450, or the second field with 450."""
    found = read("2 450", owner="Amina Otieno", day="2026-05-03")
    assert found.value is None
    assert found.problems["amount"].why == "entry.two"
    assert set(found.problems["amount"].told.values()) == {"2450.00", "450.00"}


def test_a_text_that_may_be_all_fields_anew_is_asked_back() -> None:
    note = Field("note", "text", 2)
    kept = {"owner": "Amina"}
    assert read("Brian, tall", NAME, note, **kept).value is None
    assert read("Amina, tall", NAME, note, **kept).value == '{"owner":"Amina","note":"tall"}'


def test_a_choice_a_code_and_an_empty_field() -> None:
    size = Field("size", "choice", 1, options=(Option("s", {"en": "Small"}), Option("l", {"en": "Large"})))  # fmt: skip
    card = Field("card", "text", 2, {"en": "Card"}, check="luhn")
    note = Field("note", "text", 3, optional=True)
    fields = (size, card, note)
    found = read("large; 4539 1488-0343 6467; -", *fields)
    assert found.value == '{"size":"l","card":"4539148803436467","note":""}'
    wrong = read("2; 4539 1488 0343 6476; -", *fields)
    assert wrong.value is None
    assert {name: one.why for name, one in wrong.problems.items()} == {"card": "entry.check"}


# --- No value ever lands in another field unnoticed. ---

WORDS = st.sampled_from(
    ["Amina", "Otieno", "Kibera", "blue", "12", "3", "2", "1", "May", "7 bags", "a, b", "x; y", "450", "no", "1 tall"]
)  # fmt: skip
texts = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
names = st.sampled_from(["Amina", "Brian Otieno", "Mama Njeri", "Wanjiku", "May"])
amounts = st.integers(100, 500_000).map(lambda minor: amount_value(minor, "KES"))
numbers = st.one_of(st.integers(0, 5000).map(str), st.sampled_from(["12.5", "0.5", "1250.25"]))
days = st.integers(0, 3000).map(lambda n: date(2020, 1, 1) + timedelta(days=n))
SEPARATORS = st.sampled_from(["; ", ";", ", ", ",", "\n", " | ", " ; ", "\r\n", " "])
LABELS = st.sampled_from(["", "", "", "{n} ", "{n}) ", "{n}. ", "{n}: ", "{id}: "])


@st.composite
def values(draw: st.DrawFn, kind: str) -> tuple[str, str]:
    """A value as it is stored, and as a worker may write it."""
    match kind:
        case "text":
            text = " ".join(draw(texts).split())
            return text, text
        case "name":
            name = draw(names)
            return name, name
        case "money":
            amount = draw(amounts)
            shown = amount.removesuffix(".00")
            grouped = f"{int(shown):,}" if shown.isdecimal() else shown
            return amount, draw(st.sampled_from([amount, shown, grouped, shown.replace(".", ","), f"KES {shown}"]))  # fmt: skip
        case "number":
            number = draw(numbers)
            return number, draw(st.sampled_from([number, number.replace(".", ",")]))
        case _:
            day = draw(days)
            month = day.strftime("%B")
            return day.isoformat(), draw(st.sampled_from([day.isoformat(), f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}"]))  # fmt: skip


@st.composite
def replies(draw: st.DrawFn) -> tuple[tuple[Field, ...], dict[str, str], str]:
    """Fields, the record that a worker means, and her reply in any style."""
    kinds = draw(
        st.lists(
            st.sampled_from(["text", "name", "money", "number", "date"]), min_size=1, max_size=4
        )
    )
    fields = tuple(
        replace(Field(f"field_{n}", kind, n), currency="KES" if kind == "money" else "")
        for n, kind in enumerate(kinds, 1)
    )
    meant, pieces = dict[str, str](), list[str]()
    label = draw(LABELS) if len(kinds) > 1 else ""
    for field in fields:
        stored, written = draw(values(field.type))
        meant[field.name] = stored
        pieces.append(label.format(n=field.number, id=field.name) + written)
    separator = draw(SEPARATORS)
    # A blank alone separates nothing, unless labels do.
    return fields, meant, (separator if label or separator != " " else "; ").join(pieces)


@settings(max_examples=300, deadline=None)
@given(reply=replies())
def test_no_value_lands_in_another_field(
    reply: tuple[tuple[Field, ...], dict[str, str], str],
) -> None:
    fields, meant, said = reply
    found = read(said, *fields)
    taken = fields_of(found.value) if found.value is not None else found.typed
    if found.value is None and any(";" in value for value in meant.values()):
        return  # What is kept of it is repeated to the worker: see `conversation.work.keying`.
    if all(meant[field.name].startswith(f"{field.number} ") for field in fields):
        return  # Values that begin with the numbers of their fields are read as numbered ones.
    for name, value in taken.items():
        assert value == meant[name], (said, dict(taken))


@settings(max_examples=100, deadline=None)
@given(reply=replies(), gap=st.integers(0, 3))
def test_a_value_left_out_moves_no_other(
    reply: tuple[tuple[Field, ...], dict[str, str], str], gap: int
) -> None:
    """A worker who forgets one of several values is asked for all that could have moved."""
    fields, meant, said = reply
    assume(not any(";" in value for value in meant.values()))
    left = fields[gap % len(fields)]
    asked_for = (*fields, Field("last", "date", len(fields) + 1))
    found = read(said, *asked_for)
    taken = fields_of(found.value) if found.value is not None else found.typed
    for name, value in taken.items():
        if name not in {"last", left.name}:
            assert value == meant[name], (said, dict(taken))
