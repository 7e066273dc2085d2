"""Grace enrols and removes workers from her own phone."""

from dataclasses import replace

import pytest

from gateway.conversation.explained import AnswerInQuestion, AppealView
from gateway.conversation.facts import (
    Answered,
    Appealed,
    CoordinatorPinTried,
    Enrolled,
    Joined,
    NameGiven,
    PinReset,
    RemovedByCoordinator,
    WorkerNamed,
)
from gateway.conversation.parsed_sms import ParsedSms, parse_text
from gateway.conversation.people.coordinators import numbers_said
from gateway.conversation.people.sms_pins import without_pin
from gateway.conversation.situation import NamedWorker
from gateway.gsm.segments import segments

from .people import BOOKS, GRACE, Person, held, question


def grace(**changes: object) -> Person:
    person = Person(state=None, coordinator=GRACE)
    person.situation = replace(person.situation, **changes)  # pyright: ignore[reportArgumentType]
    return person


@pytest.mark.parametrize(
    ("said", "name", "language", "partner"),
    [
        ("ADD +254712345678 Amina sw", "Amina", "sw", "KIBERA"),
        ("add 0712345678 Amina Wanjiku", "Amina Wanjiku", "en", "KIBERA"),
        ("Add 0712 345 678 Amina wa Kamau kiswahili", "Amina wa Kamau", "sw", "KIBERA"),
        ("ADD 0712-345-678, Amina, fr, kibera", "Amina", "fr", "KIBERA"),
        ("ADD 254712345678 Amina KIBERA", "Amina", "en", "KIBERA"),
        ("ONGEZA 0712345678 Amina", "Amina", "en", "KIBERA"),
        ("ADD 0712345678 Sw", "Sw", "en", "KIBERA"),  # a name is needed before a language
    ],
)
def test_grace_enrols_amina(said: str, name: str, language: str, partner: str) -> None:
    person = grace()
    reply = person.texts(said)
    (fact,) = person.facts
    assert isinstance(fact, Enrolled)
    assert (fact.msisdn, fact.name, fact.language, fact.partner) == ("+254712345678", name, language, partner)  # fmt: skip
    assert "Grace Otieno" in fact.invitation
    assert fact.invitation.split()[0] == {"en": "Hello", "sw": "Habari", "fr": "Bonjour"}[language]
    assert segments(fact.invitation) == 1
    assert reply is not None
    assert "+2547..78" in reply
    assert "712345" not in reply


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("ADD", "number first"),
        ("ADD Amina", "number first"),
        ("ADD 12 Amina", "12 is not a phone number"),
        ("ADD +++ Amina", "is not a phone number"),
        ("ADD 0712345678", "name is missing"),
        ("ADD 0712345678 \U0001f600", "name is missing"),
        ("ADD 0712345678 Amina sw MATHARE", "KIBERA only"),
        ("REMOVE", "REMOVE +254712345678"),
        ("REMOVE 12", "12 is not a phone number. Nobody was removed"),
        ("hello", "ADD +254712345678 Amina sw: invite"),
        ("HELP", "ADD +254712345678 Amina sw: invite"),
        ("STOP", "ADD +254712345678 Amina sw: invite"),
        ("STATUS", "12 workers have joined. 1 invitation is open. 240 answers today."),
        ("status please", "12 workers have joined."),
    ],
)
def test_grace_is_told_what_is_missing(said: str, reply: str) -> None:
    person = grace()
    assert reply in (person.texts(said) or "")
    assert person.facts == []


def test_a_number_of_another_country() -> None:
    person = grace(regions=frozenset({"KE", "TZ"}))
    assert "another country" in (person.texts("ADD +256712345678 Amina") or "")
    assert person.facts == []
    person.texts("ADD +255712345678 Amina")
    assert len(person.facts) == 1
    anywhere = grace()
    anywhere.texts("ADD +256712345678 Amina")
    assert len(anywhere.facts) == 1


@pytest.mark.parametrize(("state", "reply"), [("active", "joined already"), ("invited", "invited already"), ("stopped", "by texting START")])  # fmt: skip
def test_no_worker_is_invited_twice_or_against_her_will(state: str, reply: str) -> None:
    person = grace(named={"+254712345678": NamedWorker(state)})  # pyright: ignore[reportArgumentType]
    assert reply in (person.texts("ADD 0712345678 Amina") or "")
    assert person.facts == []


