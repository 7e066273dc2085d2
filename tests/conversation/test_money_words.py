"""Balance and cash-out, by SMS and on the menu.

Nothing is sent that was not asked for plainly, and never twice.
"""

from dataclasses import replace

import pytest

from gateway.conversation import notices
from gateway.conversation.facts import PayAsked
from gateway.conversation.money.cash_out import amount_said
from gateway.gsm.segments import segments
from tests.support.alphabets import wide_languages

from .people import BOOKS, Person


def with_cash(amina: Person, **changes: object) -> Person:
    assert amina.situation.cash is not None
    amina.situation = replace(amina.situation, cash=replace(amina.situation.cash, **changes))  # pyright: ignore[reportArgumentType]
    return amina


def test_amina_cashes_out_everything() -> None:
    amina = Person(balance_minor=10_350)
    assert amina.texts("PAY") == (
        "You asked for KES 103. Ref P7K2QX. We send it now. Please do not ask again: you get one SMS when it is confirmed."
    )
    assert amina.facts == [PayAsked(10_300, "P7K2QX")]
    assert "KES 103. Ref P7K2QX. Please do not ask again" in (amina.texts("PAY") or "")
    assert amina.texts("BAL") == (
        "You have KES 0.50. You can cash out from KES 10. KES 103 is on its way. Ref P7K2QX."
    )
    assert len(amina.facts) == 1


@pytest.mark.parametrize(
    ("said", "amount_minor"),
    [("PAY 50", 5000), ("pay Ksh 50", 5000), ("PAY 50/=", 5000), ("PAY: 1,000", 100_000), ("lipa 10.00", 1000),
     ("PAY KES50", 5000), ("Pay 50 KES", 5000), ("pay pay", 200_000)],
)  # fmt: skip
def test_amounts_are_read_as_workers_write_them(said: str, amount_minor: int) -> None:
    amina = Person(balance_minor=200_000)
    amina.texts(said)
    assert amina.facts == [PayAsked(amount_minor, "P7K2QX")]


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("PAY all of it", "did not understand the amount"),
        ("PAY 1.000,50", "did not understand the amount"),
        ("PAY 50.50", "did not understand the amount"),
        ("PAY -50", "did not understand the amount"),
        ("PAY  \u22125", "did not understand the amount"),
        ("PAY .50", "did not understand the amount"),
        ("PAY-50", "You asked for KES 50"),
        ("PAY 0", "did not understand the amount"),
        ("PAY 9", "least we can send is KES 10"),
        ("PAY 5000", "Right now we can send KES 2,000 at most"),
        ("PAY 99999999999999", "did not understand the amount"),
    ],
)
def test_what_is_not_plainly_payable_sends_nothing(said: str, reply: str) -> None:
    amina = Person(balance_minor=200_000)
    assert reply in (amina.texts(said) or "")
    if "asked for KES 50" not in reply:
        assert amina.facts == []


def test_too_little_is_kept_safe() -> None:
    assert Person().texts("PAY") == "You have no money to cash out yet. Text WORK for a question."
    small = with_cash(Person(balance_minor=900), payable_minor=0)
    assert (small.texts("PAY") or "").startswith("You have KES 9. The least we can send is KES 10.")
    away = with_cash(Person(balance_minor=5000), payable_minor=0, new_ref="")
    assert (away.texts("PAY") or "").startswith(
        "We cannot send money right now. Your KES 50 is safe"
    )
    assert small.facts == away.facts == []


def test_no_cash_side_at_all() -> None:
    amina = Person(balance_minor=5000)
    amina.situation = replace(amina.situation, cash=None)
    assert "safe with us" in (amina.texts("PAY") or "")
    assert amina.texts("BAL") == "You have KES 50."


def test_amounts_with_a_minus_are_only_a_dash_after_the_word() -> None:
    assert amount_said("-50", "KES") is None
    assert amount_said("", "KES") is None


def test_cash_on_the_menu_asks_first() -> None:
    amina = Person(balance_minor=10_350)
    amina.dials()
    assert amina.presses("3") == "Send KES 103 to this phone?\n1 Yes\n2 No"
    assert "Please choose" in amina.presses("7")
    assert amina.facts == []
    assert amina.presses("1").startswith(
        "We are sending KES 103. Ref P7K2QX.\nHi Amina. KES 0.50\n"
    )
    assert amina.facts == [PayAsked(10_300, "P7K2QX")]
    assert "already sending" in amina.presses("3")
    assert amina.presses("1").startswith("Please choose")
    assert len(amina.facts) == 1


def test_no_means_no() -> None:
    amina = Person(balance_minor=10_350)
    amina.dials()
    assert amina.presses("3", "2").startswith("Nothing was sent.\nHi Amina. KES 103.50")
    assert amina.facts == []


def test_an_amount_that_changed_behind_the_screen_is_not_sent() -> None:
    amina = Person(balance_minor=10_350)
    amina.dials()
    amina.presses("3")
    with_cash(amina, payable_minor=5000)
    assert amina.presses("1") == "Nothing was sent.\nSend KES 50 to this phone?\n1 Yes\n2 No"
    amina.memory = {"amount": "rubbish"}
    amina.presses("1")
    assert amina.facts == []


@pytest.mark.parametrize("language", sorted(BOOKS))
def test_notices_that_steps_send_are_one_sms(language: str) -> None:
    book = BOOKS[language]
    big = "KES 150,000.50"
    for text in (
        notices.invitation(book, "Wilhelmina-Nyambura-Maria", "Wilhelmina-Nyambura-Maria"),
        notices.paid_notice(book, big, "SG632NMUAB", "P7K2QX", big),
        notices.pay_failed_notice(book, big, "P7K2QX"),
        notices.pay_unknown_notice(book, big, "P7K2QX"),
        notices.work_waiting_notice(book, "*384*12345#"),
        notices.work_waiting_notice(book),
    ):
        assert segments(text) <= (
            2 if language in wide_languages() and text.startswith("Wilhelmina") else 1
        )
