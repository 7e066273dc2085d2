"""Grace enrols and removes workers from her own phone."""

from dataclasses import replace

import pytest

from gateway.conversation.coordinating import number_said
from gateway.conversation.facts import Answered, Enrolled, Joined, RemovedByCoordinator
from gateway.phrases.septets import segments

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
        ("ADD Amina 0712345678", "number first"),
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
def test_nobody_is_invited_twice_or_against_her_will(state: str, reply: str) -> None:
    person = grace(named=state)
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
    person = grace(named="active")
    reply = person.texts("REMOVE 0712 345 678")
    assert person.facts == [RemovedByCoordinator("+254712345678")]
    assert "can still be cashed out" in (reply or "")
    unknown = grace(named="nobody")
    assert "not one of your workers" in (unknown.texts("REMOVE 0712345678") or "")
    assert unknown.facts == []


def test_the_number_is_found_for_looking_it_up() -> None:
    situation = grace().situation
    assert number_said("ADD 0712 345 678 Amina", situation, BOOKS) == "+254712345678"
    assert number_said("remove +254712345678", situation, BOOKS) == "+254712345678"
    for said in ("ADD", "ADD 12", "hello 0712345678", "STATUS", ""):
        assert number_said(said, situation, BOOKS) is None
    assert number_said("ADD 0712345678 A", Person().situation, BOOKS) is None


def test_who_is_no_coordinator_adds_nobody() -> None:
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
