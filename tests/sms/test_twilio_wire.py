"""Twilio over the wire, against a simulated one that keeps its own book.

The faults are lost answers, reports and signatures.
"""

import asyncio
import json
import time
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr
from twilio.rest import Client

from gateway.base.errors import Failed
from gateway.simulator.carriers.twilio import (
    ACCOUNT,
    NO_ROUTE,
    NUMBER,
    OPTED_OUT,
    TOKEN,
    TwilioServer,
)
from gateway.simulator.faults import FaultPlan
from gateway.sms.channels import twilio
from gateway.sms.channels.twilio import adapter
from gateway.sms.channels.twilio.listed import found
from gateway.sms.port import Hint, OutboundSms, SendStatus
from gateway.steps.messages.compose import message
from gateway.steps.messages.deliver import deliver
from gateway.steps.runtime import Channel
from gateway.store.turns import polls, turns

AMINA = "+254711000001"
LOST, NEVER_CAME = {"drop_after": 1.0}, {"drop_before": 1.0}


@pytest.fixture
async def carrier():
    async with TwilioServer() as server:
        yield server


@pytest.fixture
def hooks(town):
    return f"{town.rt.settings.public_url}/in/tw/s"


@pytest.fixture
def channel(carrier, hooks):
    options = {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": NUMBER, "base_url": carrier.url,
               "receipt_url": f"{hooks}/receipt"}  # fmt: skip
    return twilio.make("tw", options)


@pytest.fixture
def here(town, channel):
    """The town, with a Twilio channel that workers are texted on."""
    before = dict(town.rt.channels)
    town.rt.channels["tw"] = Channel("tw", SecretStr("s"), channel, None)
    yield town
    town.rt.channels.clear()
    town.rt.channels.update(before)


async def writes(town, text, purpose="money"):
    made = message(town.rt, "tw", None, AMINA, text, purpose)
    row = await town.rt.db.write([turns.put_message(made)])
    return row["put_message"]


async def state(town, number):
    row = await town.rt.db.row(
        "select state, provider_id, delivery from outbox where id = $1", number
    )
    return tuple(row)


async def ticks(town):
    """Let two minutes pass.

    The breaker that the trouble opened is closed manually: it is not what is tested.
    """
    await town.rt.db.execute("update channel_state set breaker = 'closed', failures = 0")
    await town.ticks(minutes=2)


async def test_a_message_whose_answer_was_lost_is_found_at_twilio_and_not_sent_again(here, carrier):
    carrier.plan = FaultPlan(rates={"sms": LOST})
    number = await writes(here, "We sent you KES 12")
    await deliver(here.rt, "tw")
    assert (await state(here, number))[0] == "unknown"
    await ticks(here)
    assert (await state(here, number))[:2] == ("accepted", carrier.messages[0].sid)
    assert len(carrier.messages) == 1


async def test_a_message_that_never_came_to_twilio_goes_again_even_money_news(here, carrier):
    carrier.plan = FaultPlan(rates={"sms": NEVER_CAME})
    number = await writes(here, "We sent you KES 12")
    await deliver(here.rt, "tw")
    assert (await state(here, number))[0] == "unknown"
    carrier.plan = FaultPlan()
    await ticks(here)
    assert (await state(here, number))[:2] == ("accepted", carrier.messages[0].sid)
    assert len(carrier.messages) == 1


async def test_the_same_words_sent_before_are_another_message(here, carrier):
    first = await writes(here, "We sent you KES 12")
    await deliver(here.rt, "tw")
    carrier.plan = FaultPlan(rates={"sms": NEVER_CAME})
    second = await writes(here, "We sent you KES 12")
    await deliver(here.rt, "tw")
    carrier.plan = FaultPlan()
    await ticks(here)
    sids = [one.sid for one in carrier.messages]
    assert [(await state(here, n))[1] for n in (first, second)] == sids
    assert len(sids) == 2, "the first was not taken for the second"


async def test_while_twilio_cannot_be_asked_nothing_is_guessed(here, carrier):
    carrier.plan = FaultPlan(rates={"sms": LOST, "status": {"error_before": 1.0}})
    number = await writes(here, "We sent you KES 12")
    await deliver(here.rt, "tw")
    await ticks(here)
    assert ((await state(here, number))[0], carrier.asked) == ("unknown", 1)
    carrier.plan = FaultPlan()
    await here.ticks(minutes=6)
    assert ((await state(here, number))[0], carrier.asked) == ("accepted", 2)
    assert len(carrier.messages) == 1


async def test_twilio_is_asked_as_the_sdk_asks(channel, carrier):
    """The SDK reads the simulated list, and finds what we find."""
    sdk = Client(ACCOUNT, TOKEN)
    sdk.api.base_url = carrier.url
    made = await asyncio.to_thread(sdk.messages.create, to=AMINA, from_=NUMBER, body="hi")
    listed = await asyncio.to_thread(sdk.messages.list, to=AMINA, limit=50)
    assert [one.sid for one in listed] == [made.sid]
    async with aiohttp.ClientSession() as http:
        asked = await channel.ask(http, OutboundSms("k", AMINA, "hi"), listed[0].date_created, ())
        assert (asked.outcome, asked.provider_id) == (SendStatus.ACCEPTED, made.sid)
        assert await channel.balance(http) == "USD 9.99"
        other = await channel.ask(http, OutboundSms("k", AMINA, "ho"), listed[0].date_created, ())
    assert other.outcome is SendStatus.RETRY


