"""The providers' own SDKs as oracles.

For the same message they send what the gateway sends, and they sign what it checks. (Sending and
signatures of recorded SDK versions stand in `tests/support/recorded/`; here the SDK itself runs.)
"""

import asyncio
import hashlib
import json
from urllib.parse import urlencode

import aiohttp
import pytest
from africastalking.Application import ApplicationService
from africastalking.SMS import SMSService
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from gateway.base.errors import Failed
from gateway.sms.channels import africastalking, twilio
from gateway.sms.port import OutboundSms, Webhook

AMINA = "+254711000001"
SID, TOKEN = "AC00000000000000000000000000000002", "6789"
URL = "https://gw.example.org/in/tw/s/sms"
SHA256 = {"x-twilio-webhooks-signature-settings": "key=webhooks_1,algorithm=HMAC_SHA256"}


def at(url):
    options = {"username": "prod", "api_key": "key", "sender": "21512", "base_url": url}
    return africastalking.make("at", options)


def tw(url="http://127.0.0.1:1", **options):
    given = {
        "account_sid": SID,
        "auth_token": TOKEN,
        "sender": "+254200000000",
        "base_url": url,
    }
    return twilio.make("tw", given | options)


def same(provider, *headers):
    """The last two requests agree in everything that means something."""
    theirs, ours = provider.requests[-2:]
    assert (ours.path, ours.query, ours.form) == (theirs.path, theirs.query, theirs.form)
    for header in headers:
        assert ours.headers[header] == theirs.headers[header]


# --- Africa's Talking ---


@pytest.mark.parametrize("after", ["0", "15071"])
async def test_missed_messages_are_asked_for_as_the_sdk_does(provider, after):
    listed = {"id": 15072, "from": AMINA, "to": "21512", "text": "1 & 2", "date": "2018-03-19T08:34:18.445Z",
              "linkId": None}  # fmt: skip
    provider.answer = lambda _: web.json_response({"SMSMessageData": {"Messages": [listed]}})
    sdk = SMSService("prod", "key")
    sdk._baseUrl = f"{provider.url}/version1"
    await asyncio.to_thread(sdk.fetch_messages, after)
    async with aiohttp.ClientSession() as http:
        (missed,) = await at(provider.url).received(http, after)
    same(provider, "Accept", "apiKey")
    assert (missed.sms.provider_id, missed.sms.sender, missed.sms.text) == ("15072", AMINA, "1 & 2")
    assert at(provider.url).parse_sms(dict(_pairs(missed.raw))) == missed.sms


def _pairs(raw):
    from gateway.base.forms import pairs

    return pairs(raw)


async def test_the_balance_is_asked_for_as_the_sdk_does(provider):
    provider.answer = lambda _: web.json_response({"UserData": {"balance": "KES 1785.50"}})
    sdk = ApplicationService("prod", "key")
    sdk._baseUrl = f"{provider.url}/version1"
    await asyncio.to_thread(sdk.fetch_application_data)
    async with aiohttp.ClientSession() as http:
        assert await at(provider.url).balance(http) == "KES 1785.50"
    same(provider, "Accept", "apiKey")


@pytest.mark.parametrize("made", [at, tw], ids=["africastalking", "twilio"])
@pytest.mark.parametrize(
    ("status", "body", "retryable"),
    [(401, "no", False), (500, "", True), (200, "{}", True), (200, "<html>", True), (302, "", True)],
)  # fmt: skip
async def test_a_question_that_is_not_answered_says_so(provider, made, status, body, retryable):
    provider.answer = lambda _: web.Response(status=status, text=body)
    async with aiohttp.ClientSession() as http:
        with pytest.raises(Failed) as failed:
            await made(provider.url).balance(http)
        assert failed.value.retryable is retryable
        with pytest.raises(Failed, match="no answer"):
            await made("http://127.0.0.1:1").balance(http)


# --- Twilio ---


def sdk(url):
    client = Client(SID, TOKEN)
    client.api.base_url = url
    return client


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("1 Ndiyo & 2 La+ é~* 50%", {}),
        ("ሰላም 😀\nline two", {"receipt_url": "https://gw.example.org/in/tw/s/receipt"}),
        ("hi", {"messaging_service_sid": "MG" + "1" * 32}),
    ],
)
async def test_a_message_is_sent_as_the_sdk_sends_it(provider, text, options):
    reply = {"sid": "SM1", "status": "queued", "price": None}
    provider.answer = lambda _: web.json_response(reply, status=201)
    sender = {"from_": "+254200000000"}
    if "messaging_service_sid" in options:
        sender = {"messaging_service_sid": options["messaging_service_sid"]}
    if "receipt_url" in options:
        sender["status_callback"] = options["receipt_url"]
    await asyncio.to_thread(
        lambda: sdk(provider.url).messages.create(to=AMINA, body=text, **sender)
    )
    async with aiohttp.ClientSession() as http:
        (sent,) = await tw(provider.url, **options).send(http, [OutboundSms("k", AMINA, text)])
    assert sent.provider_id == "SM1"
    same(provider, "Authorization", "Content-Type", "Accept")


