"""Work by USSD: one key, one screen, nothing recorded twice or by mistake."""

from dataclasses import replace

import pytest

from gateway.app import kind_of
from gateway.conversation.context import Context
from gateway.conversation.facts import (
    Agreed,
    Answered,
    Asked,
    Joined,
    LanguageChosen,
    NameGiven,
    Restarted,
    Skipped,
    Stopped,
)
from gateway.conversation.menu import VIEWS, menu
from gateway.conversation.situation import ArrivalView, NumberMoveView, Situation
from gateway.conversation.turn import interpret_sms
from gateway.conversation.views import about, lessons, week
from gateway.conversation.views.pin import SECRET
from gateway.gsm.septets import septets
from gateway.gsm.ussd_fit import fits_screen
from gateway.tasks.question import Field, Option
from gateway.ussd.screens import pages
from tests.support.alphabets import wide_languages

from .people import BOOKS, Person, held, question

FIELDS = (Field("owner", "name", 1), Field("amount", "money", 2, currency="KES"))


def test_a_stranger_joins_in_her_language() -> None:
    amina = Person(state=None)
    assert amina.dials() == "Earn money by answering short questions on your phone.\n1 Join"
    assert amina.presses("1") == "Choose your language:\n1 English\n2 Francais\n3 Kiswahili"
    assert amina.presses("3") == "Andika msimbo uliopewa.\n0 Sina msimbo"
    assert amina.presses("KIBRA").startswith("Hatuujui msimbo huo.")
    assert amina.presses("kibera").endswith("Unakubali?\n1 Ndiyo\n2 Hapana")
    assert amina.facts == []
    assert amina.presses("1").startswith(
        "Karibu! Umejiunga.\nAndika jina lako, au chagua:\n1 Kazi\n"
    )
    assert amina.facts == [Joined("KIBERA", "sw", agreed=True)]
    assert amina.presses("1").startswith("Sasa hakuna maswali.")  # the next key finds her at home


def test_no_consent_no_worker() -> None:
    amina = Person(state=None)
    amina.dials()
    amina.presses("1", "1", "0")
    assert "not joined" in amina.presses("2")
    assert amina.last is not None
    assert amina.last.screen.end
    assert amina.facts == []


def test_the_invited_agree_and_work() -> None:
    amina = Person(state="invited", queue=[question()])
    assert amina.dials().endswith("Do you agree?\n1 Yes\n2 No")
    assert amina.presses("5").startswith("Please choose")
    assert amina.presses("1").startswith("Welcome Amina!\nIs 'Mama Njeri Shop' in Kibera?\n1 Yes\n")
    assert [type(f) for f in amina.facts] == [Agreed, Asked]
    brian = Person("Brian", "invited")
    brian.dials()
    brian.presses("2")
    assert brian.facts == [Stopped()]


def test_a_days_work() -> None:
    amina = Person(balance_minor=1200, queue=[question(), question("Is Thika a town?")])
    assert amina.dials() == (
        "Hi Amina. KES 12\n1 Work\n2 Balance\n3 Cash out\n4 Language\n5 Help\n6 Stop messages"
    )
    assert amina.presses("1") == (
        "For KES 3:\nIs 'Mama Njeri Shop' in Kibera?\n1 Yes\n2 No\n3 Not sure\n0 Skip 00 Menu"
    )
    assert amina.presses("4").startswith("Please choose one of these numbers.\nIs 'Mama")
    assert amina.presses("1 2").startswith("That looks like two answers. Please choose one.\n")
    assert [type(f) for f in amina.facts] == [Asked]
    assert amina.presses("1").startswith("Saved +KES 3. Total KES 15.\nIs Thika a town?\n1 Yes")
    assert amina.presses("l").startswith("Saved +KES 3. Total KES 18. No more work now.\nHi Amina. KES 18\n")  # fmt: skip
    assert [type(f) for f in amina.facts] == [Asked, Answered, Asked, Answered]
    assert amina.presses("1").startswith(
        "No questions now. We text you when there are some.\nHi Amina."
    )


def test_a_dropped_session_goes_on_where_it_was() -> None:
    amina = Person(queue=[question(), question("Is Thika a town?")])
    amina.dials()
    amina.presses("1")
    assert "1 Continue" in amina.dials()
    assert "Mama Njeri" in amina.presses("1")
    assert [type(f) for f in amina.facts] == [Asked]
    assert "1 Continue" in amina.presses("00")


