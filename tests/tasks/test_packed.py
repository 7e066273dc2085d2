"""One reply to several questions: every way of typing is read, and nothing is ever guessed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.phrases import books
from gateway.simulator import handwriting
from gateway.simulator.handwriting import IN_ORDER, NUMBERED, Meant
from gateway.tasks.kinds import categorisation, verification
from gateway.tasks.packed import ITEM_MAX, KEYS, SKIP, Packed, packable, read_packed
from gateway.tasks.question import Option

BOOK = books()["en"]
LABELS = ("Shop", "School", "Clinic", "Market", "Mosque", "Hotel", "Farm", "Well", "Toilet")


def asked(numbers, options=3, language="en", known=None):
    book = books()[language]
    choices = categorisation.options([Option(label.casefold(), {"en": label}) for label in LABELS[:options]])  # fmt: skip
    names = categorisation.names(choices, language, book.answers)
    assert packable(choices, names)
    return Packed(numbers, known or numbers, choices, names, book.words.skip, book.fillers)


def read(said, numbers=(1, 2, 3), options=3):
    found = read_packed(said, asked(list(numbers), options))
    return dict(found.values), set(found.skipped), set(found.unclear)


@st.composite
def meant(draw, least=2):
    """Some numbered questions, and an answer to each."""
    first = draw(st.integers(1, ITEM_MAX - 9))
    count, options = draw(st.integers(least, 9)), draw(st.integers(2, 9))
    answers = []
    for number in range(first, first + count):
        option = draw(st.integers(0, options - 1))
        answers.append(Meant(number, KEYS[option], LABELS[option]))
    return answers, options


@given(meant(), st.sampled_from(NUMBERED + IN_ORDER), st.integers())
def test_every_way_of_writing_is_read_as_it_was_meant(said, style, seed):
    answers, options = said
    written = style(answers, random.Random(seed))
    found = read_packed(written, asked([a.number for a in answers], options))
    assert dict(found.values) == {a.number: a.label.casefold() for a in answers}, written
    assert not found.skipped and not found.unclear


@given(meant(), st.integers(0, 999), st.integers())
def test_with_slips_and_gaps_what_is_read_is_what_was_meant(said, habit, seed):
    answers, options = said
    written = handwriting.write(answers, habit, random.Random(seed))
    found = read_packed(written, asked([a.number for a in answers], options))
    truth = {a.number: a.label.casefold() for a in answers}
    assert all(truth[number] == value for number, value in found.values.items()), written
    assert not found.skipped


@given(meant(), st.data())
def test_an_item_with_two_answers_has_none(said, data):
    answers, options = said
    twice = data.draw(st.sampled_from(answers))
    other = data.draw(st.sampled_from([k for k in KEYS[:options] if k != twice.letter]))
    words = [f"{a.number}{a.letter}" for a in answers]
    words.insert(data.draw(st.integers(0, len(words))), f"{twice.number}{other}")
    found = read_packed(" ".join(words), asked([a.number for a in answers], options))
    assert twice.number not in found.values
    assert twice.number in found.unclear
    assert len(found.values) == len(answers) - 1, "the others are as clear as ever"


@given(
    st.permutations(["1A", "2C", "3B"]), st.sampled_from([" ", ", ", "\n", ";", " / ", "", " + "])
)
def test_the_order_does_not_matter(words, between):
    assert read(between.join(words))[0] == {1: "shop", 2: "clinic", 3: "school"}


@given(st.text(max_size=60))
def test_whatever_comes_only_known_items_and_options_are_named(said):
    known = [4, 5, 6]
    found = read_packed(said, asked(known))
    named = [set(found.values), set(found.skipped), set(found.unclear)]
    assert set().union(*named) <= set(known)
    assert sum(map(len, named)) == len(set().union(*named))
    assert set(found.values.values()) <= {"shop", "school", "clinic"}


@given(st.text(alphabet="kmnpqrtuvwxyz !?.,\n\u00e9\u4e2d\U0001f600", max_size=40))
def test_rubbish_gives_nothing(said):
    assert read(said) == ({}, set(), set())


@given(st.lists(st.sampled_from(["1", "2", "3"]), max_size=8), st.sampled_from(["", " ", ","]))
def test_numbers_alone_are_no_answer(numbers, between):
    assert read(between.join(numbers))[0] == {}


@given(
    st.lists(st.sampled_from("ABC"), max_size=8).filter(lambda x: len(x) != 3),
    st.sampled_from(["", " ", ","]),
)
def test_letters_alone_count_only_when_there_are_as_many_as_questions(letters, between):
    assert read(between.join(letters)) == ({}, set(), set())


@pytest.mark.parametrize("said", ["1 A 2", "A 1 B", "1)A2)B3)C", "1A2", "1 A B 2", "maybe 1A", "1A?? or not 2", "one two", "1 not A", "plan B"])  # fmt: skip
def test_where_two_readings_fit_or_none_nothing_is_taken(said):
    assert read(said)[0] == {}


@pytest.mark.parametrize(("said", "values", "skipped", "unclear"), [
    ("1A 2- 3C", {1: "shop", 3: "clinic"}, {2}, set()),
    ("1A, skip 2, 3C", {1: "shop", 3: "clinic"}, {2}, set()),
    ("1A 2 pass 3C", {1: "shop", 3: "clinic"}, {2}, set()),
    ("1- 2- 3-", {}, {1, 2, 3}, set()),
    ("1-A 2-B", {1: "shop", 2: "school"}, set(), set()),
    ("1A, 2 maybe, 3C", {1: "shop", 3: "clinic"}, set(), {2}),
    ("1A 2D 3C", {1: "shop", 3: "clinic"}, set(), {2}),
    ("1A 2B 9C", {1: "shop", 2: "school"}, set(), set()),
    ("lA OO2B", {1: "shop", 2: "school"}, set(), set()),
    ("1\ufe0f\u20e3A 2\ufe0f\u20e3 B", {1: "shop", 2: "school"}, set(), set()),
    ("\u0661A \u0662B", {1: "shop", 2: "school"}, set(), set()),
    ("1 and 2 A", {2: "shop"}, set(), {1}),
    ("1 the shop\n2 my school", {1: "shop", 2: "school"}, set(), set()),
])  # fmt: skip
def test_worked_examples(said, values, skipped, unclear):
    found, left_out, doubtful = read(said)
    assert (found, left_out) == (values, skipped)
    assert unclear <= doubtful


@pytest.mark.parametrize("language", sorted(books()))
def test_in_words_of_her_language(language):
    book = books()[language]
    options = verification.options(())
    names = verification.names(options, language, book.answers)
    assert packable(options, names)
    packed = Packed([1, 2, 3], [1, 2, 3], options, names, book.words.skip, book.fillers)
    yes, no = (next(iter(sorted(words))) for words in (book.answers.yes, book.answers.no))
    unsure = book.say("label.unsure")
    wanted = {1: "yes", 2: "no", 3: "unsure"}
    for said in (f"1 {yes}\n2 {no}\n3 {unsure}", f"{yes}, {no}, {unsure}", f"1{yes} 2{no} 3C"):
        assert dict(read_packed(said, packed).values) == wanted, said
    skip = next(iter(sorted(book.words.skip)))
    assert read_packed(f"1A 2B {skip} 3", packed).skipped == {3}


def test_options_that_are_letters_themselves_are_not_packed():
    grades = categorisation.options([Option("a", {"en": "B"}), Option("b", {"en": "A"})])
    assert not packable(grades, categorisation.names(grades, "en", BOOK.answers))
    same = categorisation.options([Option("x", {"en": "A"}), Option("y", {"en": "B"})])
    assert packable(same, categorisation.names(same, "en", BOOK.answers))


def test_no_word_that_means_something_else_is_ever_needed():
    """A letter and a number are no command in any language.

    They are no word that a carrier keeps for itself, either.
    """
    for book in books().values():
        for name in book.words.__dataclass_fields__:
            assert not {k.casefold() for k in KEYS} & getattr(book.words, name)
            assert not any(ch.isdigit() for word in getattr(book.words, name) for ch in word)


def test_skip_is_no_option():
    assert SKIP not in {o.id for o in categorisation.options([Option("a"), Option("b")])}