async def test_what_came_in_is_asked_for_as_the_sdk_does(provider):
    listed = {"sid": "SM1", "from": AMINA, "to": "+254200000000", "body": "1 & 2", "direction": "inbound",
              "date_created": "Sun, 22 Nov 2026 01:00:30 +0000", "num_media": "0"}  # fmt: skip
    nobody = {**listed, "sid": "SM2", "from": ""}  # cannot be read, and hides no other message
    page = {"messages": [nobody, listed], "page": 0, "page_size": 200, "next_page_uri": None}
    provider.answer = lambda _: web.json_response(page)
    asked = {"to": "+254200000000", "page_size": 200}
    _, theirs = await asyncio.to_thread(lambda: sdk(provider.url).messages.list(**asked))
    async with aiohttp.ClientSession() as http:
        (missed,) = await tw(provider.url).received(http, "0")
    same(provider, "Authorization", "Accept")
    assert missed.sms.provider_id == theirs.sid
    assert (missed.sms.sender, missed.sms.text) == (theirs.from_, theirs.body)
    assert missed.sms.sent_at == theirs.date_created


async def test_twilios_balance_is_asked_for_as_the_sdk_does(provider):
    provider.answer = lambda _: web.json_response({"currency": "USD", "balance": "9.99"})
    await asyncio.to_thread(sdk(provider.url).api.v2010.account.balance.fetch)
    async with aiohttp.ClientSession() as http:
        assert await tw(provider.url).balance(http) == "USD 9.99"
    same(provider, "Authorization", "Accept")


class Fields(dict):
    """A form as the SDK wants it: one name, all its values."""

    def getall(self, name):
        return self[name]


fields = st.dictionaries(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=6),
    st.lists(st.text(st.characters(codec="utf-8"), max_size=8), min_size=1, max_size=3),
    max_size=4,
)
urls = st.sampled_from(
    [URL, f"{URL}?a=1&b=2", "https://gw.example.org:443/x", "http://h:8000/y?z=%20", "http://h/y"]
)


@given(url=urls, form=fields, algorithm=st.sampled_from(["HMAC_SHA1", "HMAC_SHA256"]))
def test_what_the_sdk_signs_holds_and_anything_else_does_not(url, form, algorithm):
    headers = SHA256 if algorithm == "HMAC_SHA256" else {}
    signature = RequestValidator(TOKEN).compute_signature(url, Fields(form), algorithm)
    pairs = [(name, value) for name, values in form.items() for value in values]
    signed = headers | {"x-twilio-signature": signature}
    made = tw()
    assert made.authentic(Webhook(url, signed, pairs, b""))
    assert not made.authentic(Webhook(url, signed, [*pairs, ("Body", "more")], b""))
    assert not made.authentic(Webhook(url.replace("h", "g", 1), signed, pairs, b""))


@pytest.mark.parametrize("algorithm", ["HMAC_SHA1", "HMAC_SHA256"])
def test_a_json_body_is_held_by_its_digest_in_the_signed_address(algorithm):
    body = json.dumps({"Body": "Ndiyo é"})
    url = f"{URL}?{urlencode({'bodySHA256': hashlib.sha256(body.encode()).hexdigest()})}"
    signature = RequestValidator(TOKEN).compute_signature(url, {}, algorithm)
    assert RequestValidator(TOKEN).validate(url, body, signature, algorithm), "the oracle agrees"
    headers = {"x-twilio-signature": signature} | (SHA256 if "256" in algorithm else {})
    pairs = [("Body", "Ndiyo é")]
    assert tw().authentic(Webhook(url, headers, pairs, body.encode()))
    assert not tw().authentic(Webhook(url, headers, pairs, body.encode() + b" "))
    assert not tw().authentic(Webhook(URL, headers, pairs, body.encode()))
    changed = url.replace("bodySHA256=", "bodySHA256=0")
    assert not tw().authentic(Webhook(changed, headers, pairs, body.encode()))


def test_the_pictures_of_an_mms_are_kept():
    form = {"MessageSid": "MM1", "From": AMINA, "To": "+254200000000", "Body": "", "NumMedia": "2",
            "MediaUrl0": "https://api.twilio.com/0", "MediaUrl1": "https://api.twilio.com/1"}  # fmt: skip
    assert tw().parse_sms(form).media == ("https://api.twilio.com/0", "https://api.twilio.com/1")
    for odd in ("", "-1", "x", "9" * 30, "²"):
        assert len(tw().parse_sms(form | {"NumMedia": odd}).media) <= 2