def test_skip_and_menu() -> None:
    asked = held(question())
    amina = Person(holds=asked, queue=[question("Is Thika a town?")])
    amina.dials()
    amina.presses("1")
    assert amina.presses("0").startswith("Skipped.\nIs Thika a town?")
    assert amina.presses("o").startswith("Skipped. No more work now.\nHi Amina")  # O for 0
    assert amina.facts[0] == Skipped(asked.assignment, asked.question.task)


def test_typed_text_and_its_two_keys() -> None:
    amina = Person(queue=[question("[clip 12]", "transcription")])
    amina.dials()
    assert amina.presses("1") == "For KES 3:\n[clip 12]\nType your answer.\n0 Skip 00 Menu"
    assert amina.presses("").startswith("We saw no words.")
    assert amina.presses("x" * 641).startswith("Too long")
    assert "1 Continue" in amina.presses("00")
    amina.presses("1", "Mama Njeri 0")
    assert amina.answers == ["Mama Njeri 0"]


def test_an_option_called_o_is_no_zero() -> None:
    blood = [Option("a", {"en": "A"}), Option("o", {"en": "O"})]
    amina = Person(queue=[question("Which group?", "categorisation", blood)])
    amina.dials()
    amina.presses("1", "o")
    assert amina.answers == ["o"]


def test_an_answer_counts_only_for_the_question_on_the_screen() -> None:
    amina = Person(queue=[question(), question("Is Thika a town?"), question("Is Embu a town?")])
    amina.dials()
    amina.presses("1")
    amina.texts("1")  # meanwhile she answers by SMS, and is asked the next one there
    assert amina.presses("1").startswith("That question has changed. Nothing was saved.\nIs Thika")
    assert amina.answers == ["yes"]
    assert amina.presses("2").startswith("Saved")
    assert amina.answers == ["yes", "no"]


def test_a_question_that_closed_meanwhile() -> None:
    amina = Person(queue=[question(), question("Is Thika a town?")])
    amina.dials()
    amina.presses("1")
    assert amina.situation.held is not None
    amina.situation = replace(amina.situation, held=replace(amina.situation.held, lapsed=True, open=False))  # fmt: skip
    assert amina.presses("1").startswith(
        "Sorry, that question has closed, so this was not counted.\nIs Thika"
    )
    assert amina.answers == []
    assert "1 Work" in Person(holds=held(question(), is_open=False)).dials()


def test_stopping_asks_once_and_keeps_the_money() -> None:
    amina = Person(balance_minor=2000)
    amina.dials()
    assert amina.presses("6").startswith("Stop all our messages?")
    assert amina.presses("2").startswith("Hi Amina")
    amina.presses("6", "1")
    assert amina.facts == [Stopped()]
    assert amina.last is not None
    assert amina.last.screen.end
    assert amina.dials() == (
        "You stopped our messages. You have KES 20.\n1 Start again\n2 Cash out\n3 Balance\n4 Number new to me"
    )
    assert amina.presses("3").startswith("You have KES 20.")
    assert amina.presses("00", "1").startswith("Welcome back Amina!\nHi Amina. KES 20")
    assert amina.facts == [Stopped(), Restarted()]


@pytest.mark.parametrize("keys", [(), ("2",), ("3",), ("4",), ("5",), ("6",)])
@pytest.mark.parametrize("word", ["STOP", "acha", "Arr\u00eat!"])
def test_stop_typed_on_any_screen_stops(keys: tuple[str, ...], word: str) -> None:
    amina = Person(balance_minor=2000, queue=[question(kind="transcription")])
    amina.dials()
    for key in keys:
        amina.presses(key)
    before = len(amina.facts)
    amina.presses(word)
    assert amina.facts[before:] == [Stopped()]


@pytest.mark.parametrize("word", ["STOP", "acha", "Arr\u00eat!"])
def test_stop_typed_for_a_typed_answer_is_asked_back(word: str) -> None:
    """A sign may say STOP.

    On a screen nothing is guessed, and one more key stops as well as ever.
    """
    for key, facts in (("1", [Stopped()]), (word, [Stopped()]), ("3", None)):
        amina = Person(queue=[question(kind="transcription")])
        amina.dials()
        amina.presses("1")
        asked = amina.presses(word)
        assert asked.startswith("Stop all our messages?")
        assert "3 It is my answer" in asked
        before = len(amina.facts)
        amina.presses(key)
        if facts:
            assert amina.facts[before:] == facts
        else:
            assert amina.answers == [word]