def test_a_coordinator_of_all_partners_names_a_known_one() -> None:
    person = grace(coordinator=replace(GRACE, partner=None))
    assert "do not know the partner MATHARE" in (
        person.texts("ADD 0712345678 Amina en MATHARE") or ""
    )
    assert person.facts == []
    person.texts("ADD 0712345678 Amina en kibera")
    person.texts("ADD 0712345678 Amina")
    assert [f.partner for f in person.facts if isinstance(f, Enrolled)] == ["KIBERA", None]


def test_grace_removes_brian() -> None:
    hers = NamedWorker("active", mine=True)
    person = grace(named={"+254712345678": hers})
    reply = person.texts("REMOVE 0712 345 678")
    assert person.facts == [RemovedByCoordinator("+254712345678")]
    assert "can still be cashed out" in (reply or "")
    unknown = grace()
    assert "not one of your workers" in (unknown.texts("REMOVE 0712345678") or "")
    assert unknown.facts == []


def test_the_number_is_found_for_looking_it_up() -> None:
    situation = grace().situation

    def parsed(said: str) -> ParsedSms:
        return parse_text(said, BOOKS["en"], BOOKS)

    assert numbers_said(parsed("ADD 0712 345 678 Amina"), situation) == ("+254712345678",)
    assert numbers_said(parsed("remove +254712345678"), situation) == ("+254712345678",)
    both = numbers_said(parsed("ADD 0712345678 Amina; Peter 0722000001"), situation)
    assert both == ("+254712345678", "+254722000001")
    for said in ("ADD", "ADD 12", "hello 0712345678", "STATUS", ""):
        assert numbers_said(parsed(said), situation) == ()
    assert numbers_said(parsed("ADD 0712345678 A"), Person().situation) == ()


def test_a_phone_that_is_no_coordinators_adds_no_worker() -> None:
    amina = Person()
    assert amina.texts("ADD 0712345678 Brian") == BOOKS["en"].say("unclear.no_question")
    assert amina.facts == []


def test_a_coordinator_can_work_too() -> None:
    both = Person("Grace", coordinator=GRACE, holds=held(question()), queue=[question()])
    both.texts("1")
    both.texts("STATUS")
    assert [type(f) for f in both.facts][:1] == [Answered]
    assert "REMOVE" in (both.texts("HELP") or "")
    typing = Person("Grace", coordinator=GRACE, holds=held(question(kind="transcription")))
    typing.texts("add sugar and milk")
    assert typing.answers == ["add sugar and milk"]
    typing = Person("Grace", coordinator=GRACE, holds=held(question(kind="transcription")))
    typing.texts("ADD 0712345678 Brian")
    assert isinstance(typing.facts[0], Enrolled)


def test_a_coordinator_can_join_and_dial() -> None:
    person = grace()
    person.texts("JOIN KIBERA")
    assert person.facts == [Joined("KIBERA", "en", agreed=False)]
    dialling = grace()
    assert dialling.dials().startswith("12 workers have joined.")
    dialling.presses("1", "1", "0", "1")
    assert dialling.facts == [Joined(None, "en", agreed=True)]


def test_replies_are_in_the_coordinators_language() -> None:
    person = grace(coordinator=replace(GRACE, language="sw"))
    assert (person.texts("HALI") or "").startswith("Wafanyakazi 12 wamejiunga. Mwaliko 1")
    person.texts("ADD 0712345678 Amina")
    assert [f.language for f in person.facts if isinstance(f, Enrolled)] == ["sw"]


def names(person: Person) -> list[tuple[str, str, str]]:
    return [(f.msisdn, f.name, f.language) for f in person.facts if isinstance(f, Enrolled)]


AMINA, PETER = "+254712345678", "+254722000001"


@pytest.mark.parametrize(
    "said",
    [
        "ADD 0712345678 Amina sw\n0722000001 Peter",
        "ADD 0712345678 Amina sw; 0722000001 Peter",
        "ADD 0712345678 Amina sw, 0722000001 Peter",
        "ADD 0712345678, Amina, sw, 0722000001, Peter",
        "ADD 0712345678 Amina sw 0722000001 Peter",
        "ADD Amina sw 0712345678\r\nPeter 0722000001",
        "ADD Amina sw 0712345678, Peter 0722000001",
        "ADD\n0712 345 678 Amina sw\n\n0722-000-001 Peter\n",
        "ADD 0712345678 Amina sw;0722000001 Peter;0712345678 Amina sw",
    ],
)
def test_several_workers_in_one_sms_are_all_invited(said: str) -> None:
    person = grace()
    reply = person.texts(said) or ""
    assert names(person) == [(AMINA, "Amina", "sw"), (PETER, "Peter", "en")]
    assert reply == "Invited: Amina ..78, Peter ..01."