@pytest.mark.parametrize(
    ("created", "outcome"),
    [
        ("Sun, 22 Nov 2026 01:00:30 +0000", SendStatus.ACCEPTED),
        ("Sun, 22 Nov 2026 01:00:30 -0000", SendStatus.ACCEPTED),
        ("Sun, 22 Nov 2026 01:00:30", SendStatus.ACCEPTED),
        ("Sun, 22 Nov 2026 00:30:00 +0000", SendStatus.RETRY),
        ("", SendStatus.UNKNOWN),
        ("yesterday", SendStatus.UNKNOWN),
        ("Sun, 22 Nov 99999 01:00:30 +0000", SendStatus.UNKNOWN),
    ],
)
def test_a_date_in_any_shape_is_read_or_not_guessed_from(created, outcome):
    listed = {"sid": "SM1", "body": "hi", "direction": "outbound-api", "date_created": created}
    body = json.dumps({"messages": [listed]}).encode()
    since = datetime(2026, 11, 22, 1, tzinfo=UTC)
    assert found(OutboundSms("k", AMINA, "hi"), 200, body, since, ()).outcome is outcome


async def test_refusals_are_told_apart(channel, carrier):
    numbers = [AMINA, OPTED_OUT, NO_ROUTE, "12"]
    async with aiohttp.ClientSession() as http:
        sent = await channel.send(http, [OutboundSms(str(n), to, "hi") for n, to in enumerate(numbers)])  # fmt: skip
    assert [one.outcome for one in sent] == [SendStatus.ACCEPTED, *[SendStatus.REFUSED] * 3]
    assert [one.opted_out for one in sent] == [False, True, False, False]
    assert sent[2].hint is Hint.REROUTE
    assert [one.to for one in carrier.messages] == [AMINA]


async def test_messages_of_an_outage_longer_than_twilios_patience_are_found_and_heard_once(
    here, carrier, channel, hooks, monkeypatch
):
    """B1: Twilio tries a webhook for seconds; what came while we were away stands in its list."""
    monkeypatch.setattr(adapter, "_LISTED_MAX", 2)
    phones = [f"+25471100010{n}" for n in range(7)]
    carrier.now = lambda: time.time() - 3600
    await carrier.texts(
        "http://127.0.0.1:1/in/tw/s/sms", phones[0], "JOIN KIBERA"
    )  # before our time
    carrier.now = time.time
    await polls.plan(here.rt.db, {"tw": 60.0})
    here.clock.advance(seconds=5)
    carrier.now = lambda: here.clock.now().timestamp()
    assert (await carrier.texts(f"{hooks}/sms", phones[1], "JOIN KIBERA")).status == 200
    for phone in phones[2:]:
        assert (await carrier.texts("http://127.0.0.1:1/in/tw/s/sms", phone, "JOIN KIBERA")).status == 0  # fmt: skip
    await here.ticks(seconds=61)
    assert await here.count("worker") == 6
    found_here = await channel.received(here.rt.http, carrier.came[4].sid)
    assert [each.sms.sender for each in found_here] == phones[5:], "oldest first, after that one"
    await here.ticks(seconds=61)
    assert await here.count("worker") == 6
    assert await here.count("outbox", "channel = 'tw'") == 6
    assert await here.count("inbox", "channel = 'tw' and state = 'done'") == 6


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"messages": [{"sid": "1", "direction": "inbound"}]}']
)
async def test_a_list_that_is_none_is_asked_for_again(channel, body, provider):
    provider.answer = lambda _: web.Response(body=body)
    channel._base = provider.url
    async with aiohttp.ClientSession() as http:
        with pytest.raises(Failed):
            await channel.received(http, "0")


async def test_phones_and_reports_come_in_signed_and_forgeries_have_no_effect(here, carrier, hooks):
    forged = await carrier.post(f"{hooks}/sms", {"MessageSid": "1", "From": AMINA, "To": NUMBER, "Body": "STOP"}, "other")  # fmt: skip
    assert forged.status == 403
    assert await here.count("worker") == 0
    answer = await carrier.texts(f"{hooks}/sms", AMINA, "HELLO")
    assert (answer.status, "<Response/>" in answer.text) == (200, True)
    await here.answers_bells()
    (reply,) = carrier.messages
    assert reply.to == AMINA
    for status, error in (("delivered", ""), ("sent", ""), ("undelivered", "30003")):
        assert (await carrier.reports(reply, status, error)).status == 200
    number = await here.value("select max(id) from outbox")
    assert await state(here, number) == ("accepted", reply.sid, "delivered")
