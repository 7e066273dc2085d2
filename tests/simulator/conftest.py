"""A gateway that only listens, and a business that calls the operator.

Both are written for these tests; neither is the product.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.simulator.carriers.africastalking import CarrierServer
from gateway.simulator.carriers.terms import CarrierHooks, CarrierTerms
from gateway.simulator.operators.daraja import DarajaTerms
from gateway.simulator.operators.server import Operators
from gateway.simulator.wire import Listener


@dataclass
class Heard:
    """One request the listening gateway got."""

    path: str
    raw: bytes
    content_type: str
    metadata: str

    @property
    def form(self):
        return dict(parse_qsl(self.raw.decode(), keep_blank_values=True))

    @property
    def result(self):
        return json.loads(self.raw)["Result"]

    @property
    def shown(self):
        """ResultParameters as a dictionary."""
        items = self.result["ResultParameters"]["ResultParameter"]
        return {item["Key"]: item["Value"] for item in items}


class StubGateway:
    """Answers what a test tells it to; writes down what it heard."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.reply: Callable[[Heard], Response] = lambda _: PlainTextResponse("CON Karibu")
        self.url = ""

    async def take(self, request: Request) -> Response:
        kind = request.headers.get("content-type", "")
        metadata = request.headers.get("at-ussd-hop-metadata", "")
        one = Heard(request.url.path, await request.body(), kind, metadata)
        self.heard.append(one)
        return self.reply(one)

    def at(self, path: str) -> list[Heard]:
        return [one for one in self.heard if one.path.endswith(path)]


@pytest.fixture
async def gateway() -> AsyncIterator[StubGateway]:
    stub = StubGateway()
    app = Starlette(routes=[Route("/{path:path}", stub.take, methods=["GET", "POST"])])
    async with Listener(app) as listener:
        stub.url = listener.url
        yield stub


@pytest.fixture
async def carrier(gateway: StubGateway) -> AsyncIterator[CarrierServer]:
    hooks = CarrierHooks.under(gateway.url, sms="at/s3cret", ussd="ussd/s3cret")
    terms = CarrierTerms(receipt_delay_s=0.01, retry_s=0.02, retry_for_s=0.5)
    async with CarrierServer(terms, hooks) as running:
        yield running


@pytest.fixture
async def operators() -> AsyncIterator[Operators]:
    async with Operators(seed=7, terms=DarajaTerms(result_delay_s=0.01)) as running:
        yield running


class Business:
    """Calls Daraja as its documentation says; ids and addresses are the business's own."""

    def __init__(self, url: str, callbacks: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.callbacks = callbacks
        self.session = session
        self.token = ""

    async def sign_in(self, grant: str = "client_credentials") -> tuple[int, dict[str, str]]:
        basic = base64.b64encode(b"key:secret").decode()
        url = f"{self.url}/oauth/v1/generate?grant_type={grant}"
        async with self.session.get(url, headers={"Authorization": f"Basic {basic}"}) as reply:
            body = await reply.json()
            self.token = body.get("access_token", "")
            return reply.status, body

    async def post(self, path: str, body: object) -> tuple[int, dict[str, str]]:
        if not self.token:
            await self.sign_in()
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.session.post(f"{self.url}{path}", json=body, headers=headers) as reply:
            return reply.status, await reply.json()

    async def pay(self, key: str, **changes: object) -> tuple[int, dict[str, str]]:
        body = {
            "OriginatorConversationID": key,
            "InitiatorName": "gatewayapi",
            "SecurityCredential": base64.b64encode(b"encrypted").decode(),
            "CommandID": "BusinessPayment",
            "Amount": 103,
            "PartyA": "600997",
            "PartyB": "254711000001",
            "Remarks": "Earnings",
            "QueueTimeOutURL": f"{self.callbacks}/hooks/p/timeout-{key}",
            "ResultURL": f"{self.callbacks}/hooks/p/{key}",
            "Occassion": "",
        }
        body = {name: value for name, value in {**body, **changes}.items() if value is not None}
        return await self.post("/mpesa/b2c/v3/paymentrequest", body)

    async def ask(self, command: str = "TransactionStatusQuery", **changes: object):
        path = "transactionstatus" if command == "TransactionStatusQuery" else "accountbalance"
        body = {
            "Initiator": "gatewayapi",
            "SecurityCredential": base64.b64encode(b"encrypted").decode(),
            "CommandID": command,
            "PartyA": "600997",
            "IdentifierType": "4",
            "ResultURL": f"{self.callbacks}/hooks/p/query",
            "QueueTimeOutURL": f"{self.callbacks}/hooks/p/query-timeout",
            "Remarks": "Asking",
            "Occasion": "",
        }
        return await self.post(f"/mpesa/{path}/v1/query", {**body, **changes})

    async def admin(self, path: str, body: object = None) -> str:
        method = "GET" if body is None else "POST"
        url = f"{self.url}/admin/{path}"
        async with self.session.request(method, url, json=body) as reply:
            return await reply.text()

    async def books(self):
        """Once everything that was under way is done."""
        await self.admin("settle", {})
        return json.loads(await self.admin("books"))


@pytest.fixture
async def business(operators: Operators, gateway: StubGateway) -> AsyncIterator[Business]:
    async with aiohttp.ClientSession() as session:
        yield Business(operators.url, gateway.url, session)
    await asyncio.sleep(0)
