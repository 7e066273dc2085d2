"""A USSD channel that the settings describe: how a call is read, and how a screen is written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import Refused, SettingsError
from gateway.ussd.channels import http

CODE = {"service_code": "*713*10#"}
NUMBER = {"sessionId": "s", "phoneNumber": "254711000001"}


def made(**options):
    return http.make("x", CODE | {"input": "last"} | options)


def replied(text="Karibu", *, end=False, form=None, **reply):
    return made(reply=reply).render(text, end=end, form=form or {})


def test_the_newest_input_alone_is_told_apart_from_all_inputs():
    form = NUMBER | {"text": "1*2"}
    assert (made().parse_step(form).newest, made().parse_step(form).transcript) == ("1*2", "")
    whole = made(input="all").parse_step(form)
    assert (whole.newest, whole.transcript) == (None, "1*2")


@pytest.mark.parametrize(
    ("dialled", "ahead"),
    [("*713*10#", ""), ("*713*10*5*2#", "5*2"), ("713*10", ""), ("713*10*4", "4"), ("", ""), ("*999#", ""), ("2", "")],
)  # fmt: skip
def test_a_call_that_begins_a_session_brings_no_input_but_what_was_dialled_behind_the_code(dialled, ahead):  # fmt: skip
    step = made(begins={"new": "true"}).parse_step(NUMBER | {"new": "true", "text": dialled})
    assert (step.newest, step.transcript) == (None, ahead)


def test_what_was_dialled_ahead_may_be_a_field_of_its_own():
    channel = made(begins={"new": "true"}, fields={"ahead": "data"})
    assert channel.parse_step(NUMBER | {"new": "true", "data": "5*2"}).transcript == "5*2"
    assert channel.parse_step(NUMBER | {"new": "false", "text": "9", "data": ""}).newest == "9"


def test_the_code_that_was_dialled_may_differ_from_the_settings():
    channel = made(begins={"new": "1"}, fields={"service_code": "code"})
    step = channel.parse_step(NUMBER | {"new": "1", "code": "*55#", "text": "*55*3#"})
    assert (step.service_code, step.transcript) == ("*55#", "3")


def test_a_step_has_the_providers_number_or_ours():
    channel = made(fields={"step": "Sequence"})
    assert channel.parse_step(NUMBER | {"Sequence": "3"}).id == "3"
    assert channel.parse_step(NUMBER | {"gateway.step": "ours"}).id == "ours"
    assert channel.parse_step(NUMBER).id == ""
    with pytest.raises(Refused, match="Sequence"):
        channel.parse_step(NUMBER | {"Sequence": "9" * 300})


def test_an_end_among_the_steps_is_known_by_all_of_its_fields():
    channel = made(ends={"Type": "(?i)^release$", "a": "b"}, completed={"why": "^done$"})
    assert channel.is_end({"Type": "Release", "a": "b"})
    assert not channel.is_end({"Type": "Release"})
    assert not made().is_end({"Type": "Release"})
    assert channel.parse_end(NUMBER | {"why": "done"}).completed
    assert not made().parse_end(NUMBER).completed


def test_the_default_answer_is_con_or_end():
    assert replied().body == b"CON Karibu"
    assert replied(" \n", end=True).body == b"END ."
    assert replied().media_type.startswith("text/plain")


def test_a_header_may_say_whether_the_session_goes_on():
    how = {"body": "{text}", "headers": {"Freeflow": "{state}"}, "continues": "FC", "ends": "FB"}
    assert (replied(**how).body, replied(**how).headers) == (b"Karibu", {"Freeflow": "FC"})
    assert replied(end=True, **how).headers == {"Freeflow": "FB"}


def test_json_keeps_the_type_of_the_state_and_echoes_the_call():
    how = {"json": {"go": "{state}", "a": [{"id": "{call.m.id}", "t": "> {text}"}], "n": 1}, "continues": True, "ends": 0}  # fmt: skip
    form = {"m.id": '"x"\n{text}'}
    said = replied('1 "Ndiyo"\n{call.m.id}', form=form, **how)
    assert said.media_type == "application/json"
    told = json.loads(said.body)
    assert told == {"go": True, "a": [{"id": '"x"\n{text}', "t": '> 1 "Ndiyo"\n{call.m.id}'}], "n": 1}  # fmt: skip
    ended = json.loads(replied(end=True, form=form, **how).body)
    assert type(ended["go"]) is int and ended["go"] == 0


def test_xml_is_escaped_and_a_header_holds_one_line():
    how = {"body": "<m t='{state}'>{text}</m>", "content_type": "text/xml", "headers": {"X": "{call.id}"}}  # fmt: skip
    said = replied("1 <A> & B", form={"id": "a\r\nSet-Cookie: b"}, **how)
    assert said.body == b"<m t='CON'>1 &lt;A&gt; &amp; B</m>"
    assert said.headers == {"X": "a Set-Cookie: b"}


@given(text=st.text(), value=st.text(), end=st.booleans())
def test_any_screen_and_any_field_can_be_written(text, value, end):
    how = {"body": "{state} {text} {call.a}", "headers": {"X": "{call.a}"}}
    said = replied(text, end=end, form={"a": value}, **how)
    said.body.decode()
    assert said.headers["X"].isascii()
    assert said.headers["X"].isprintable()
    json.loads(replied(text, form={"a": value}, json={"t": "{text}{state}{call.a}"}).body)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"input": "some"}, "input"),
        ({"reply": {"body": "{text}", "json": {}}}, "exclude"),
        ({"reply": {"body": "{state}"}}, "the screen is missing"),
        ({"reply": {"body": "{text}"}}, "the state of the session is missing"),
        ({"reply": {"body": "{state} {text} {session}"}}, "{session} is not defined"),
        ({"reply": {"body": "{state}{text}", "content_type": "x\r\ny"}}, "content_type"),
        ({"begins": {"Type": "("}}, "begins"),
        ({"input": "all", "fields": {"step": "n"}}, "fields.step"),
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_named(wrong, said):
    with pytest.raises(SettingsError) as error:
        made(**wrong)
    assert said in str(error.value)
