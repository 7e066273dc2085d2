"""A day's work by SMS: answer and next question in one message.

Nothing is recorded that was not said.
"""

from dataclasses import replace

import pytest

from gateway.conversation.facts import Answered, Asked, LanguageChosen, Skipped
from gateway.conversation.situation import PackItem
from gateway.conversation.work.asking import question_sms
from gateway.gsm.segments import segments
from gateway.phrases.hearing import clean
from gateway.tasks.question import Option
from tests.support.alphabets import wide_languages

from .people import BOOKS, Person, held, question

FRUIT = [Option("mango", {"en": "Mango", "sw": "Embe"}), Option("help", {"en": "Help"})]


def test_the_answer_and_the_next_question_share_one_message() -> None:
    amina = Person(
        balance_minor=1200,
        holds=held(question()),
        queue=[question("Is Kisumu on Lake Victoria?"), question("Is Mombasa in Kenya?")],
    )
    assert amina.texts("1") == (
        "Saved +KES 3. Total KES 15.\nNext, for KES 3:\nIs Kisumu on Lake Victoria?\n"
        "1 Yes 2 No 3 Not sure\nReply with one number, or SKIP."
    )
    assert amina.texts("hapana 2") == (
        "Sorry, we did not understand. Please reply with one number:\n1 Yes 2 No 3 Not sure"
    )
    assert (amina.texts("2 no") or "").startswith("Saved +KES 3. Total KES 18.\nNext, for KES 3:")
    assert (
        amina.texts("3")
        == "Saved +KES 3. Total KES 21. No questions now. We text you when there are some."
    )
    assert amina.answers == ["yes", "no", "unsure"]


def test_her_words_are_kept_beside_the_value() -> None:
    asked = held(question())
    amina = Person(holds=asked)
    amina.texts(" YES!\n")
    assert amina.facts == [Answered(asked.assignment, asked.question.task, "yes", "YES!")]


def test_yes_is_the_answer_while_a_question_is_held() -> None:
    amina = Person(holds=held(question()))
    amina.texts("yes")
    assert amina.answers == ["yes"]
    assert amina.texts("yes") == BOOKS["en"].say("unclear.no_question")


def test_an_option_that_is_a_command_word_is_the_answer() -> None:
    amina = Person(holds=held(question(kind="categorisation", options=FRUIT)))
    amina.texts("help")
    assert amina.answers == ["help"]
    assert "BAL" in (amina.texts("help") or "")


@pytest.mark.parametrize(
    "said", ["hello", "", "4", "1 2", "yes no", "\U0001f600", "x" * 10_000, "\0", "WORK hard"]
)
def test_what_is_not_understood_changes_nothing(said: str) -> None:
    amina = Person(holds=held(question()), queue=[question()])
    reply = amina.texts(said)
    assert reply is not None
    assert "1 Yes 2 No 3 Not sure" in reply
    assert segments(reply) == 1
    assert amina.facts == []


def test_a_lapsed_question_still_open_counts() -> None:
    amina = Person(holds=held(question(), lapsed=True))
    assert (amina.texts("1") or "").startswith("Saved +KES 3.")
    assert amina.answers == ["yes"]


@pytest.mark.parametrize("kind", ["verification", "transcription"])
def test_an_answer_that_comes_too_late_is_told_so(kind: str) -> None:
    amina = Person(holds=held(question(kind=kind), lapsed=True, is_open=False), queue=[question()])
    reply = amina.texts("1") or ""
    assert reply.startswith(
        "Sorry, that question has closed, so this was not counted.\nNext, for KES 3:"
    )
    assert amina.answers == []
    assert [type(f) for f in amina.facts] == [Asked]


def test_skipping() -> None:
    asked = held(question())
    amina = Person(holds=asked, queue=[question("Is Thika a town?")])
    assert (amina.texts("SKIP") or "").startswith("Skipped.\nNext, for KES 3:\nIs Thika a town?")
    assert amina.facts[0] == Skipped(asked.assignment, asked.question.task)
    assert amina.texts("ruka") == "Skipped. No questions now. We text you when there are some."
    assert amina.texts("skip") == "No questions now. We text you when there are some."
    assert len([f for f in amina.facts if isinstance(f, Skipped)]) == 2


def test_work_repeats_the_held_question_and_asks_no_second() -> None:
    amina = Person(holds=held(question()), queue=[question("Is Thika a town?")])
    assert "Mama Njeri" in (amina.texts("WORK") or "")
    assert amina.facts == []
    brian = Person(holds=held(question(), lapsed=True), queue=[question("Is Thika a town?")])
    assert "Thika" in (brian.texts("kazi") or "")
    assert [type(f) for f in brian.facts] == [Asked]
    chege = Person(holds=held(question(), lapsed=True))
    assert "Mama Njeri" in (chege.texts("WORK") or "")
    dama = Person()
    assert dama.texts("WORK") == "No questions now. We text you when there are some."


@pytest.mark.parametrize(
    ("said", "begins"),
    [
        ("HELP", "WORK: a question."),
        ("bal", "You have KES"),
        ("PAY", "You have no money"),
        ("LANG", "Which language"),
        ("WORK", "For KES 3:"),
        ("SKIP", "Skipped."),
        ("why P7K2QX", "P7K2QX is none of your payments"),
        ("skill", "You have given 0 answers"),
    ],
)
def test_whole_commands_win_over_typed_text(said: str, begins: str) -> None:
    amina = Person(holds=held(question(kind="transcription")))
    assert (amina.texts(said) or "").startswith(begins)
    assert amina.answers == []


