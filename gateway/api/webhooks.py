"""The providers' webhooks: plain routes, a secret path part per channel, the provider's own format behind it.

Whatever was understood enough to store gets its 200, or providers repeat it for hours; a 5xx is said only when the
event could not be kept anywhere, so that the provider brings it again.
"""

import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

import asyncpg
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.errors import Failed, Refused
from gateway.msisdn import normalise
from gateway.runtime import Channel, Runtime
from gateway.steps.callback import callback, provider_callback, validate
from gateway.steps.dial import dial
from gateway.steps.hear import hear
from gateway.steps.receipts import take_receipt
from gateway.store import inbox, outbox, sessions

log = structlog.get_logger()

BODY_BYTES_MAX = 256 * 1024
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
)

Form = dict[str, str]


def routes(rt: Runtime) -> list[Route]:
    """The webhook routes over one runtime."""
    hooks = Webhooks(rt)
    methods = ["POST", "GET"]
    return [
        Route("/in/{channel}/{secret}/ussd", hooks.ussd, methods=methods),
        Route("/in/{channel}/{secret}/sms", hooks.sms, methods=methods),
        Route("/in/{channel}/{secret}/receipt", hooks.receipt, methods=methods),
        Route("/in/{channel}/{secret}/session-end", hooks.session_end, methods=methods),
        Route("/in/{channel}/{secret}/opt-out", hooks.opt_out, methods=methods),
        Route("/hooks/p/{token}", hooks.payout, methods=["POST", "PUT"]),
        Route("/hooks/o/{provider}/{secret}", hooks.operator, methods=["POST", "PUT"]),
        Route("/hooks/o/{provider}/{secret}/validate", hooks.validation, methods=["POST"]),
    ]


