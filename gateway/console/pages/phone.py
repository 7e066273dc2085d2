"""The simulated phone at /phone: a handset to click on, for trials, served in local mode only.

It uses the same route as every phone. The server posts each input to the gateway's own webhooks in
the built-in phone's wire format, so that the secret of the path never reaches the page.
"""

import secrets
from dataclasses import asdict
from typing import Annotated, Any, TypeVar

import aiohttp
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from gateway.base.bounds import parse_whole
from gateway.base.errors import Refused
from gateway.base.msisdn import normalise
from gateway.base.net import outside
from gateway.base.net.addresses import PermittedAddresses
from gateway.console.rendering import page_headers, static_file, template
from gateway.gsm.segments import count_segments
from gateway.steps.batches.drafting.previews.preview import preview_of_batch
from gateway.steps.runtime import Channel, Runtime
from gateway.store.batches.life import listed_drafts
from gateway.store.messages import outbox
from gateway.store.people import crowd
from gateway.workers.crowd import EACH_MAX, KINDS, USUAL

_KIND = "phone"
_HEADERS = page_headers(
    "script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; form-action 'self'"
)
_STATIC = {"phone.js": "text/javascript", "phone.css": "text/css"}
_TEXT_MAX = 10_000
_DRAFTS, _TASKS_SHOWN = 20, 3
_HANDSETS = (("Grace, coordinator", "+254711000001"), ("Amina, worker", "+254711000002"))

PhoneNumber = Annotated[str, Field(min_length=1, max_length=40)]