@pytest.mark.parametrize(
    "said",
    ["Help the old man", "pay the driver", "work hard", "why are you late", "skip to the end", "no", "yes",
     "join us", "lang is short", "add sugar", "aide", "start here", "balance sheet", "status quo"],
)  # fmt: skip
def test_a_typed_text_may_begin_with_a_command_word(said: str) -> None:
    amina = Person(holds=held(question(kind="transcription")))
    amina.texts(said)
    assert amina.answers == [said]


def test_a_typed_text_that_is_empty_or_too_long_is_asked_for_again() -> None:
    amina = Person(holds=held(question(kind="transcription")))
    assert amina.texts("\U0001f600") == BOOKS["en"].say("unclear.empty")
    assert amina.texts("x " * 5_000) == BOOKS["en"].say("unclear.too_long")
    assert amina.facts == []


def test_the_language_changes_the_reply_at_once() -> None:
    amina = Person(holds=held(question()), queue=[question()])
    assert amina.texts("LANG sw") == "Kuanzia sasa tunakuandikia kwa Kiswahili."
    assert (amina.texts("ndiyo") or "").startswith("Imehifadhiwa +KES 3. Jumla KES 3.\nLinalofuata")
    assert amina.texts("lang french") == BOOKS["fr"].say("language.set")
    names = ", ".join(BOOKS[code].say("language.name") for code in sorted(BOOKS))
    assert amina.texts("LANG klingon") == BOOKS["fr"].say("language.which", list=names)
    assert [f for f in amina.facts if isinstance(f, LanguageChosen)] == [
        LanguageChosen("sw"),
        LanguageChosen("fr"),
    ]


def test_an_answer_paid_after_a_check_does_not_promise_money_now() -> None:
    amina = Person(balance_minor=1200, holds=replace(held(question()), paid_at_once=False))
    assert (amina.texts("1") or "").startswith("Saved. KES 3 once checked. Total now KES 12.")
    assert amina.worker.balance_minor == 1200
    brian = Person(holds=held(question(price_minor=0)))
    assert (brian.texts("1") or "").startswith("Saved. Thank you.")


@pytest.mark.parametrize("language", sorted(BOOKS.keys() - wide_languages()))
def test_a_question_fits_one_sms_where_its_words_allow(language: str) -> None:
    words = "x" * (160 - len("\n") - len("1 Hapana 2 Hapana 3 Ne sais pas"))
    for text in ("Is it open?", words[:60], words[:90], words[:100]):
        assert segments(question_sms(question(text), language, BOOKS)) == 1
    # The client's words are never cut, and a message that needs two parts says all it can in two.
    long = question_sms(question("x" * 170), language, BOOKS)
    assert "x" * 170 in long
    assert segments(long) == 2
    assert BOOKS[language].say("how.choice") in long


def test_many_options_stand_one_a_line() -> None:
    options = [Option(str(n), {"en": f"Kind {chr(64 + n)}"}) for n in range(1, 6)]
    asked = question(
        "Which?", kind="categorisation", options=options, instructions="Look at the photo."
    )
    text = question_sms(asked, "en", BOOKS)
    assert text.startswith("For KES 3:\nLook at the photo.\nWhich?\n1 Kind A\n2 Kind B\n")


def with_numbered_questions(amina: Person, *, still_open: bool) -> None:
    """Give her two numbered questions of a message before the one that wants a text."""
    news = [Option("good"), Option("bad")]
    pack = tuple(
        PackItem(n, held(question(f"News {n}", "categorisation", news), is_open=still_open), answered=False, last=True)
        for n in (1, 2)
    )  # fmt: skip
    amina.situation = replace(amina.situation, pack=pack)


def test_a_late_reply_to_numbered_questions_is_no_text() -> None:
    """A reply that names their numbers is counted for them.

    The text that is asked for stays open.
    """
    amina = Person(holds=held(question("line 1", "transcription")))
    with_numbered_questions(amina, still_open=True)
    reply = amina.texts("1A 2B") or ""
    assert amina.answers == ["good", "bad"]
    assert reply.startswith("Saved 2: +KES 6.")
    assert "line 1" in reply


@pytest.mark.parametrize(
    "said",
    ["1A2B", "a1 b2", "2B", "AB", "ba", "1.A 2.B", "1)a, 2)b", "1=A;2=B", "1-A/2-B", "1A\n2B", "Q1 A Q2 B", "No.1 A", "1A 2B PAY",
     "a b", "A,B", "a/b", "A B PAY", "\uff11\uff21", "\u0661A \u0662B"],
)  # fmt: skip
def test_what_may_answer_numbered_questions_is_not_taken_as_a_text_at_once(said: str) -> None:
    amina = Person(holds=held(question("line 1", "transcription")))
    with_numbered_questions(amina, still_open=False)
    amina.texts(said)
    assert amina.answers == []
    amina.texts(f"ANSWER {said}")
    assert amina.answers == [clean(said)]


@pytest.mark.parametrize(
    "said", ["Mama 1A", "BAD", "1A is my class", "a b", "12B Toi Market", "1990"]
)
def test_other_texts_are_taken_at_once(said: str) -> None:
    amina = Person(holds=held(question("line 1", "transcription")))
    amina.texts(said)
    assert amina.answers == [said]


def test_repeating_an_answer_costs_no_segment_where_the_balance_can_be_left_out() -> None:
    left_out = 0
    for length in range(20, 140):
        line = question("x" * length, "date")
        amina = Person(holds=held(question("When?", "date")), queue=[line])
        reply = amina.texts("3 May 2026") or ""
        assert reply.startswith("Got: 3 May 2026. Saved"), "what was read is always told"
        if "Total" not in reply:
            left_out += 1
            whole = reply.replace("Saved. Thank you.", "Saved +KES 3. Total KES 3.")
            assert segments(reply) < segments(whole)
    assert left_out