class Webhooks:
    """One method a kind of event. An accepted event is answered by an empty 200: some providers text any words in
    the answer to the phone."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt

    async def sms(self, request: Request) -> Response:
        async def take(channel: Channel, form: Form, raw: bytes) -> Response:
            if channel.sms is None:
                return _not_found()
            await hear(self._rt, channel, channel.sms.parse_sms(form), raw)
            return Response()

        return await self._taken(request, "sms", take)

    async def ussd(self, request: Request) -> Response:
        channel, form, raw, refused = await self._read(request)
        if refused or channel is None or channel.ussd is None:
            return refused or _not_found()
        try:
            step = channel.ussd.parse_step(form)
            return _screen(await dial(self._rt, channel, step, raw))
        except Refused as bad:
            await inbox.keep_failed(
                self._rt.db,
                self._rt.vault,
                channel.name,
                "ussd",
                inbox.digest_id(raw),
                raw,
                str(bad),
            )
            return _screen(channel.ussd.render(self._sorry(), end=True))
        except _AWAY as away:
            log.error("ussd step lost its database", channel=channel.name, why=str(away))
        except Exception as broken:
            log.exception("ussd step failed", channel=channel.name)
            await inbox.keep_failed(
                self._rt.db,
                self._rt.vault,
                channel.name,
                "ussd",
                inbox.digest_id(raw),
                raw,
                repr(broken),
            )
        return _screen(channel.ussd.render(self._sorry(), end=True))

    async def receipt(self, request: Request) -> Response:
        async def take(channel: Channel, form: Form, raw: bytes) -> Response:
            if channel.sms is None:
                return _not_found()
            await take_receipt(self._rt, channel, channel.sms.parse_receipt(form), raw)
            return Response()

        return await self._taken(request, "receipt", take)

    async def session_end(self, request: Request) -> Response:
        async def take(channel: Channel, form: Form, raw: bytes) -> Response:
            if channel.ussd is None:
                return _not_found()
            end = channel.ussd.parse_end(form)
            await sessions.end(self._rt.db, channel.name, end.session, completed=end.completed)
            return Response()

        return await self._taken(request, "session-end", take)

    async def opt_out(self, request: Request) -> Response:
        async def take(channel: Channel, form: Form, raw: bytes) -> Response:
            if channel.sms is None:
                return _not_found()
            msisdn = normalise(channel.sms.parse_opt_out(form).msisdn, self._rt.settings.region)
            await outbox.opt_out(
                self._rt.db, self._rt.vault.index(msisdn), channel.name, "opt-out hook"
            )
            return Response()

        return await self._taken(request, "opt-out", take)

    async def payout(self, request: Request) -> Response:
        raw = await _body(request)
        if raw is None:
            return PlainTextResponse("too large", status_code=413)
        known = await callback(self._rt, request.path_params["token"], raw, dict(request.headers))
        return Response() if known else _not_found()

    async def operator(self, request: Request) -> Response:
        """A payout operator whose portal knows one address for all payouts."""
        provider, raw, refused = await self._operator(request)
        if refused:
            return refused
        await provider_callback(self._rt, provider, raw, dict(request.headers))
        return Response()

    async def validation(self, request: Request) -> Response:
        """An operator asks whether we ordered a payment, before it pays."""
        provider, raw, refused = await self._operator(request)
        if refused:
            return refused
        answer = await validate(self._rt, provider, raw)
        return Response(answer, media_type="application/json") if answer else _not_found()

    async def _operator(self, request: Request) -> tuple[str, bytes, Response | None]:
        """The provider of the path and the body, where the path's secret is right."""
        provider = request.path_params["provider"]
        known = self._rt.settings.providers.get(provider)
        secret = known.secret.get_secret_value() if known and known.secret else ""
        if not secret or not hmac.compare_digest(
            request.path_params["secret"].encode(), secret.encode()
        ):
            return provider, b"", _not_found()
        raw = await _body(request)
        if raw is None:
            return provider, b"", PlainTextResponse("too large", status_code=413)
        return provider, raw, None

    async def _taken(
        self,
        request: Request,
        kind: str,
        take: Callable[[Channel, Form, bytes], Awaitable[Response]],
    ) -> Response:
        """Run a handler; what it cannot process is kept in the inbox, as it came."""
        channel, form, raw, refused = await self._read(request)
        if refused or channel is None:
            return refused or _not_found()
        try:
            return await take(channel, form, raw)
        except Failed:
            return Response()  # it is kept already
        except _AWAY as away:
            log.error("event could not be kept", channel=channel.name, kind=kind, why=str(away))
            return PlainTextResponse("try again", status_code=503)
        except Exception as broken:
            if not isinstance(broken, Refused):
                log.exception("event failed", channel=channel.name, kind=kind)
            await inbox.keep_failed(
                self._rt.db,
                self._rt.vault,
                channel.name,
                kind,
                inbox.digest_id(raw),
                raw,
                str(broken) or repr(broken),
            )
            return Response()

    async def _read(self, request: Request) -> tuple[Channel | None, Form, bytes, Response | None]:
        """The channel of the path and the form of the body; or the response that ends it here."""
        channel = self._rt.channels.get(request.path_params["channel"])
        given = request.path_params["secret"].encode()
        if channel is None or not hmac.compare_digest(given, channel.secret.encode()):
            return None, {}, b"", _not_found()
        raw = await _body(request) if request.method == "POST" else request.url.query.encode()
        if raw is None:
            return None, {}, b"", PlainTextResponse("too large", status_code=413)
        try:
            form = dict(parse_qsl(raw.decode(), keep_blank_values=True))
        except UnicodeDecodeError:
            form = dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True))
        if channel.sms and not channel.sms.authentic(
            self._public_url(request), dict(request.headers), form
        ):
            log.warning(
                "forged webhook", channel=channel.name, path=request.url.path.rsplit("/", 1)[-1]
            )
            return None, {}, b"", PlainTextResponse("the signature does not hold", status_code=403)
        return channel, form, raw, None

    def _public_url(self, request: Request) -> str:
        """The address the provider was told, which is what it signs: never what a proxy makes of it."""
        query = f"?{request.url.query}" if request.url.query else ""
        return f"{self._rt.settings.public_url.rstrip('/')}{request.url.path}{query}"

    def _sorry(self) -> str:
        language = self._rt.settings.countries[self._rt.settings.region].language
        return self._rt.books[language].say("ussd.sorry")


async def _body(request: Request) -> bytes | None:
    """The body; None when it is larger than any provider's event."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > BODY_BYTES_MAX:
        return None
    chunks, size = list[bytes](), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_BYTES_MAX:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _screen(body: bytes) -> Response:
    return Response(body, media_type="text/plain; charset=utf-8")


def _not_found() -> Response:
    return PlainTextResponse("not found", status_code=404)
