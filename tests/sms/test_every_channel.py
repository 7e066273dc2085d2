"""The laws of every SMS channel: a file in the plug-in folder is tested by being there."""

import json
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from gateway.base import plugins
from gateway.base.errors import Refused, SettingsError
from gateway.sms import channels
from gateway.sms.channels import kannel
from gateway.sms.channels.africastalking.answers import understood as at_understood
from gateway.sms.channels.twilio.answers import understood as tw_understood
from gateway.sms.channels.twilio.listed import found
from gateway.sms.port import (
    Delivery,
    InboundSms,
    OptOut,
    OutboundSms,
    Receipt,
    SendStatus,
    Sent,
    Subscription,
    TellsSubscriptions,
    Webhook,
)
from gateway.steps.runtime import Channel
from tests.support.served import served

KINDS = plugins.kinds(channels)
FIELDS = ["id", "from", "to", "text", "date", "status", "phoneNumber", "senderId", "failureReason",
          "networkCode", "updateType", "shortCode", "keyword", "ts", "reply", "MessageSid", "From", "To", "Body", "MessageStatus", "ErrorCode", "OptOutType"]  # fmt: skip

values = st.text(max_size=30) | st.sampled_from(
    ["", " ", "\x00", "\ud800", " 254711000001", "+254711000001", "2017-05-03T06:04:45Z", "0001-01-01T00:00+23:00",
     "9999-12-31T23:59-23:00", "Success", "delivered", "x" * 300, "QUJD" * 20, "99999999999999999999", "STOP", "addition"]
)  # fmt: skip
forms = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), values)


def made(kind):
    module = plugins.load(channels, kind)
    return module.make("the-channel", module.EXAMPLE)


@pytest.mark.parametrize("kind", KINDS)
@given(form=forms)
def test_rubbish_is_parsed_or_refused(kind, form):
    channel = made(kind)
    parsers = [
        (channel.parse_sms, InboundSms),
        (channel.parse_receipt, Receipt),
        (channel.parse_opt_out, OptOut),
    ]
    if isinstance(channel, TellsSubscriptions):
        parsers.append((channel.parse_subscription, Subscription))
    for parse, type_ in parsers:
        try:
            parsed = parse(form)
        except Refused:
            continue
        assert isinstance(parsed, type_)
        written = repr(parsed)
        assert "\\x00" not in written.replace("\\\\", "")
        written.encode()


HI = OutboundSms("k", "+254711000001", "hi")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["Success", "2018-03-19", "Thu, 24 Aug 2023 05:01:45 +0000", "outbound-api", "hi", "KES 0.80", "USD"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["SMSMessageData", "Recipients", "Message", "Messages", "status", "statusCode", "number", "cost", "messageId", "id",
         "sid", "code", "error_code", "price", "price_unit", "messages", "body", "direction", "date_created"]), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip
answers = (
    st.binary(max_size=60)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.sampled_from([b"0: Accepted for delivery", b"3:", b"ERR 21", b"OK id=7", b"<html>"])
)


@given(status=st.integers(100, 599), body=answers)
def test_whatever_a_provider_answers_is_an_outcome(status, body):
    """An exception would leave a whole batch of messages without an outcome."""
    since = datetime(2026, 11, 22, tzinfo=UTC)
    said = [
        *at_understood([HI, HI], status, body),
        kannel.understood(HI, status, body),
        tw_understood(HI, status, body),
        found(HI, status, body, since, ()),
        made("http").understood(HI, status, body),
    ]
    assert len(said) == 6
    for sent in said:
        assert sent.outcome in SendStatus
        assert sent.key == HI.key
        repr(sent).encode()


ADDRESSES = ("base_url", "send_url", "url")
ODD = [b"", b"null", b"[]", b"{}", b'{"messages": [null]}', b'{"messages": {"status": {}}}', b"\xff\xfe", b"<html>", b"0", b"[" * 500,
       b'{"status": 7, "id": []}', b'{"SMSMessageData": {"Recipients": "none"}}']  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_an_odd_answer_to_a_send_is_an_outcome_and_no_exception(kind):
    module = plugins.load(channels, kind)
    replies = iter([web.Response(status=s, body=body) for s in (200, 400, 500) for body in ODD])

    async def answer(request):
        return next(replies)

    async with served(answer) as url, aiohttp.ClientSession() as http:
        options = {name: url for name in ADDRESSES if name in module.EXAMPLE}
        channel = module.make("the-channel", {**module.EXAMPLE, **options})
        for _ in range(3 * len(ODD) if options else 0):
            (sent,) = await channel.send(http, [HI])
            assert isinstance(sent, Sent)
            assert sent.key == HI.key


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_form_is_nobodys_message(kind):
    channel = made(kind)
    for parse in (channel.parse_sms, channel.parse_receipt, channel.parse_opt_out):
        with pytest.raises(Refused):
            parse({})


@pytest.mark.parametrize("kind", KINDS)
async def test_there_is_one_answer_for_each_message_in_order(kind):
    messages = [
        OutboundSms(f"k{i}", f"+25471100000{i % 3}", "same" if i % 2 else f"t{i}") for i in range(7)
    ]
    async with aiohttp.ClientSession() as http:
        channel = made(kind)
        answers = await channel.send(http, messages)
        assert await channel.send(http, []) == []
    assert all(isinstance(each, Sent) for each in answers)
    assert [each.key for each in answers] == [message.key for message in messages]


@pytest.mark.parametrize("kind", KINDS)
def test_it_knows_its_name_and_its_sender(kind):
    channel = made(kind)
    assert channel.name == "the-channel"
    assert channel.sender


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_option_is_an_error_that_names_the_channel_and_shows_no_value(kind):
    with pytest.raises(SettingsError, match=r"the-channel.*colour") as wrong:
        plugins.load(channels, kind).make(
            "the-channel", plugins.load(channels, kind).EXAMPLE | {"colour": "k-secret"}
        )
    assert "k-secret" not in str(wrong.value)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_secret_shows(kind):
    channel = made(kind)
    shown = repr(channel) + repr(vars(channel))
    assert "k-secret" not in shown, "keep secrets as SecretStr, and open them where they are sent"


@pytest.mark.parametrize("kind", KINDS)
@given(
    url=st.text(max_size=40) | st.just("http://h:99999/x"),
    form=forms,
    signature=st.text(max_size=30),
)
def test_a_signature_is_judged_never_stumbled_over(kind, url, form, signature):
    headers = {"x-twilio-signature": signature, "x-twilio-webhooks-signature-settings": signature}
    call = Webhook(url, headers, list(form.items()), b"body")
    assert made(kind).authentic(call) in {True, False}


def test_the_phone_takes_messages_at_once_under_our_key():
    phone = made("phone")
    assert (
        phone.parse_sms({"id": "1", "from": " 254711000001", "text": "1"}).sender == "+254711000001"
    )
    assert phone.parse_sms({"id": "1", "from": "+254711000001", "text": "1"}).to == phone.sender
    assert phone.parse_receipt({"id": "k", "status": "delivered"}).delivery is Delivery.DELIVERED
    assert phone.parse_receipt({"id": "k", "status": "eaten"}).delivery is None


def test_a_channel_that_is_shown_keeps_the_secret_of_its_path():
    assert "k-secret" not in repr(Channel("at", SecretStr("k-secret"), made("phone"), None))