def test_of_several_each_that_is_left_out_is_named_with_its_reason() -> None:
    person = grace(named={PETER: NamedWorker("active")})
    reply = person.texts("ADD 0712345678 Amina\n0722000001 Peter\n071234567 Jane\n0733000001") or ""
    assert names(person) == [(AMINA, "Amina", "en")]
    assert "Invited: Amina ..78." in reply
    assert "Peter ..01 (has joined)" in reply
    assert "Jane (no phone number)" in reply
    assert "..01 (which name?)" in reply


@pytest.mark.parametrize("word", ["or", "OR", "au", "ama", "ou", "ko"])
def test_one_worker_with_two_numbers_is_not_two_workers(word: str) -> None:
    """The message does not say which number is hers, and one may be a stranger's."""
    person = grace()
    reply = person.texts(f"ADD 0712345678 {word} 0722000001 Amina sw") or ""
    assert person.facts == []
    assert "Nobody was invited" in reply


@pytest.mark.parametrize("said", ["ADD Amina Wanjiku 0712345678", "ADD Amina Wanjiku, 0712345678", "ADD: Amina Wanjiku +254 712 345 678"])  # fmt: skip
def test_the_name_may_stand_first(said: str) -> None:
    person = grace()
    person.texts(said)
    assert names(person) == [(AMINA, "Amina Wanjiku", "en")]


@pytest.mark.parametrize("last", ["xx", "NAIROBI", "luganda", "Luganda"])
def test_an_unknown_last_word_is_asked_back_and_not_taken_for_a_name(last: str) -> None:
    person = grace()
    assert f"no language or partner {last}" in (person.texts(f"ADD 0712345678 Wafula {last}") or "")
    assert person.facts == []
    person.texts(f"ADD 0712345678 Wafula {last} en")
    assert names(person) == [(AMINA, f"Wafula {last}", "en")], (
        "with a language behind it, it is a name"
    )


def test_a_name_all_in_capitals_is_a_name() -> None:
    person = grace()
    person.texts("ADD 0712345678 AMINA WANJIKU")
    assert names(person) == [(AMINA, "AMINA WANJIKU", "en")]


@pytest.mark.parametrize(
    "name",
    ["bit.ly/abc", "Amina www.evil.com", "http://x.y", "Amina call 0900", '=HYPERLINK("x")', "@amina", "Win 1000 at evil.co"],
)  # fmt: skip
def test_no_link_number_or_formula_goes_out_in_a_name(name: str) -> None:
    person = grace()
    reply = person.texts(f"ADD 0712345678 {name}") or ""
    assert person.facts == []
    assert "Nobody was invited" in reply


@pytest.mark.parametrize("number", ["+254900123456", "+254202222222", "+447700900123", "+256712345678"])  # fmt: skip
def test_only_mobile_numbers_of_the_served_countries_are_invited(number: str) -> None:
    person = grace(regions=frozenset({"KE", "TZ"}))
    person.texts(f"ADD {number} Amina")
    assert person.facts == []


def test_a_repeated_add_corrects_name_and_language_and_sends_again() -> None:
    known = NamedWorker("invited", "Amna", "en", mine=True)
    person = grace(named={AMINA: known})
    reply = person.texts("ADD 0712345678 Amina sw") or ""
    assert names(person) == [(AMINA, "Amina", "sw")]
    assert "again now, in Kiswahili" in reply
    lost = grace(named={AMINA: known})
    lost.texts("ADD 0712345678")
    assert names(lost) == [(AMINA, "Amna", "en")], "the number alone sends the same again"
    often = grace(named={AMINA: replace(known, invitations=3)})
    assert "3 invitations in 24 hours" in (often.texts("ADD 0712345678 Amina") or "")
    assert often.facts == []


def test_at_night_the_reply_says_when_the_invitation_goes() -> None:
    person = grace(named={AMINA: NamedWorker("nobody", sends_at="08:00")})
    assert "goes at 08:00" in (person.texts("ADD 0712345678 Amina") or "")


def limited(**changes: object) -> Person:
    return grace(coordinator=replace(GRACE, **changes))  # pyright: ignore[reportArgumentType]


