"""All entrances read the same text, answer, number and amount, or none."""

import json
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.base import forms
from gateway.base.errors import Refused
from gateway.base.money import exact_amount, minor_per_major
from gateway.base.msisdn import normalise
from gateway.cli.qa.typed import AnswerFormat, answer_format
from gateway.cli.qa.votes import votes_of
from gateway.conversation.money.cash_out import amount_said
from gateway.conversation.parsed_sms import parse_text
from gateway.conversation.people.coordinators import numbers_said
from gateway.conversation.situation import Situation
from gateway.payments.reconciliation.statement_csv import Columns, lines
from gateway.phrases import books
from gateway.phrases.hearing import clean, fold
from gateway.sms.channels import africastalking, http, kannel, phone, twilio
from gateway.tasks.kinds import number
from gateway.tasks.question import Option
from tests.base.numbers.written import READ, REFUSED, SAME
from tests.conversation.people import GRACE, Person, held, question
from tests.system.entries.others import KANNEL

BUSY = settings(deadline=None, max_examples=150)
SENDER = "+254711000031"
BY = {"sender": "21512", "url": "http://127.0.0.1:1", "insecure": True, "form": {"to": "{to}"},
      "incoming": {"id": "id", "sender": "from", "text": "text"}}  # fmt: skip
XML = BY | {"incoming": {"id": "sms.id", "sender": "sms.from", "text": "sms.text"}}
AT = {"username": "u", "api_key": "k", "sender": "21512", "base_url": "http://127.0.0.1:1"}
TWILIO = {"account_sid": "AC" + "0" * 32, "auth_token": "t", "sender": "21512"}
# (Kannel has named UTF-16 for plain ASCII, so two such bytes are read as that, for STOP's sake; no
# letter here is two.)
SCRIPTS = "abcXYZ 019.,;:!?'&+%=<>\"/-@#()\u00e9\u00ca\u00f1\u0199\u018a\u1228\u12d3\u0661\u0915\U0001f44d\u2019\u20ac\n"
TEXTS = st.text(st.sampled_from(SCRIPTS), min_size=1, max_size=60).filter(lambda t: fold(t) != "")


# --- texts ---


def _form(**fields: str) -> bytes:
    return urlencode(fields).encode()


def _query(**fields: str) -> bytes:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items()).encode()


