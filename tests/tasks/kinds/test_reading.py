"""The meaning of typed answers.

An answer that could be two things is neither: there is no guess.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.ids import BatchId, TaskId
from gateway.phrases import book_in, books
from gateway.tasks.kinds import categorisation, transcription, verification
from gateway.tasks.port import Reading, TaskKind
from gateway.tasks.question import Option, Question

BOOKS = books()
CHOICE, TWO, EMPTY = (Reading(None, f"unclear.{why}") for why in ("choice", "two", "empty"))
ANYTHING = st.text(st.characters(codec=None), max_size=200)
FRUIT = categorisation.options(
    [
        Option("mango", {"en": "Mango", "sw": "Embe"}),
        Option("passion", {"en": "Passion fruit", "sw": "Karakara"}),
        Option("none", {"en": "None of these", "sw": "Hakuna"}),
        Option("help", {"en": "Help needed", "sw": "Msaada"}),
    ]
)


def asked(kind: TaskKind, options: tuple[Option, ...]) -> Question:
    return Question(TaskId(1), BatchId("b"), "kind", "Which?", "", options, 300, "KES")


def read(kind: TaskKind, options: tuple[Option, ...], said: str, language: str = "en") -> Reading:
    return kind.read(said, asked(kind, options), language, book_in(language, BOOKS).answers)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("1", "yes"),
        (" 1. ", "yes"),
        ("1)", "yes"),
        ("(1)", "yes"),
        ("01", "yes"),
        ("l", "yes"),
        ("I", "yes"),
        ("\uff11", "yes"),
        ("\u0661", "yes"),
        ("1\ufe0f\u20e3", "yes"),
        ("yes", "yes"),
        ("YES!!", "yes"),
        ("Y", "yes"),
        ("yes yes", "yes"),
        ("1 yes", "yes"),
        ("1. Yes", "yes"),
        ("1, 1", "yes"),
        ("2", "no"),
        ("No.", "no"),
        ("n", "no"),
        ("2 no", "no"),
        ("3", "unsure"),
        ("Not sure", "unsure"),
        ("UNSURE", "unsure"),
        ("i don\u2019t know", "unsure"),
        ("3 not sure", "unsure"),
    ],
)
def test_amina_says_yes_no_or_not_sure(said: str, value: str) -> None:
    assert read(verification, verification.options(()), said) == Reading(value)


@pytest.mark.parametrize(
    ("language", "said", "value"),
    [
        ("sw", "ndiyo", "yes"),
        ("sw", "NDIO", "yes"),
        ("sw", "hapana", "no"),
        ("sw", "sijui", "unsure"),
        ("sw", "yes", "yes"),
        ("fr", "Oui", "yes"),
        ("fr", "non", "no"),
        ("fr", "je ne sais pas", "unsure"),
        ("fr", "pas s\u00fbr", "unsure"),
        ("fr", "yes", "yes"),
    ],
)
def test_each_answers_in_her_language_or_in_english(language: str, said: str, value: str) -> None:
    assert read(verification, verification.options(()), said, language) == Reading(value)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("0", CHOICE),
        ("O", CHOICE),
        ("4", CHOICE),
        ("12", CHOICE),
        ("11", CHOICE),
        ("yes please", CHOICE),
        ("not yes", CHOICE),
        ("maybe", CHOICE),
        ("oui", CHOICE),
        ("hello", CHOICE),
        ("1.5", CHOICE),
        ("1 2", TWO),
        ("1/2", TWO),
        ("yes or no", CHOICE),
        ("yes no", TWO),
        ("1 no", TWO),
        ("no 1", TWO),
        ("1 Yes 2 No 3 Not sure", TWO),
        ("", EMPTY),
        ("\U0001f44d", EMPTY),
        ("...", EMPTY),
        ("\0", EMPTY),
        ("9" * 10_000, CHOICE),
        ("1 2 " * 2_500, TWO),
    ],
)
def test_what_is_not_one_answer_is_not_understood(said: str, why: Reading) -> None:
    assert read(verification, verification.options(()), said) == why


@pytest.mark.parametrize(
    ("language", "said", "value"),
    [
        ("en", "mango", "mango"),
        ("en", "2", "passion"),
        ("en", "passion fruit", "passion"),
        ("en", "Passion-Fruit!", "passion"),
        ("en", "2 passion fruit", "passion"),
        ("en", "passion", "passion"),  # the id
        ("en", "none of these", "none"),
        ("sw", "EMBE", "mango"),
        ("sw", "mango", "mango"),
        ("sw", "msaada", "help"),
    ],
)
def test_brian_names_a_fruit(language: str, said: str, value: str) -> None:
    assert read(categorisation, FRUIT, said, language) == Reading(value)


@pytest.mark.parametrize(
    "said", ["fruit", "embe", "5", "yes", "mango or passion", "these", "mangos"]
)
def test_half_a_name_or_another_language_is_no_answer(said: str) -> None:
    assert read(categorisation, FRUIT, said).value is None


def test_a_letter_that_is_an_option_is_not_taken_for_a_one() -> None:
    options = categorisation.options([Option("a"), Option("i"), Option("o")])
    assert read(categorisation, options, "I") == Reading("i")
    assert read(categorisation, options, "o") == Reading("o")
    assert read(categorisation, options, "l") == Reading("a")


def test_numbers_are_keys_and_never_names() -> None:
    options = categorisation.options([Option("1", {"en": "Bad"}), Option("5", {"en": "Good"})])
    assert read(categorisation, options, "2") == Reading("5")
    assert read(categorisation, options, "5") == CHOICE
    assert read(categorisation, options, "good") == Reading("5")


def test_a_word_that_means_two_options_is_not_understood() -> None:
    options = verification.options([Option("no", {"en": "Yes it differs"}), Option("yes", {"en": "No"})])  # fmt: skip
    assert (
        read(verification, options, "no").value is None
    )  # the label of one, the meaning of another
    assert read(verification, options, "1") == Reading("yes")


def test_chege_types_what_he_hears() -> None:
    assert read(transcription, (), "  Mama\n Njeri   Shop ") == Reading("Mama Njeri Shop")
    assert read(transcription, (), "7") == Reading("7")
    assert read(transcription, (), "x" * 640) == Reading("x" * 640)
    assert read(transcription, (), "x" * 641) == Reading(None, "unclear.too_long")
    for nothing in ("", "   ", "\U0001f600\U0001f600", "?!", "\0\0"):
        assert read(transcription, (), nothing) == EMPTY


@given(ANYTHING, st.sampled_from(sorted(BOOKS)))
def test_no_text_upsets_any_kind(said: str, language: str) -> None:
    ids = {"yes", "no", "unsure"}
    assert read(verification, verification.options(()), said, language).value in {*ids, None}
    assert read(categorisation, FRUIT, said, language).value in {*(o.id for o in FRUIT), None}
    typed = read(transcription, (), said, language).value
    assert typed is None or 1 <= len(typed) <= 640
    for kind, options in ((verification, verification.options(())), (categorisation, FRUIT), (transcription, ())):  # fmt: skip
        reading = read(kind, options, said, language)
        assert (reading.value is None) == (reading.why is not None)


@given(
    st.lists(st.sampled_from(["1", "2", "yes", "no", "3", "not sure", ","]), min_size=1, max_size=6)
)
def test_an_answer_is_recorded_only_when_all_words_agree(parts: list[str]) -> None:
    meant = {"1": "yes", "yes": "yes", "2": "no", "no": "no", "3": "unsure", "not sure": "unsure"}
    said = {meant[p] for p in parts if p in meant}
    reading = read(verification, verification.options(()), " ".join(parts))
    assert reading.value == (said.pop() if len(said) == 1 else None)