@pytest.mark.parametrize(
    "key",
    [
        "98",
        "99",
        "9",
        "1",
        "x",
        "1A2B",
        "1a 2b 3c",
        "A1 B2",
        "3B",
        "98 98",
        "1J2H",
        "1.A 2.B",
        "Q1 A",
        "1A 2B PAY",
    ],
)
def test_a_key_of_a_menu_is_no_typed_answer(key: str) -> None:
    amina = Person(queue=[question(kind="transcription")])
    amina.dials()
    amina.presses("1")
    shown = amina.presses(key)
    assert amina.answers == []
    if key in ("98", "99"):
        assert shown.startswith("There are no more pages.")
        amina.presses(key)
        assert amina.answers == [], "however often it is pressed"
    else:
        assert shown.startswith(f"Is {key} your answer? Then type it again.")
        assert amina.presses(key).startswith("Saved")
        assert amina.answers == [key]


def test_other_keys_in_between_confirm_nothing() -> None:
    amina = Person(queue=[question(kind="transcription")])
    amina.dials()
    amina.presses("1", "98", "98", "98", "99", "9", "1", "9")
    assert amina.answers == []


def test_after_a_wrong_key_the_choices_come_first() -> None:
    amina = Person(queue=[question()])
    amina.dials()
    amina.presses("1", "7")
    assert amina.last is not None
    assert amina.last.screen.choices_first
    assert amina.last.screen.choices[:3] == ("1 Yes", "2 No", "3 Not sure")


def test_a_worker_without_a_name_may_type_it_at_home() -> None:
    amina = Person("")
    assert "Type your name, or choose:" in amina.dials()
    assert amina.presses("Amina Wanjiku").startswith("Hi Amina.")
    assert amina.facts == [NameGiven("Amina Wanjiku")]
    assert "Type your name" not in amina.dials()
    assert "choose one of these numbers" in amina.presses("Brian")


def test_the_language_changes_at_once() -> None:
    amina = Person()
    amina.dials()
    assert amina.presses("4", "9").startswith("Please choose")
    assert amina.presses("3").startswith("Habari Amina. KES 0\n1 Kazi")
    assert amina.facts == [LanguageChosen("sw")]
    assert amina.presses("4", "00").startswith("Habari Amina")


def test_a_removed_worker_cashes_out_and_joins_again() -> None:
    brian = Person("Brian", "removed", balance_minor=2000)
    assert brian.dials().startswith(
        "You are not on our list of workers now. You have KES 20.\n1 Join"
    )
    assert brian.presses("2", "2").startswith("Nothing was sent.")
    brian.presses("1", "2", "0", "1")
    assert brian.facts == [Joined(None, "fr", agreed=True)]


def test_a_stale_view_leads_to_where_she_stands_now() -> None:
    amina = Person(queue=[question()])
    amina.dials()
    amina.presses("1")
    amina.texts("STOP")
    assert amina.presses("1").startswith("You stopped our messages.")
    assert amina.answers == []
    for view in ("nowhere", "", "end", "join_code"):
        brian = Person("Brian", queue=[question()])
        brian.view = view
        assert brian.presses("1").startswith("Hi Brian.")
        assert brian.facts == []


def test_memory_holds_nothing_secret() -> None:
    amina = Person(balance_minor=2000, queue=[question()])
    amina.dials()
    amina.presses("1")
    assert set(amina.memory) == {"task"}
    amina.presses("00", "3")
    assert amina.memory == {"amount": "2000"}


def test_an_amharic_menu_is_paged_and_no_page_is_too_long() -> None:
    book = BOOKS["am"]
    amina = Person(language="am", balance_minor=123_450, queue=[question("\u1232\u12ab " * 60)])
    for screen in (amina.dials(), amina.presses("1"), amina.presses("00"), amina.presses("6")):
        made = pages("", screen, [], 160, book.say("ussd.more"), book.say("ussd.back"))
        assert all(fits_screen(page, 160) for page in made)
        assert "".join(amina_text(page) for page in made) == amina_text(screen)


