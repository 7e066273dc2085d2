"""Twilio against requests and signatures of its own SDK."""

import base64
import hashlib
import hmac
import json
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from gateway.sms.channels import twilio
from gateway.sms.channels.twilio import signature
from gateway.sms.channels.twilio.answers import understood
from gateway.sms.port import Delivery, OutboundSms, SendStatus, Webhook

RECORDED = json.loads(
    (Path(__file__).parents[1] / "support" / "recorded" / "twilio.json").read_text()
)
AMINA = "+254711000001"
SHA256 = {"x-twilio-webhooks-signature-settings": "key=webhooks_1,algorithm=HMAC_SHA256"}


def channel(**options):
    given = {
        "account_sid": "AC00000000000000000000000000000002",
        "auth_token": "6789",
        "sender": "+254200000000",
    }
    return twilio.make("tw", given | options)


def holds(url, headers, form, **options):
    return channel(**options).authentic(Webhook(url, headers, list(form.items()), b""))


@pytest.mark.parametrize("case", RECORDED["signatures"], ids=lambda case: case["what"])
def test_signatures_of_the_sdk_hold_and_a_changed_byte_breaks_them(case):
    url, form = case["url"], case["params"]
    sha1 = {"x-twilio-signature": case["signature_sha1"]}
    sha256 = {"x-twilio-signature": case["signature_sha256"]} | SHA256
    assert holds(url, sha1, form)
    assert holds(url, sha256, form)
    assert holds(url, sha256, form, auth_token="other", webhook_key="6789")
    for forged in (
        holds(url + "x", sha1, form),
        holds(url, sha1, form | {"Body": "other"}),
        holds(url, sha1, form | {"More": ""}),
        holds(url, {}, form),
        holds(url, {"x-twilio-signature": case["signature_sha256"]}, form),
        holds(url, sha1 | {"x-twilio-webhooks-signature-settings": "algorithm=NONE"}, form),
        holds(url, sha1, form, auth_token="6780"),
    ):
        assert not forged


def test_the_port_in_the_address_does_not_matter():
    case = RECORDED["signatures"][0]
    signed = {"x-twilio-signature": case["signature_sha1"]}
    assert holds(case["url"].replace(".org/", ".org:443/"), signed, case["params"])


@pytest.mark.parametrize("case", RECORDED["requests"], ids=["from", "service"])
async def test_our_request_is_the_sdks(provider, case):
    provider.answer = lambda _: web.json_response(
        {"sid": "SM1", "status": "queued", "price": None}, status=201
    )
    async with aiohttp.ClientSession() as http:
        made = channel(base_url=provider.url, **case["options"])
        (sent,) = await made.send(http, [OutboundSms("k", **case["message"])])
    assert (sent.outcome, sent.provider_id) == (SendStatus.ACCEPTED, "SM1")
    (request,) = provider.requests
    assert (request.path, request.body.decode()) == (case["path"], case["body"])
    assert request.headers["Authorization"] == case["authorization"]
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(("code", "expected"), RECORDED["errors"].items())
def test_errors(code, expected):
    status, outcome = expected
    body = json.dumps({"code": int(code), "message": f"The number {AMINA} ...", "status": status})
    sent = understood(OutboundSms("k", AMINA, "hi"), status, body.encode())
    assert sent.outcome == outcome
    assert sent.opted_out is (code == "21610")
    assert sent.reason == f"Twilio error {code}"


@pytest.mark.parametrize(
    ("status", "body"), [(500, b""), (503, b"<html>"), (201, b"{}"), (201, b"[]")]
)
def test_answers_that_say_nothing_are_unknown(status, body):
    assert understood(OutboundSms("k", AMINA, "hi"), status, body).outcome == SendStatus.UNKNOWN


@pytest.mark.parametrize(("status", "delivery"), RECORDED["statuses"].items())
def test_every_status_is_known(status, delivery):
    assert (
        channel().parse_receipt({"MessageSid": "SM1", "MessageStatus": status}).delivery == delivery
    )


