"""Phones over HTTP, for an operator or a script outside the carrier's event loop.

GET  /admin/carrier                 totals and violations
POST /admin/carrier/hooks           {"gateway_url": ..., "sms": "channel/secret", "ussd": "..."}
GET  /admin/phones/{msisdn}         the phone's diary
POST /admin/phones/{msisdn}/text    {"to": "21512", "text": "JOIN"}
POST /admin/phones/{msisdn}/dial    {"code": "*384*123#"}
POST /admin/phones/{msisdn}/press   {"text": "1"}
POST /admin/phones/{msisdn}/hang-up
POST /admin/ussd/{provider}/{msisdn}/dial     as Hubtel, Uzo, ...:
                                    {"url": "http://.../in/x/SECRET/ussd", "code": "*713*10#"}
POST /admin/ussd/{provider}/{msisdn}/press    {"text": "1"}
POST /admin/ussd/{provider}/{msisdn}/hang-up
GET  /admin/twilio                  the messages from the gateway, and the texts of phones
POST /admin/twilio/text             signed: {"url": "https://.../in/tw/SECRET/sms",
                                    "from": "+254711000001", "text": "JOIN"}
"""

from dataclasses import asdict
from typing import TYPE_CHECKING, cast

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.simulator.carriers.terms import CarrierHooks
from gateway.simulator.carriers.ussd_formats import FORMATS
from gateway.simulator.carriers.ussd_http import UssdHttp
from gateway.simulator.carriers.ussd_http import UssdHttpDialogue as UssdSession
from gateway.simulator.septets import Weight

if TYPE_CHECKING:
    from gateway.simulator.carriers.africastalking import CarrierServer
    from gateway.simulator.carriers.twilio import TwilioServer
    from gateway.simulator.phones import UssdDialogue


def carrier_routes(carrier: "CarrierServer") -> list[Route]:
    """Return the admin routes of one carrier."""
    desk = _Desk(carrier)
    phone = "/admin/phones/{msisdn}"
    return [
        Route("/admin/carrier", desk.totals, methods=["GET"]),
        Route("/admin/carrier/hooks", desk.hooks, methods=["POST"]),
        Route(phone, desk.diary, methods=["GET"]),
        Route(f"{phone}/text", desk.text, methods=["POST"]),
        Route(f"{phone}/dial", desk.dial, methods=["POST"]),
        Route(f"{phone}/press", desk.press, methods=["POST"]),
        Route(f"{phone}/hang-up", desk.hang_up, methods=["POST"]),
    ]


def twilio_routes(twilio: "TwilioServer") -> list[Route]:
    """Return the admin routes of Twilio."""

    async def books(_request: Request) -> Response:
        took, came = map(asdict, twilio.messages), map(asdict, twilio.came)
        return _json({"took": list(took), "came": list(came)})

    async def text(request: Request) -> Response:
        body = await _body(request)
        if not (body.get("url") and body.get("from")):
            return _json({"error": "say url (as in `public_url`), from and text"}, 400)
        answer = await twilio.texts(body["url"], body["from"], body.get("text", ""))
        return _json({"status": answer.status, "answer": answer.text})

    return [
        Route("/admin/twilio", books, methods=["GET"]),
        Route("/admin/twilio/text", text, methods=["POST"]),
    ]


class UssdPhones:
    """The phones that dial through HTTP aggregators of USSD. Each has at most one open session."""

    def __init__(self) -> None:
        self._carriers: dict[tuple[str, str], UssdHttp] = {}
        self._sessions: dict[tuple[str, str], UssdSession] = {}

    def routes(self) -> list[Route]:
        phone = "/admin/ussd/{provider}/{msisdn}"
        return [
            Route(f"{phone}/dial", self._dial, methods=["POST"]),
            Route(f"{phone}/press", self._press, methods=["POST"]),
            Route(f"{phone}/hang-up", self._hang_up, methods=["POST"]),
        ]

    async def close(self) -> None:
        for carrier in self._carriers.values():
            await carrier.__aexit__(None, None, None)

    async def _dial(self, request: Request) -> Response:
        body, provider = await _body(request), request.path_params["provider"]
        if provider not in FORMATS:
            return _json({"error": f"no {provider!r} here; there is {', '.join(FORMATS)}"}, 404)
        if not body.get("url") or not body.get("code"):
            return _json({"error": "say url and code"}, 400)
        carrier = self._carriers.get((provider, body["url"]))
        if carrier is None:
            carrier = await UssdHttp(provider, body["url"]).__aenter__()
            self._carriers[provider, body["url"]] = carrier
        session = await carrier.dial(_number(request), body["code"])
        self._sessions[provider, _number(request)] = session
        return _json(asdict(session.screen))

    async def _press(self, request: Request) -> Response:
        session = self._sessions.get((request.path_params["provider"], _number(request)))
        if session is None or not session.screen.open:
            return _json({"error": "no session is open"}, 409)
        return _json(asdict(await session.press((await _body(request)).get("text", ""))))

    async def _hang_up(self, request: Request) -> Response:
        key = request.path_params["provider"], _number(request)
        if session := self._sessions.pop(key, None):
            await session.hang_up()
        return _json({"ok": True})


class _Desk:
    """The HTTP handlers with which an operator or a script uses a simulated carrier's phones.

    They keep one USSD session per phone: a new dial takes the place of the one before.
    """

    def __init__(self, carrier: "CarrierServer") -> None:
        self._carrier = carrier
        self._sessions: dict[str, UssdDialogue] = {}

    async def totals(self, request: Request) -> Response:
        violations = [asdict(each) for each in self._carrier.violations]
        return _json({**asdict(self._carrier.tally()), "violated": violations})

    async def hooks(self, request: Request) -> Response:
        body = await _body(request)
        if not body.get("gateway_url") or not body.get("sms"):
            return _json({"error": "say gateway_url and sms (channel/secret)"}, 400)
        self._carrier.hooks = CarrierHooks.under(
            body["gateway_url"], body["sms"], body.get("ussd", "")
        )
        return _json(asdict(self._carrier.hooks))

    async def diary(self, request: Request) -> Response:
        phone = self._carrier.phone(_number(request))
        return _json([asdict(entry) for entry in phone.diary])

    async def text(self, request: Request) -> Response:
        body = await _body(request)
        phone = self._carrier.phone(_number(request))
        return _json(asdict(await phone.text(body.get("to", ""), body.get("text", ""))))

    async def dial(self, request: Request) -> Response:
        msisdn = _number(request)
        try:
            session = await self._carrier.phone(msisdn).dial((await _body(request)).get("code", ""))
        except ValueError as error:
            return _json({"error": str(error)}, 400)
        self._sessions[msisdn] = session
        return _json(asdict(session.screen))

    async def press(self, request: Request) -> Response:
        session = self._sessions.get(_number(request))
        if session is None or session.ended:
            return _json({"error": "no session is open"}, 409)
        return _json(asdict(await session.press((await _body(request)).get("text", ""))))

    async def hang_up(self, request: Request) -> Response:
        if session := self._sessions.pop(_number(request), None):
            await session.hang_up()
        return _json({"ok": True})


def _number(request: Request) -> str:
    return "+" + str(request.path_params["msisdn"]).lstrip("+ ")


async def _body(request: Request) -> dict[str, str]:
    try:
        found = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(name): str(value) for name, value in cast("dict[str, object]", found).items()}


def _json(value: object, status: int = 200) -> Response:
    body = orjson.dumps(value, default=Weight._asdict)
    return Response(body, status, media_type="application/json")
