"""Workers join and leave by SMS: consent first, and STOP always."""

import pytest

from gateway.conversation.facts import (
    Agreed,
    Asked,
    Joined,
    LanguageChosen,
    NameGiven,
    PayAsked,
    Restarted,
    Stopped,
)
from gateway.gsm.segments import segments

from .people import BOOKS, GRACE, Person, held, question

EVERY_STOP_WORD = sorted(frozenset[str]().union(*(b.words.stop for b in BOOKS.values())))
STATES = ("invited", "active", "stopped", "removed")


def test_a_stranger_learns_how_to_join() -> None:
    stranger = Person(state=None)
    for said in ("hello", "1", "what is this?", "", "PAY", "YES", "WORK", "ADD +254712345678 Me"):
        reply = stranger.texts(said)
        assert reply is not None
        assert "JOIN KIBERA" in reply
        assert segments(reply) == 1
    assert stranger.facts == []


@pytest.mark.parametrize(
    "said", ["JOIN KIBERA", "join kibera", " Join: Kibera. ", "JOIN KIBERA thanks"]
)
def test_joining_with_a_code_shows_the_consent_text_first(said: str) -> None:
    amina = Person(state=None, queue=[question()])
    reply = amina.texts(said)
    assert amina.facts == [Joined("KIBERA", "en", agreed=False)]
    assert reply == BOOKS["en"].say("join.consent")
    assert "Mama Njeri" in (amina.texts("YES") or ""), "and the first question comes with her YES"


@pytest.mark.parametrize("language", sorted(BOOKS))
def test_every_way_in_says_that_a_record_is_kept(language: str) -> None:
    """English, Kiswahili and French say `a record`, not that the pay is kept from her.

    For a language without an entry here, its readers look after that.
    """
    kept = {
        "en": "a record",
        "sw": "rekodi",
        "fr": "notons",
        "ha": "rubuta",
        "am": "\u12a5\u1295\u1218\u12d8\u130d\u1263\u1208\u1295",
    }
    book = BOOKS[language]
    for text in (
        book.say("join.consent"),
        book.say("menu.consent"),
        book.say("invite.sms", name="Amina", coordinator="Grace"),
    ):
        assert kept.get(language, "") in text


def test_a_yes_may_bring_the_name() -> None:
    amina = Person("", "invited")
    assert (amina.texts("YES Amina Wanjiku") or "").startswith("Welcome Amina!")
    assert amina.facts == [Agreed("Amina Wanjiku")]


@pytest.mark.parametrize(
    "said", ["yes please", "YES why", "yes 0712345678", "yes no", "yes http://x.example"]
)
def test_what_is_no_name_behind_a_yes_is_no_consent(said: str) -> None:
    amina = Person("", "invited")
    assert "Reply YES" in (amina.texts(said) or "")
    assert amina.facts == []


def test_a_worker_may_tell_a_name_later() -> None:
    amina = Person("")
    assert amina.texts("NAME amina") == BOOKS["en"].say("name.done", name="amina")
    assert amina.facts == [NameGiven("amina")]
    assert amina.texts("NAME") == BOOKS["en"].say("name.how")
    assert amina.texts("NAME 0712345678") == BOOKS["en"].say("name.how")


def test_joining_without_a_code_asks_for_a_yes() -> None:
    amina = Person(state=None, queue=[question()])
    reply = amina.texts("JOIN")
    assert amina.facts == [Joined(None, "en", agreed=False)]
    assert reply is not None
    assert "Reply YES" in reply
    assert "STOP" in reply
    welcome = amina.texts("Yes")
    assert amina.facts[1] == Agreed()
    assert welcome is not None
    assert welcome.startswith("Welcome! HELP for help, STOP to leave.\n")
    assert "Mama Njeri" in welcome


def test_an_unknown_code_is_named_and_joins_no_worker() -> None:
    amina = Person(state=None)
    assert "KIBRA" in (amina.texts("JOIN kibra") or "")
    assert segments(amina.texts("JOIN \u30ad\u30d9\u30e9\U0001f600") or "") == 1
    assert amina.facts == []


def test_a_word_tells_the_language() -> None:
    amina = Person(state=None)
    assert "Unakubali?" in (amina.texts("JIUNGE KIBERA") or "")
    assert amina.facts == [Joined("KIBERA", "sw", agreed=False)]
    brian = Person(state=None)
    assert "OUI" in (brian.texts("JOIN KIBERA francais") or "")
    assert brian.facts == [Joined("KIBERA", "fr", agreed=False)]
    chege = Person(state=None)
    assert (chege.texts("LANG sw") or "").startswith("Habari")
    assert (chege.texts("AIDE") or "").startswith("Bonjour")
    assert chege.facts == []


