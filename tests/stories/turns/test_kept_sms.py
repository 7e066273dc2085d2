"""The body of an SMS that is kept holds no PIN, however the provider coded the text.

It is read again as before.
"""

import base64
import json
from urllib.parse import quote_from_bytes, urlencode

import pytest

from gateway.base import forms
from gateway.conversation.people.sms_pins import SMS_NOT_KEPT, kept_sms
from gateway.sms.channels import http, twilio

PIN = "4821"
SAID = f"UNLOCK 0712345678 PIN {PIN}"
MOVE = f"MOVE 0712345678 PIN {PIN}"
FROM = "+254722004821"  # ends with the very digits
CHANNEL = http.make("x", {"sender": "1", "url": "https://x.example/", "incoming": {
    "id": "id", "sender": ["from", "sms.from", "m.from"], "text": ["text", "sms.text", "m.text"]}})  # fmt: skip
TWILIO = twilio.make("t", {"account_sid": "AC1", "auth_token": "t", "sender": "+254200000000"})


def as_form(said):
    return urlencode({"id": "7", "from": FROM, "text": said}).encode()


def as_utf16_in_a_form(said):
    text = quote_from_bytes(said.encode("utf-16-be"))
    return f"id=7&from={FROM.replace('+', '%2B')}&text={text}".encode()


def as_every_byte_escaped(said):
    text = "".join(f"%{byte:02X}" for byte in said.encode())
    return f"id=7&from=%2B{FROM[1:]}&text={text}".encode()


def as_json(said):
    return json.dumps({"id": 7, "m": {"from": FROM, "text": said}}).encode()


def as_json_of_escapes(said):
    text = "".join(f"\\u{ord(ch):04x}" for ch in said)
    return f'{{"id": 7, "m": {{"from": "{FROM}", "text": "{text}"}}}}'.encode()


def as_json_in_utf16(said):
    return as_json(said).decode().encode("utf-16")


def as_xml(said):
    escaped = "".join(f"&#{ord(ch)};" for ch in said)
    return (
        f'<?xml version="1.0"?><sms id="7"><from>{FROM}</from><text>{escaped}</text></sms>'.encode()
    )


def as_multipart(said):
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        f"{base64.b64encode(value.encode()).decode()}\r\n"
        for name, value in {"id": "7", "from": FROM, "text": said}.items()
    )
    return forms.envelope("multipart/form-data; boundary=b", f"{parts}--b--\r\n".encode())


CODINGS = [as_form, as_utf16_in_a_form, as_every_byte_escaped, as_json, as_json_of_escapes,
           as_json_in_utf16, as_xml, as_multipart]  # fmt: skip


@pytest.mark.parametrize("coded", CODINGS)
@pytest.mark.parametrize(
    "said", [SAID, MOVE, SAID.lower(), f"{SAID}.", f"UNLOCK 0712345678\nPIN: {PIN}"]
)
def test_the_pin_is_not_kept_and_everything_else_is(rt, coded, said):
    raw = coded(said)
    assert CHANNEL.parse_sms(forms.fields(raw)).text == said, (
        "the test writes it so that it is read"
    )
    kept = kept_sms(raw, said, rt.settings.region, rt.books)
    assert kept != SMS_NOT_KEPT
    again = CHANNEL.parse_sms(forms.fields(kept))
    assert again.text == said.replace(PIN, "####")
    assert (again.sender, again.provider_id) == (FROM, "7")


def test_a_text_in_base64_is_kept_without_it(rt):
    said = f"UNLOCK 0712345678 and thank you very much for all of it PIN {PIN}"
    form = {
        "MessageSid": "SM1",
        "From": FROM,
        "To": "+254200000000",
        "Body": base64.b64encode(said.encode()).decode(),
    }
    assert TWILIO.parse_sms(form).text == said
    kept = forms.fields(kept_sms(urlencode(form).encode(), said, rt.settings.region, rt.books))
    assert TWILIO.parse_sms(kept).text == said.replace(PIN, "####")


def test_digits_of_another_script_are_digits(rt):
    said = "UNLOCK 0712345678 PIN ٤٨٢١"
    kept = kept_sms(as_json(said), said, rt.settings.region, rt.books)
    assert "٤" not in json.loads(kept).get("m.text", "")


def test_where_the_text_is_not_found_nothing_is_kept(rt):
    assert kept_sms(b"text=\xff", SAID, rt.settings.region, rt.books) == SMS_NOT_KEPT
    assert (
        kept_sms(b'{"text": "' + SAID.encode(), SAID, rt.settings.region, rt.books) == SMS_NOT_KEPT
    )


@pytest.mark.parametrize("said", ["1", "PIN 0712345678", "I pinned 4821 photos", "PAY 4821"])
@pytest.mark.parametrize("coded", CODINGS)
def test_without_a_pin_the_body_stays_as_it_came(rt, coded, said):
    assert kept_sms(coded(said), said, rt.settings.region, rt.books) == coded(said)
