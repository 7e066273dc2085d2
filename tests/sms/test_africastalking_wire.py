"""Africa's Talking over the wire, against the simulated carrier.

The tests look at what it received, what is left, and its keys.
"""

import asyncio

import aiohttp
import pytest
from africastalking.Application import ApplicationService
from africastalking.SMS import SMSService

from gateway.base.errors import Failed
from gateway.simulator.carriers.africastalking import CarrierServer
from gateway.simulator.carriers.terms import CarrierHooks, CarrierTerms
from gateway.sms.channels import africastalking
from gateway.sms.port import OutboundSms, SendStatus

AMINA = "+254711000001"


@pytest.fixture
async def carrier():
    """Return a carrier whose webhooks are not answered: it alone knows what phones send."""
    terms = CarrierTerms(retry_for_s=0.0, receipts=False)
    async with CarrierServer(terms, CarrierHooks(sms="http://127.0.0.1:1/")) as server:
        yield server


def channel(carrier, key="simulator"):
    options = {"username": "u", "api_key": key, "sender": "21512", "base_url": carrier.url}
    return africastalking.make("at", options)


async def test_what_never_came_in_is_listed_in_order_and_from_any_place(carrier):
    phone = carrier.phone(AMINA)
    for text in ("JOIN KIBERA", "YES", "1 & 2"):
        await phone.text("21512", text)
    async with aiohttp.ClientSession() as http:
        every = await channel(carrier).received(http, "0")
        rest = await channel(carrier).received(http, every[0].sms.provider_id)
        none = await channel(carrier).received(http, every[-1].sms.provider_id)
    assert [one.sms.text for one in every] == ["JOIN KIBERA", "YES", "1 & 2"]
    assert rest == every[1:]
    assert none == []
    assert {(one.sms.sender, one.sms.to) for one in every} == {(AMINA, "21512")}
    sdk = SMSService("u", "simulator")
    sdk._baseUrl = f"{carrier.url}/version1"
    theirs = await asyncio.to_thread(sdk.fetch_messages, every[0].sms.provider_id)
    listed = theirs["SMSMessageData"]["Messages"]
    assert [one["text"] for one in listed] == ["YES", "1 & 2"], "the SDK reads the same"


async def test_sending_costs_what_the_balance_tells(carrier):
    carrier.balance_minor = 81
    made = channel(carrier)
    async with aiohttp.ClientSession() as http:
        assert await made.balance(http) == "KES 0.81"
        sent = await made.send(http, [OutboundSms("a", AMINA, "hi"), OutboundSms("b", AMINA, "ho")])
        assert sorted(one.outcome for one in sent) == [SendStatus.ACCEPTED, SendStatus.RETRY]
        assert await made.balance(http) == "KES 0.01"
    sdk = ApplicationService("u", "simulator")
    sdk._baseUrl = f"{carrier.url}/version1"
    theirs = await asyncio.to_thread(sdk.fetch_application_data)
    assert theirs["UserData"]["balance"] == "KES 0.01"


async def test_a_wrong_key_is_told_apart_from_a_carrier_that_is_away(carrier):
    made = channel(carrier, key="wrong")
    async with aiohttp.ClientSession() as http:
        for ask in (made.balance(http), made.received(http, "0")):
            with pytest.raises(Failed, match="refuses the gateway's credentials") as failed:
                await ask
            assert not failed.value.retryable
