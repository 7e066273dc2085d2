"""A bare yes or no about a payout, and what it must not be taken for."""

from dataclasses import replace

import pytest

from gateway.conversation.facts import ArrivalSaid
from gateway.conversation.money.arrival import may_answer
from gateway.conversation.parsed_sms import parse_text
from gateway.conversation.situation import ArrivalView
from gateway.conversation.turn import interpret_sms
from gateway.tasks.lessons.lesson import LessonProgress
from tests.conversation.people import BOOKS, Person, kind_of, question

ASKED = ArrivalView("1", "P7K2QX", "KES 120")


def heard(words: str):
    return parse_text(words, BOOKS["en"], BOOKS)


@pytest.mark.parametrize(
    ("words", "arrived"), [("1", True), ("yes", True), ("2", False), ("NO", False)]
)
def test_a_bare_yes_or_no_says_whether_it_arrived(words, arrived):
    there = replace(Person().situation, arrival=ASKED)
    turn = interpret_sms(there, words, BOOKS, kind_of)
    assert turn.facts == (ArrivalSaid("1", "P7K2QX", "KES 120", arrived),)


@pytest.mark.parametrize("words", ["3", "1 2", "yes please call me", "BAL", "WORK"])
def test_other_words_say_nothing_about_it(words):
    there = replace(Person().situation, arrival=ASKED)
    assert not may_answer(heard(words), there, BOOKS["en"])
    assert not any(
        isinstance(fact, ArrivalSaid) for fact in interpret_sms(there, words, BOOKS, kind_of).facts
    )


def test_an_answer_to_a_question_or_in_a_lesson_is_not_taken_for_it():
    holding = Person(queue=[question()])
    holding.texts("WORK")
    assert holding.situation.held is not None
    assert not may_answer(heard("1"), replace(holding.situation, arrival=ASKED), BOOKS["en"])
    learning = replace(
        Person().situation, arrival=ASKED, lesson=LessonProgress.__new__(LessonProgress)
    )
    assert not may_answer(heard("1"), learning, BOOKS["en"])