def _multipart(**fields: str) -> bytes:
    parts = (
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    return forms.envelope("multipart/form-data; boundary=x", f"{''.join(parts)}--x--\r\n".encode())


def _xml(**fields: str) -> bytes:
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    return f'<?xml version="1.0" encoding="utf-8"?><call><sms>{inner}</sms></call>'.encode()


Entrance = Callable[[str], str]
ENTRANCES: dict[str, Entrance] = {
    "the built-in phone": lambda t: phone.make("p", {}).parse_sms(forms.fields(_form(id="1", **{"from": SENDER}, to="1", text=t))).text,
    "africastalking": lambda t: africastalking.make("a", AT).parse_sms(forms.fields(_form(id="1", **{"from": SENDER}, to="1", text=t, date=""))).text,
    "kannel": lambda t: kannel.make("k", KANNEL).parse_sms(forms.fields(_query(id="1", **{"from": SENDER}, to="1", ts="1", coding="0", charset="UTF-8", text=t))).text,
    "kannel in UTF-16": lambda t: kannel.make("k", KANNEL).parse_sms(forms.fields(
        b"id=1&from=%2B254711000031&to=1&ts=1&coding=2&charset=UTF-16BE&text=" + "".join(f"%{b:02X}" for b in t.encode("utf-16-be")).encode())).text,
    "twilio": lambda t: twilio.make("t", TWILIO).parse_sms(forms.fields(_form(MessageSid="SM1", From=SENDER, To="21512", Body=t))).text,
    "http, a form": lambda t: http.make("h", BY).parse_sms(forms.fields(_form(id="1", **{"from": SENDER}, text=t))).text,
    "http, a query": lambda t: http.make("h", BY).parse_sms(forms.fields(_query(id="1", **{"from": SENDER}, text=t))).text,
    "http, JSON": lambda t: http.make("h", BY).parse_sms(forms.fields(json.dumps({"id": "1", "from": SENDER, "text": t}).encode())).text,
    "http, JSON in UTF-8": lambda t: http.make("h", BY).parse_sms(forms.fields(json.dumps({"id": "1", "from": SENDER, "text": t}, ensure_ascii=False).encode())).text,
    "http, multipart": lambda t: http.make("h", BY).parse_sms(forms.fields(_multipart(id="1", **{"from": SENDER}, text=t))).text,
    "http, XML": lambda t: http.make("h", XML).parse_sms(forms.fields(_xml(id="1", **{"from": SENDER}, text=t))).text,
}  # fmt: skip


@BUSY
@given(TEXTS)
@example("don't know")
@example("caf\u00e9 & 2+3=5 100%")
def test_a_text_is_the_same_text_at_every_entrance(text: str) -> None:
    heard = {name: clean(read(text)) for name, read in ENTRANCES.items()}
    assert set(heard.values()) == {clean(text)}, heard


# --- answers ---

LABELS = ("Duka", "Ng'ombe", "\u018ainki")
SAID = st.one_of(
    st.sampled_from(LABELS).flatmap(
        lambda label: st.sampled_from(
            (label, label.upper(), label.lower(), f" {label}. ", label.replace("\u018a", "d'"), f"{label}\u200b")
        )
    ),
    st.sampled_from(("1", "2", "3", "\u0663", "4", "duka dinki", "ng ombe", "")),
    TEXTS,
)  # fmt: skip


@BUSY
@given(SAID)
def test_an_answer_is_the_same_by_sms_on_a_screen_and_in_a_file(said: str) -> None:
    options = [Option(label) for label in LABELS]
    by_sms = Person(holds=held(question(kind="categorisation", options=options)))
    by_sms.texts(said)
    on_screen = Person(holds=held(question(kind="categorisation", options=options)))
    on_screen.dials()
    on_screen.presses("1", said)
    # A screen has keys of its own, and an SMS has command words: these answer nothing.
    both = [answers[0] for answers in (by_sms.answers, on_screen.answers) if answers]
    assert len(set(both)) <= 1, (by_sms.answers, on_screen.answers)
    if any(fold(said) == fold(label) for label in LABELS):
        assert len(both) == 2
        rows = [*(("t", f"w{n}", label) for n, label in enumerate(LABELS)), ("t2", "w", said)]
        *_, (_, _, in_file) = votes_of(rows, AnswerFormat()).rows
        assert fold(in_file) == fold(both[0])


VALUES = (
    "3/5/2026",
    "13/5/2026",
    "3 May 2026",
    "1,250",
    "1.250",
    "12.5",
    "-7",
    "007",
    "Amina",
    "JOS\u00c9 Otieno",
    "stop it",
    "\u0663",
    "",
)


@pytest.mark.parametrize("kind", ["date", "number", "name"])
@pytest.mark.parametrize("said", VALUES)
def test_a_typed_value_is_the_same_on_a_screen_and_in_a_file(kind: str, said: str) -> None:
    on_screen = Person(holds=held(question(kind=kind)))
    on_screen.dials()
    on_screen.presses("1", said)
    rows = [
        ("t", "w", said),
        ("t2", "w", {"date": "2026-05-30", "number": "5", "name": "Ben"}[kind]),
    ]
    in_file = [
        answer
        for task, _, answer in votes_of(rows, answer_format(None, kind, "en", "KES")).rows
        if task == "t"
    ]
    assert in_file == [value for value in on_screen.answers[:1] if value]


# --- numbers ---


def _number_by(read: Callable[[], object]) -> str | None:
    try:
        found = read()
    except Refused:
        return None
    return str(found) if found else None


@BUSY
@given(st.one_of(st.sampled_from(READ + REFUSED), st.text("+0123456789 -.()\u200b\u0661", max_size=16)))  # fmt: skip
def test_a_phone_number_is_one_worker_or_none_at_every_entrance(written: str) -> None:
    situation = Situation(None, None, None, None, coordinator=GRACE, region="KE")
    added = parse_text(f"ADD {written} Amina", books()[GRACE.language], books())
    found = {
        "webhook, command, API": _number_by(lambda: normalise(written, "KE")),
        "ADD": next(iter(numbers_said(added, situation)), None),
    }
    assert len({one for one in found.values() if one}) <= 1, found
    # In a command a comma parts two workers, so what only a file writes is asked about there.
    if written in READ and not {",", '"'} & set(written[1:-1]):
        assert set(found.values()) == {SAME}, found


# --- amounts ---

COLUMNS = Columns(receipt="id", at="at", amount="amount", time="%Y-%m-%d")
FIGURES = st.one_of(
    st.text("0123456789.,' -\u00a0\u0662\u200b", min_size=1, max_size=12),
    st.builds(
        lambda whole, group, mark, part: f"{whole:,}".replace(",", group) + (mark + part if part else ""),
        st.integers(0, 10**8),
        st.sampled_from(("", ",", ".", " ", "'")),
        st.sampled_from((".", ",")),
        st.sampled_from(("", "5", "50", "05", "500")),
    ),
)  # fmt: skip


def _amounts(text: str, currency: str) -> dict[str, Decimal]:
    """Return what each entrance that takes this text reads, in major units."""
    per = minor_per_major(currency)

    def from_statement() -> int | None:
        quoted = text.replace('"', "")
        found = lines(f'id,at,amount\nR1,2026-11-30,"{quoted}"\n'.encode(), COLUMNS, currency)
        return found[0].amount_minor if found else None

    entrances: dict[str, Callable[[], int | None]] = {
        "PAY": lambda: amount_said(text, currency),
        "API, top-up, price": lambda: exact_amount(text, currency),
        "statement": from_statement,
    }
    found: dict[str, Decimal] = {}
    for name, read in entrances.items():
        try:
            minor = read()
        except Refused:
            continue
        if minor is not None:
            found[name] = abs(Decimal(minor) / per)
    for language in books():
        values = number.candidates(text, language)
        if len(values) == 1:
            found[f"a typed number in {language}"] = abs(Decimal(values[0]))
    return found


@BUSY
@given(FIGURES, st.sampled_from(("KES", "UGX")))
@example("1,000", "KES")
@example("1.000", "KES")
@example("1 000", "UGX")
@example("12,50", "KES")
def test_an_amount_is_one_amount_or_none_at_every_entrance(text: str, currency: str) -> None:
    found = _amounts(text, currency)
    assert len(set(found.values())) <= 1, found


@pytest.mark.parametrize("text", ["1250", "1250.50"])
def test_a_plain_amount_is_read_at_every_entrance(text: str) -> None:
    assert len(_amounts(text, "KES")) == 3 + len(books())