class _Given(BaseModel):
    """A JSON body that the page posts; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class UssdKey(_Given):
    """One input of a session; `text` holds all inputs so far, joined by `*`."""

    session: Annotated[str, Field(min_length=1, max_length=80)]
    number: PhoneNumber
    text: Annotated[str, Field(max_length=_TEXT_MAX)] = ""


class UssdEnd(_Given):
    """The end of a session."""

    session: Annotated[str, Field(min_length=1, max_length=80)]
    number: PhoneNumber
    completed: bool


class Text(_Given):
    """An SMS that the handset sends."""

    number: PhoneNumber
    text: Annotated[str, Field(max_length=_TEXT_MAX)]


class CrowdIn(_Given):
    """The switch of the simulated workers, with their number of each kind."""

    on: bool
    kinds: dict[str, Annotated[int, Field(ge=0, le=EACH_MAX)]]


class DraftAsked(_Given):
    """The draft that is looked at."""

    batch: Annotated[str, Field(min_length=1, max_length=80)]


class Counted(_Given):
    """A text whose segments are counted."""

    text: Annotated[str, Field(max_length=_TEXT_MAX)]


G = TypeVar("G", bound=_Given)


def mount(app: FastAPI, rt: Runtime, address: str) -> None:
    """Mount the page if `local_phone` is set and a channel of the built-in kind exists."""
    channel = next(filter(_is_built_in, rt.channels.values()), None)
    if not rt.settings.local_phone or channel is None:
        return
    phone = PhonePage(rt, channel)
    app.add_route(address, phone.page, methods=["GET"])
    for name, media in _STATIC.items():
        served = static_file("gateway.console", name, media, _HEADERS)
        app.add_route(f"{address}/{name}", served, methods=["GET"])
    app.add_route(f"{address}/messages", phone.messages, methods=["GET"])
    app.add_route(f"{address}/drafts", phone.drafts, methods=["GET"])
    app.add_route(f"{address}/crowd", phone.crowd, methods=["GET"])
    app.add_route(f"{address}/crowd", phone.switch_crowd, methods=["POST"])
    for path, answer in (
        ("ussd", phone.ussd),
        ("end", phone.end),
        ("sms", phone.sms),
        ("count", phone.count),
        ("preview", phone.preview),
    ):
        app.add_route(f"{address}/{path}", answer, methods=["POST"])


def _is_built_in(channel: Channel) -> bool:
    sides = (channel.sms, channel.ussd)
    return all(side is not None and type(side).__module__.endswith(f".{_KIND}") for side in sides)


class PhonePage:
    """The page and the calls that it makes, over one channel."""

    def __init__(self, rt: Runtime, channel: Channel) -> None:
        assert channel.sms and channel.ussd
        self._rt = rt
        self._channel = channel
        self._sender = channel.sms.sender
        self._service_code = channel.ussd.service_code
        # Data that a browser keeps of another gateway's phones must not appear on these.
        place = rt.vault.index("the phone page").hex()[:12]
        self._page = template("phone.html").render(
            place=place,
            sender=self._sender,
            service_code=self._service_code,
            handsets=_HANDSETS,
            keys=(
                ("1", ""),
                ("2", "abc"),
                ("3", "def"),
                ("4", "ghi"),
                ("5", "jkl"),
                ("6", "mno"),
                ("7", "pqrs"),
                ("8", "tuv"),
                ("9", "wxyz"),
                ("*", ""),
                ("0", "+"),
                ("#", ""),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Return the page."""
        return HTMLResponse(self._page, headers=_HEADERS)

    async def ussd(self, request: Request) -> Response:
        """Handle one key and return {"text": the screen, "end": whether the session is over}."""
        key = await _given(request, UssdKey)
        form = {
            "session": key.session,
            "from": self._number(key.number),
            "service_code": self._service_code,
            "text": key.text,
        }
        said = await self._post(request, "ussd", form)
        return JSONResponse({"text": said[4:], "end": said.startswith("END")})

    async def end(self, request: Request) -> Response:
        """Handle the end of a session: the handset hung up, or the last screen was read."""
        end = await _given(request, UssdEnd)
        completed = "yes" if end.completed else "no"
        form = {
            "session": end.session,
            "from": self._number(end.number),
            "completed": completed,
        }
        await self._post(request, "session-end", form)
        return JSONResponse({"ok": True})

    async def sms(self, request: Request) -> Response:
        """Handle an SMS that the handset sends."""
        text = await _given(request, Text)
        form = {
            "id": f"phone-{secrets.token_hex(12)}",
            "from": self._number(text.number),
            "to": self._sender,
            "text": text.text,
        }
        await self._post(request, "sms", form)
        return JSONResponse({"ok": True})

    async def messages(self, request: Request) -> Response:
        """Return the messages sent to ?number= after the message ?after=."""
        after = parse_whole(request.query_params.get("after", "0"), "after")
        number = self._number(request.query_params.get("number", ""))
        rows = await outbox.to_number(self._rt.db, self._rt.vault.index(number), after)
        return JSONResponse(
            [
                {
                    "id": row["id"],
                    "text": row["text"],
                    "segments": row["segments"],
                    "at": row["created_at"].timestamp(),
                }
                for row in rows
            ]
        )

    async def drafts(self, request: Request) -> Response:
        """Return the newest drafts, which can be looked at before they cost anything."""
        found = await listed_drafts.newest(self._rt.db, _DRAFTS)
        return JSONResponse([asdict(one) for one in found])

    async def preview(self, request: Request) -> Response:
        """Return what the first tasks of a draft will look like on a phone.

        The texts are made by the code that makes them for workers.
        """
        asked = await _given(request, DraftAsked)
        found = await preview_of_batch(self._rt, asked.batch, _TASKS_SHOWN)
        return JSONResponse(
            [
                {
                    "language": one.language,
                    "how": one.replies.how,
                    "messages": [
                        {"moment": sms.moment, "text": sms.text, "segments": sms.segments}
                        for each in one.questions
                        for sms in each.sms
                    ]
                    + [
                        {"moment": sms.moment, "text": sms.text, "segments": sms.segments}
                        for sms in one.several
                    ],
                    "screens": [
                        screen.text
                        for each in one.questions
                        for group in each.screens[:1]
                        for screen in group.screens
                    ],
                }
                for one in found.languages
            ]
        )

    async def crowd(self, request: Request) -> Response:
        """Return whether simulated workers answer, and their number of each kind."""
        found = await crowd.switch(self._rt.db)
        kinds = {kind: (found.kinds if found else USUAL).get(kind, 0) for kind in KINDS}
        return JSONResponse({"on": found is None or found.is_on, "kinds": kinds})

    async def switch_crowd(self, request: Request) -> Response:
        """Switch the simulated workers on or off, or change their number of each kind."""
        wanted = await _given(request, CrowdIn)
        unknown = [kind for kind in wanted.kinds if kind not in KINDS]
        if unknown:
            raise Refused(
                f"kinds: there is no {unknown[0]!r}; there is: {', '.join(KINDS)}",
                status=422,
                field="kinds",
            )
        await crowd.set_switch(self._rt.db, is_on=wanted.on, kinds=wanted.kinds)
        return await self.crowd(request)

    async def count(self, request: Request) -> Response:
        """Return the size of a text on the air."""
        return JSONResponse(count_segments((await _given(request, Counted)).text)._asdict())

    def _number(self, said: str) -> str:
        return normalise(said, self._rt.settings.region)

    async def _post(self, request: Request, event: str, form: dict[str, str]) -> str:
        """Post an event to the gateway's own webhook over HTTP, as a provider does."""
        server: tuple[str, int] = request.scope["server"]
        host = f"[{server[0]}]" if ":" in server[0] else server[0]
        ourselves = PermittedAddresses.read([f"{host}:{server[1]}"])
        secret = self._channel.secret.get_secret_value()
        path = f"/in/{self._channel.name}/{secret}/{event}"
        try:
            async with (
                outside.session(ourselves) as http,
                http.post(
                    f"http://{host}:{server[1]}{path}", data=form, allow_redirects=False
                ) as response,
            ):
                said = await response.text()
                if response.ok:
                    return said
        except (aiohttp.ClientError, TimeoutError) as bad:
            raise Refused(f"the gateway does not answer: {bad}", status=503) from bad
        raise Refused("the gateway could not take this just now; try again", status=502)


async def _given(request: Request, shape: type[G]) -> G:
    # Another site's page cannot send this type without a preflight request, and the gateway permits
    # none.
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise Refused("send application/json", status=415)
    try:
        return shape.model_validate_json(await request.body())
    except ValidationError as bad:
        first: Any = bad.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"])) or "body"
        raise Refused(f"{field}: {first['msg']}", status=422, field=field) from None
