"""Twilio as a server.

It takes messages, lists them, reports their status, and signs its posts to the gateway. Wire
format: www.twilio.com/docs/messaging/api/message-resource and .../usage/security. It runs inside
the event loop of the program that drives it::

    async with TwilioServer() as twilio:
        print(twilio.url)       # the provider's address in the gateway's settings
        await twilio.texts("https://gw.example.org/in/tw/SECRET/sms", "+254711000001", "JOIN")
"""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.simulator.faults import FaultPlan
from gateway.simulator.wire import (
    FORM,
    Caller,
    HttpAnswer,
    SimulatedProvider,
    after_acting,
    before_acting,
)

ACCOUNT, TOKEN, NUMBER = "AC" + "5" * 32, "simulator", "+254200000000"
# Twilio always answers these numbers with its error codes of the same ending.
OPTED_OUT, NO_ROUTE = "+254700021610", "+254700021612"
_ERRORS = {OPTED_OUT: 21610, NO_ROUTE: 21612}
_PAGE_MOST = 1000
_BODY_MOST = 1600
RECEIPT_DELAY_S = 0.05


@dataclass(slots=True)
class TwilioMessage:
    """A message that Twilio took from the gateway."""

    sid: str
    to: str
    sender: str
    body: str
    callback: str
    created: float
    direction: str = "outbound-api"
    status: str = "queued"
    error: str = ""


