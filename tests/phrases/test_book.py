"""A phrasebook is loud about our mistakes, and counts as its language does."""

import pytest

from gateway.phrases import Phrasebook, UnknownPhrase, book_in, books

BOOKS = books()


def test_a_phrase_takes_its_values() -> None:
    assert (
        BOOKS["en"].say("answer.saved", amount="KES 3", total="KES 15")
        == "Saved +KES 3. Total KES 15."
    )


def test_values_with_braces_are_only_text() -> None:
    assert "{x}" in BOOKS["en"].say("balance.only", amount="{x}")


@pytest.mark.parametrize("language", sorted(BOOKS))
def test_an_unknown_phrase_or_a_missing_value_is_an_error(language: str) -> None:
    book = BOOKS[language]
    with pytest.raises(UnknownPhrase, match=r"no phrase .answer\.lost."):
        book.say("answer.lost")
    with pytest.raises(UnknownPhrase, match="needs 'total'"):
        book.say("answer.saved", amount="KES 3")
    with pytest.raises(UnknownPhrase):
        book.plural("answer.lost", 2)
    with pytest.raises(UnknownPhrase):
        book.message("answer.lost")


def test_plurals_follow_the_language() -> None:
    said = {
        code: [book.plural("status.answers", n) for n in (0, 1, 2)] for code, book in BOOKS.items()
    }
    assert said["en"] == ["0 answers today.", "1 answer today.", "2 answers today."]
    assert said["fr"][0].startswith("0 réponse a")  # French counts none as one
    assert said["sw"] == ["Leo majibu 0.", "Leo jibu 1.", "Leo majibu 2."]


def test_english_words_work_in_every_language(each_book: Phrasebook) -> None:
    assert {"stop"} <= each_book.words.stop
    assert {"bal", "balance"} <= each_book.words.balance
    assert "not sure" in each_book.answers.unsure
    assert each_book.command("pay") == "pay"
    assert each_book.command("mango") is None


def test_no_language_stops_by_a_number(each_book: Phrasebook) -> None:
    """A key that is a digit is therefore never looked up: `says_stop`."""
    assert not [word for word in each_book.words.stop if word.isdigit()]


def test_a_language_without_a_book_gets_english() -> None:
    assert book_in("xx", BOOKS) is BOOKS["en"]


@pytest.fixture(params=sorted(BOOKS))
def each_book(request: pytest.FixtureRequest) -> Phrasebook:
    return BOOKS[request.param]