def test_the_invited_hear_one_question_with_the_welcome() -> None:
    amina = Person(state="invited", queue=[question(), question("Is Kisumu a port?")])
    reply = amina.texts("YES!")
    assert amina.facts == [Agreed(), Asked(amina.situation.held.question.task)]  # pyright: ignore[reportOptionalMemberAccess]
    assert reply == (
        "Welcome Amina! HELP for help, STOP to leave.\nFor KES 3:\nIs 'Mama Njeri Shop' in Kibera?\n1 Yes 2 No 3 Not sure\n"
        "Reply with one number, or SKIP."
    )


def test_the_invited_without_work_are_told_to_wait() -> None:
    amina = Person(state="invited", language="sw")
    reply = amina.texts("ndiyo")
    assert amina.facts == [Agreed()]
    assert reply is not None
    assert reply.startswith("Karibu Amina!")
    assert "Umejiunga" in reply
    assert segments(reply) == 1


@pytest.mark.parametrize(
    "said", ["1", "ok", "yes but how much", "maybe", "WORK", "START", "HELP", ""]
)
def test_nothing_but_yes_is_a_yes(said: str) -> None:
    amina = Person(state="invited", queue=[question()])
    assert "Reply YES" in (amina.texts(said) or "")
    assert amina.facts == []


def test_a_no_is_respected_and_can_be_taken_back() -> None:
    amina = Person(state="invited")
    assert "START" in (amina.texts("No") or "")
    assert amina.facts == [Stopped()]
    assert (amina.texts("START") or "").startswith("Welcome back Amina!")
    assert amina.facts == [Stopped(), Restarted()]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("word", EVERY_STOP_WORD)
def test_stop_stops_from_any_state_in_any_language(state: str, word: str) -> None:
    for kind in ("verification", "transcription"):
        for coordinator in (None, GRACE):
            amina = Person(
                state=state,  # pyright: ignore[reportArgumentType]
                queue=[question()],
                holds=held(question(kind=kind)),
                coordinator=coordinator,
            )
            assert amina.texts(f" {word.upper()}. ")
            assert amina.facts == [Stopped()]


@pytest.mark.parametrize("said", ["STOP 12345", "stop it now", "Stop the work please", "ACHA kazi"])
def test_stop_with_other_words_is_told_apart(said: str) -> None:
    amina = Person(queue=[question()], holds=held(question()))
    assert amina.texts(said) == BOOKS["en"].say("stop.only")
    assert amina.facts == []


def test_a_typed_text_may_contain_stop() -> None:
    amina = Person(holds=held(question(kind="transcription")))
    amina.texts("Stop the car at the bridge")
    assert amina.answers == ["Stop the car at the bridge"]


def test_a_stranger_who_says_stop_hears_nothing() -> None:
    assert Person(state=None).texts("STOP") is None


def test_a_worker_who_stopped_is_told_how_to_start_and_still_has_her_money() -> None:
    amina = Person(state="stopped", balance_minor=4550, queue=[question()], holds=held(question()))
    for said in ("1", "yes", "hello", "WORK", "HELP"):
        assert "START" in (amina.texts(said) or "")
    assert amina.facts == []
    assert amina.texts("BAL") == "You have KES 45.50. Text PAY to cash out."
    amina.texts("PAY")
    assert amina.facts == [PayAsked(4500, "P7K2QX")]
    assert amina.texts("STOP 1") == BOOKS["en"].say("stop.only")
    reply = amina.texts("START")
    assert amina.facts[1:] == [Restarted()]
    assert (reply or "").startswith("Welcome back Amina!\nFor KES 3:")


def test_a_removed_worker_may_cash_out_and_join_again() -> None:
    brian = Person("Brian", "removed", balance_minor=2000)
    assert "not on our list" in (brian.texts("1") or "")
    assert "KES 20" in (brian.texts("BAL") or "")
    brian.texts("PAY")
    brian.texts("JOIN KIBERA")
    assert brian.facts == [PayAsked(2000, "P7K2QX"), Joined("KIBERA", "en", agreed=False)]


def test_the_invited_may_choose_a_language_and_a_code() -> None:
    amina = Person(state="invited")
    assert amina.texts("LANG sw") == BOOKS["sw"].say("language.set")
    assert (amina.texts("hello") or "").startswith("Habari Amina")
    amina.texts("JOIN KIBERA")
    assert amina.facts == [LanguageChosen("sw"), Joined("KIBERA", "sw", agreed=False)]


def test_a_worker_need_not_join_again() -> None:
    amina = Person()
    assert "already" in (amina.texts("JOIN KIBERA") or "")
    assert "already" in (amina.texts("START") or "")
    assert amina.facts == []