@pytest.mark.parametrize(("code", "delivery"), RECORDED["receipt_errors"].items())
def test_every_error_of_a_receipt_is_kept(code, delivery):
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": code}
    receipt = channel().parse_receipt(form)
    assert (receipt.delivery, receipt.reason) == (delivery, f"Twilio error {code}")
    assert receipt.opted_out is (code == "21610")


def test_receipts_say_why():
    made = channel()
    away = made.parse_receipt(
        {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003"}
    )
    assert (away.delivery, away.reason) == (Delivery.AWAY, "Twilio error 30003")
    assert made.parse_receipt(
        {"MessageSid": "1", "MessageStatus": "failed", "ErrorCode": "21610"}
    ).opted_out
    assert made.parse_receipt({"MessageSid": "1", "MessageStatus": "brandnew"}).delivery is None


def test_incoming_messages():
    form = RECORDED["signatures"][0]["params"]
    sms = channel().parse_sms(form)
    assert (sms.provider_id, sms.sender, sms.text) == (form["MessageSid"], AMINA, "YES 123")
    assert channel().parse_sms(form | {"Body": "ARRET", "OptOutType": "STOP"}).text == "STOP"
    assert channel().parse_sms(form | {"Body": "unstop", "OptOutType": "START"}).text == "START"
    assert channel().parse_sms(form | {"Body": "Yes", "OptOutType": "START"}).text == "Yes"


def test_a_long_text_in_base64_is_read_and_a_long_word_is_left_alone():
    form = RECORDED["signatures"][0]["params"]
    said = "Ndiyo, duka la Mama Njeri liko karibu na soko, linauza sabuni na unga pia."
    coded = base64.b64encode(said.encode()).decode()
    assert channel().parse_sms(form | {"Body": coded}).text == said
    assert channel().parse_sms(form | {"Body": "a" * 64}).text == "a" * 64
    assert channel().parse_sms(form | {"Body": said}).text == said


MOVED = {
    "the text's end becomes a sender": {"Body": "1", "From": "+254799999999", "FromCity": "XFrom+254711000001FromCityNAIROBI"},
    "a name of its own swallows the sender": {"Body": "1", "From": "+254799999999", "FromCityFrom+254711000001X": "x"},
}  # fmt: skip


@pytest.mark.parametrize("how", MOVED)
def test_a_form_that_was_cut_differently_is_not_authentic(how):
    """Twilio's scheme signs no boundaries: the same characters, other fields."""
    url, form = "https://gw.example.org/in/tw/s/sms", MOVED[how]
    said = url + "".join(name + form[name] for name in sorted(form))
    signed = base64.b64encode(hmac.digest(b"6789", said.encode(), hashlib.sha1)).decode()
    call = Webhook(url, {"x-twilio-signature": signed}, list(form.items()), b"")
    assert not signature.holds(call, SecretStr("6789"), None)


def test_words_like_the_names_of_fields_may_stand_in_a_text():
    url = "https://gw.example.org/in/tw/s/sms"
    form = {"Body": "From+254711000001 To 20880", "From": "+254711000001", "FromCity": "FROMBERG"}
    said = url + "".join(name + form[name] for name in sorted(form))
    signed = base64.b64encode(hmac.digest(b"6789", said.encode(), hashlib.sha1)).decode()
    call = Webhook(url, {"x-twilio-signature": signed}, list(form.items()), b"")
    assert signature.holds(call, SecretStr("6789"), None)


def test_a_sender_that_is_there_twice_is_not_authentic():
    """Both are signed in order of their values; which one counts would be the forger's choice."""
    url = "https://gw.example.org/in/tw/s/sms"
    pairs = [("Body", "1"), ("From", "+254711000001"), ("From", "+254700000000")]
    said = url + "".join(name + value for name, value in sorted(pairs))
    signed = base64.b64encode(hmac.digest(b"6789", said.encode(), hashlib.sha1)).decode()
    call = Webhook(url, {"x-twilio-signature": signed}, pairs, b"")
    assert not signature.holds(call, SecretStr("6789"), None)
