"""Requests of the gateway beside those of clients that others wrote.

Method, path, headers and body are the same for the same payout.
"""

import asyncio
import base64
import json

import aiohttp
import httpx
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from momo_api import Config, MomoApi
from momo_api.airtel.config import AirtelConfig
from momo_api.airtel.disbursement import AirtelDisbursementApi
from momo_api.models.transfer_request import TransferRequest
from momo_openapi import Disbursement
from momo_openapi.config import MomoConfig

from gateway.payments.port import Order
from gateway.payments.providers import airtel, mtn_momo
from tests.support.served import served

KEY = "7f9c2ba4-e88f-427d-a23c-0c5a1b1e7a11"
CALLBACK = "https://g.example/hooks/p/0123"
ORDER = Order(KEY, "+256772123456", 5_000, "UGX", CALLBACK, "https://g.example/s", "")
NOT_COMPARED = {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length"}


class Recorder:
    """An operator that takes everything and writes down what came."""

    def __init__(self) -> None:
        self.asked = []

    async def handle(self, request: web.Request) -> web.Response:
        headers = {
            name.lower(): value
            for name, value in request.headers.items()
            if name.lower() not in NOT_COMPARED
        }
        body = await request.read()
        shown = json.loads(body) if body else None
        self.asked.append((request.method, request.path, headers, shown))
        if "token" in request.path:
            return web.json_response({"access_token": "t", "expires_in": 3600})
        if request.method == "GET":
            return web.json_response({"status": "PENDING"})
        return web.Response(status=202)

    def take(self):
        asked, self.asked = self.asked, []
        return asked


@pytest.fixture
async def recorder():
    stand_in = Recorder()
    async with served(stand_in.handle) as stand_in.url:
        yield stand_in


class Tokens:
    """Keeps nothing between two calls of different clients."""

    async def get(self, name):
        return None

    async def put(self, name, token, lives_s):
        pass

    async def drop(self, name, token):
        pass


def ours(url):
    options = {
        "base_url": url,
        "api_user": "user",
        "api_key": "key",
        "subscription_key": "sub",
        "target_environment": "mtnuganda",
        "currency": "UGX",
        "minimum": 500,
        "maximum": 5_000_000,
    }
    return mtn_momo.make("mtn", options, Tokens())


async def test_mtn_as_momo_openapi_sends_it(recorder):
    async with aiohttp.ClientSession() as http:
        await ours(recorder.url).submit(http, ORDER)
        await ours(recorder.url).ask(http, ORDER)
    mine = recorder.take()

    config = MomoConfig("sub", "user", "key", "mtnuganda", base_url=recorder.url, currency="UGX")

    def theirs():
        client = Disbursement(config)
        client.transfer(
            5000,
            "256772123456",
            KEY,
            payer_message="Payout",
            payee_note="Payout",
            callback_url=CALLBACK,
            reference_id=KEY,
        )
        client.get_transaction_status(KEY)

    await asyncio.to_thread(theirs)
    token, transfer, status = recorder.take()
    assert mine == [token, transfer, token, status]


async def test_mtn_as_mtn_momo_client_sends_it(recorder):
    async with aiohttp.ClientSession() as http:
        await ours(recorder.url).submit(http, ORDER)
    _, (method, path, headers, body) = recorder.take()

    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if "token" in request.url.path:
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        return httpx.Response(202)

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        api = MomoApi.disbursement(Config("sub", "user", "key", CALLBACK), "mtnuganda", client)
        request = TransferRequest.make("5000", "256772123456", KEY, "UGX", "Payout", "Payout")
        api.transfer(request, KEY)
    sent = seen[-1]
    assert (method, path) == (sent.method, sent.url.path)
    assert body == json.loads(sent.content)
    theirs = {k.lower(): v for k, v in sent.headers.items() if k.lower() not in NOT_COMPARED}
    assert headers == theirs


async def test_airtel_asks_for_a_token_and_disburses_as_another_client_does(recorder):
    """The other client still speaks v1; apart from that all must be the same.

    In v1 the currency stands in the headers alone, the type is B2C by default and the amount is
    text.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    options = {
        "base_url": recorder.url,
        "client_id": "id",
        "client_secret": "secret",
        "country": "KE",
        "currency": "KES",
        "public_key": base64.b64encode(der).decode(),
        "pin": "1234",
        "minimum": 10,
        "maximum": 70_000,
    }
    order = Order(KEY, "+254733123456", 30_000, "KES", "", "", "")
    async with aiohttp.ClientSession() as http:
        await airtel.make("airtel", options, Tokens()).submit(http, order)
    (_, token_path, _, token_body), (method, path, headers, body) = recorder.take()

    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"access_token": "t", "expires_in": "180", "data": {}})

    config = AirtelConfig("id", "secret", country="KE", currency="KES", encrypted_pin=body["pin"])
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        api = AirtelDisbursementApi(config, "https://openapi.airtel.africa", client)
        api.transfer("300", "254733123456", "Payout", KEY)
    token, sent = seen
    assert (token_path, token_body) == (token.url.path, json.loads(token.content))
    assert (method, path) == (sent.method, sent.url.path.replace("/v1/", "/v2/"))
    theirs = {k.lower(): v for k, v in sent.headers.items() if k.lower() not in NOT_COMPARED}
    assert headers == theirs
    other = json.loads(sent.content)
    assert body["payee"] == {**other["payee"], "currency": "KES"}
    assert body["reference"] == other["reference"]
    assert body["transaction"] == {
        "amount": int(other["transaction"]["amount"]),
        "id": other["transaction"]["id"].replace("-", ""),
        "type": "B2C",
    }