def amina_text(page: str) -> str:
    """Its letters, without the lines for paging."""
    return "".join(
        "".join(line for line in page.splitlines() if line[:3] not in ("98 ", "99 ")).split()
    )


@pytest.mark.parametrize("language", sorted(BOOKS.keys() - wide_languages()))
def test_every_screen_is_short(language: str) -> None:
    """Every screen with a name and a question of ordinary length fits 160 septets: no paging."""
    shown: set[str] = set()
    walks: list[tuple[Person, list[str]]] = [
        (Person(state=None), ["1", "3", "0", "1"]),
        (Person(state="invited", language=language), ["1"]),
        (Person(state="stopped", language=language, balance_minor=123_450), ["3", "00", "2", "1"]),
        (Person(state="removed", language=language, balance_minor=123_450), ["1"]),
        (
            Person(language=language, balance_minor=123_450, queue=[question("Is the Mama Njeri shop in Kibera open on Sundays?"), question()]),
            ["1", "8", "1", "0", "2", "2", "00", "2", "4", "00", "3", "1", "3", "00", "4", "00", "5", "00", "6", "1"],
        ),
        (Person(language=language, queue=[question(kind="number"), question(kind="date")]), ["1", "1.250", "0", "1", "3 May 2026"]),
        (Person(language=language, queue=[question(kind="name")]), ["1", "12", "Mama Njeri"]),
        (Person(language=language, queue=[question("Form 12", "entry", fields=FIELDS)]), ["1", "Mama Njeri", "0", "2", "1"]),
        (Person(language=language, queue=[question("Form 12", "entry", fields=FIELDS)]), ["1", "Mama Njeri", "450", "2", "2", "540", "1"]),
    ]  # fmt: skip
    for person, keys in walks:
        screens = [person.dials()]
        for key in keys:
            shown.add(person.view)
            screens.append(person.presses(key))
        shown.add(person.view)
        for screen in screens:
            length = septets(screen)
            assert length is not None, screen
            assert length <= 160, screen
    for view in SECRET:
        asked = VIEWS[view].show(Context(Person(language=language).situation, BOOKS, kind_of), {})
        assert (septets("\n".join([asked.body, *asked.choices])) or 999) <= 100, "a notice fits too"
    changing = {"move_number", "number_new", "number_old", "not_me"}
    for view in changing:
        for objected in (True, False):
            change = NumberMoveView(
                1,
                is_new=True,
                kind="pin",
                state="invited",
                language=language,
                name="",
                objected=objected,
            )
            there = replace(Person(language=language).situation, moving=change)
            screen = VIEWS[view].show(Context(there, BOOKS, kind_of), {})
            assert (septets("\n".join([screen.body, *screen.choices])) or 999) <= 160, view
    asks = replace(
        Person(language=language).situation, arrival=ArrivalView("1", "P7K2QX", "KES 1,234.50")
    )
    screen = VIEWS["arrival"].show(Context(asks, BOOKS, kind_of), {})
    assert (septets("\n".join([screen.body, *screen.choices])) or 999) <= 160
    there = Context(Person(language=language).situation, BOOKS, kind_of)
    for view in about.VIEWS:
        screen = VIEWS[view].show(there, {})
        assert (septets("\n".join([screen.body, *screen.choices])) or 999) <= 160, view
    # Lessons and the figures of a week are paged where they must be: tests/stories shows them.
    paged = about.VIEWS.keys() | lessons.VIEWS.keys() | week.VIEWS.keys()
    assert shown >= VIEWS.keys() - {"coordinator"} - SECRET - changing - {"arrival"} - paged


def test_a_phone_of_a_country_where_no_worker_can_be_paid_is_told_so() -> None:
    abroad = Situation(worker=None, held=None, upcoming=None, cash=None, foreign=True)
    dialled = menu(abroad, "", {}, None, BOOKS, kind_of)
    texted = interpret_sms(abroad, "JOIN KIBERA", BOOKS, kind_of)
    assert dialled.screen.body.startswith("Sorry, we cannot pay numbers of your country")
    assert dialled.screen.end
    assert texted.reply == dialled.screen.body
    assert dialled.facts == texted.facts == ()