class TwilioServer(SimulatedProvider):
    """The provider.

    Its books, oldest first, are the `messages` that it took from the gateway and the texts that
    `came` from phones.
    """

    def __init__(self, plan: FaultPlan | None = None, *, receipts: bool = False) -> None:
        """Make a provider.

        With `receipts` it reports each message that brings a StatusCallback as sent and delivered.
        """
        self.plan = plan or FaultPlan()
        self._receipts = receipts
        self._tasks: set[asyncio.Task[None]] = set()
        self.messages: list[TwilioMessage] = []
        self.came: list[TwilioMessage] = []
        self.asked = 0
        self.now = time.time
        self._caller = Caller()
        self._made = 0
        account = f"/2010-04-01/Accounts/{ACCOUNT}"
        self.routes = [
            Route(f"{account}/Messages.json", self._create, methods=["POST"]),
            Route(f"{account}/Messages.json", self._list, methods=["GET"]),
            Route(f"{account}/Messages/{{sid}}.json", self._fetch, methods=["GET"]),
            Route(f"{account}/Balance.json", self._balance, methods=["GET"]),
        ]
        super().__init__(Starlette(routes=self.routes, exception_handlers={404: not_found}))

    async def close(self) -> None:
        """Drop the work in progress."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._caller.close()

    async def settle(self) -> None:
        """Wait until every receipt was sent."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    # To the gateway, signed

    async def texts(self, url: str, msisdn: str, text: str) -> HttpAnswer:
        """Send a text from a phone to the gateway's number and return the gateway's answer."""
        came = TwilioMessage(
            self._sid(), NUMBER, msisdn, text, "", self.now(), "inbound", "received"
        )
        self.came.append(came)
        form = {"MessageSid": came.sid, "AccountSid": ACCOUNT, "From": msisdn, "To": NUMBER, "Body": text,
                "NumSegments": "1", "NumMedia": "0", "SmsStatus": "received", "ApiVersion": "2010-04-01"}  # fmt: skip
        return await self.post(url, form)

    async def reports(self, message: TwilioMessage, status: str, error: str = "") -> HttpAnswer:
        """Report the status of a message to the address that came with it. Returns the answer."""
        message.status, message.error = status, error
        form = {"MessageSid": message.sid, "AccountSid": ACCOUNT, "To": message.to, "From": message.sender,
                "MessageStatus": status, "ApiVersion": "2010-04-01", **({"ErrorCode": error} if error else {})}  # fmt: skip
        return await self.post(message.callback, form)

    async def post(self, url: str, form: Mapping[str, str], token: str = TOKEN) -> HttpAnswer:
        """Post a signed webhook and return the answer.

        With another `token` the webhook is forged.
        """
        said = url + "".join(name + form[name] for name in sorted(form))
        digest = hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()
        headers = {**FORM, "X-Twilio-Signature": base64.b64encode(digest).decode()}
        return await self._caller.post(url, urlencode(form).encode(), headers)

    # From the gateway

    async def _create(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        faults = self.plan.draw("sms", f"{form.get('To')}|{form.get('Body')}")
        if faults and (early := await before_acting(self.plan, faults)):
            return early
        if not _knows(request):
            return _error(20003, 401, "Authenticate")
        to, sender = form.get("To", ""), form.get("From") or form.get("MessagingServiceSid", "")
        if refused := _refusal(to, sender, form.get("Body", "")):
            return refused
        made = TwilioMessage(
            self._sid(), to, sender, form["Body"], form.get("StatusCallback", ""), self.now()
        )
        self.messages.append(made)
        if self._receipts and made.callback:
            task = asyncio.create_task(self._delivered(made))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return after_acting(faults, lambda: JSONResponse(_resource(made), 201))

    async def _list(self, request: Request) -> Response:
        self.asked += 1
        faults = self.plan.draw("status", request.query_params.get("To", ""))
        if faults and (early := await before_acting(self.plan, faults)):
            return early
        if not _knows(request):
            return _error(20003, 401, "Authenticate")
        to = request.query_params.get("To")
        size = min(int(request.query_params.get("PageSize", "50")), _PAGE_MOST)
        nth = int(request.query_params.get("Page", "0"))
        book = sorted([*self.messages, *self.came], key=lambda m: m.created)
        newest = [m for m in reversed(book) if to in (None, m.to)][nth * size :]
        path = request.url.path
        following = request.url.include_query_params(Page=nth + 1).query
        page = {"messages": [_resource(m) for m in newest[:size]], "page": nth, "page_size": size,
                "next_page_uri": f"{path}?{following}" if newest[size:] else None,
                "uri": f"{path}?{request.url.query}"}  # fmt: skip
        return JSONResponse(page)

    async def _delivered(self, message: TwilioMessage) -> None:
        await asyncio.sleep(RECEIPT_DELAY_S)
        for status in ("sent", "delivered"):
            await self.reports(message, status)

    async def _fetch(self, request: Request) -> Response:
        if not _knows(request):
            return _error(20003, 401, "Authenticate")
        sid = request.path_params["sid"]
        found = next((m for m in (*self.messages, *self.came) if m.sid == sid), None)
        return JSONResponse(_resource(found)) if found else await not_found(request)

    async def _balance(self, request: Request) -> Response:
        if not _knows(request):
            return _error(20003, 401, "Authenticate")
        return JSONResponse({"account_sid": ACCOUNT, "balance": "9.99", "currency": "USD"})

    def _sid(self) -> str:
        self._made += 1
        return f"SM{self._made:032x}"


async def not_found(request: Request, _error_of: Exception | None = None) -> Response:
    """Return Twilio's answer for an unknown path or resource."""
    text = f"The requested resource {request.url.path} was not found"
    return _error(20404, 404, text)


def _knows(request: Request) -> bool:
    login = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    return request.headers.get("authorization") == f"Basic {login}"


def _refusal(to: str, sender: str, body: str) -> Response | None:
    """Return Twilio's error for a message that it does not take, or None."""
    if not sender or not body:
        return _error(21603 if not sender else 21602, 400, "a required field is missing")
    if len(body) > _BODY_MOST:
        return _error(21617, 400, "The concatenated message body exceeds the 1600 character limit")
    if to in _ERRORS:
        return _error(_ERRORS[to], 400, f"the number {to} ...")
    if not (to.startswith("+") and to[1:].isdigit()):
        return _error(21211, 400, f"invalid 'To' number {to}")
    return None


def _error(code: int, status: int, message: str) -> Response:
    return JSONResponse({"code": code, "message": message, "status": status}, status)


def _resource(message: TwilioMessage) -> dict[str, object]:
    return {
        "sid": message.sid,
        "account_sid": ACCOUNT,
        "to": message.to,
        "from": message.sender,
        "body": message.body,
        "status": message.status,
        "direction": message.direction,
        "num_segments": "1",
        "date_created": formatdate(message.created).replace("-0000", "+0000"),
        "price": None,
        "price_unit": "USD",
        "error_code": int(message.error) if message.error else None,
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{message.sid}.json",
    }