def test_many_invitations_need_the_pin() -> None:
    six = "ADD " + "; ".join(f"07123456{n:02d} Amina" for n in range(6))
    for person in (limited(), limited(pin="none"), limited(invited_today=20)):
        said = six if person.situation.coordinator.invited_today == 0 else "ADD 0712345678 Amina"  # pyright: ignore[reportOptionalMemberAccess]
        assert "needs your PIN" in (person.texts(said) or "")
        assert person.facts == []
    right = limited(pin="right")
    right.texts(six)
    assert right.facts[0] == CoordinatorPinTried(right=True)
    assert len(names(right)) == 6
    wrong = limited(pin="wrong", pin_tries_left=2)
    assert "Tries left: 1" in (wrong.texts(six) or "")
    assert wrong.facts == [CoordinatorPinTried(right=False)]
    locked = limited(pin="locked")
    assert "locked" in (locked.texts(six) or "")
    assert locked.facts == []


def test_the_day_has_a_limit_and_the_reply_says_when_it_goes_on() -> None:
    full = limited(pin="right", invited_today=100, invitations_again="24/11 14:05")
    reply = full.texts("ADD 0712345678 Amina") or ""
    assert "100 invitations in 24 hours" in reply
    assert "24/11 14:05" in reply
    assert names(full) == []
    nearly = limited(pin="right", invited_today=99)
    reply = nearly.texts("ADD 0712345678 Amina; 0722000001 Peter") or ""
    assert len(names(nearly)) == 1
    assert "Peter ..01 (your limit)" in reply


def test_unlock_takes_the_coordinators_pin_and_says_when_there_is_none_to_unlock() -> None:
    has = {AMINA: NamedWorker("active", mine=True, has_pin=True)}
    asked = grace(named=has)
    assert "needs your PIN" in (asked.texts("UNLOCK 0712345678") or "")
    assert asked.facts == []
    right = grace(named=has, coordinator=replace(GRACE, pin="right"))
    right.texts("UNLOCK 0712345678")
    assert right.facts == [CoordinatorPinTried(right=True), PinReset(AMINA)]
    none = grace(named={AMINA: NamedWorker("active", mine=True)})
    assert "has no PIN" in (none.texts("UNLOCK 0712345678") or "")
    assert none.facts == []


@pytest.mark.parametrize(
    ("said", "words", "pin"),
    [
        ("UNLOCK 0712345678 PIN 4821", "UNLOCK 0712345678", "4821"),
        ("unlock 0712345678, pin: 482193.", "unlock 0712345678", "482193"),
        ("PIN 0712345678 PIN 4821", "PIN 0712345678", "4821"),
        ("PIN 0712 345 678", "PIN 0712 345 678", None),
        ("ADD 0712345678 Pin", "ADD 0712345678 Pin", None),
    ],
)
def test_the_pin_behind_the_words_is_taken_off(said: str, words: str, pin: str | None) -> None:
    assert without_pin(said) == (words, pin)


def test_a_coordinator_names_a_worker_and_a_worker_herself() -> None:
    person = grace(named={AMINA: NamedWorker("active", mine=True)})
    assert "is called Amina" in (person.texts("NAME 0712345678 Amina Wanjiku") or "")
    assert person.facts == [WorkerNamed(AMINA, "Amina Wanjiku")]
    other = grace(named={AMINA: NamedWorker("active")})
    assert "not one of your workers" in (other.texts("NAME 0712345678 Amina") or "")
    worker = Person("")
    assert "We call you Amina" in (worker.texts("NAME Amina") or "")
    assert worker.facts == [NameGiven("Amina")]
    for link in ("bit.ly/x", "evil.com", "www.evil.example"):
        assert "write NAME and your name" in (Person("").texts(f"NAME {link}") or "")


def test_why_names_the_answer_the_right_one_and_who_looks() -> None:
    amina = Person()
    found = AnswerInQuestion(
        "WJGMWK", "Toi Market is next to Kibera. " * 4, "No", "Yes", "wrong", 500, "may", "own"
    )
    amina.situation = replace(amina.situation, explained=found)
    told = amina.texts("WHY WJGMWK") or ""
    assert "Toi Market" in told
    assert 'you said "No". Right: "Yes"' in told
    assert "KES 5" in told
    assert "APPEAL WJGMWK: your coordinator looks again" in told
    assert segments(told) == 1


def test_appeal_names_who_looks_until_when_and_appeal_alone_asks_which() -> None:
    amina = Person()
    view = AppealView("WJGMWK", 17, "may", "office", "24/11", None)
    amina.situation = replace(amina.situation, appeals_open=("WJGMWK",), appeal=view)
    told = amina.texts("APPEAL") or ""
    assert "WJGMWK is with our office" in told
    assert "by 24/11" in told
    assert amina.facts == [Appealed("WJGMWK", 17, None)]
    amina.situation = replace(amina.situation, appeals_open=("WJGMWK", "P7K2QX"))
    assert "WJGMWK, P7K2QX" in (amina.texts("APPEAL") or "")
