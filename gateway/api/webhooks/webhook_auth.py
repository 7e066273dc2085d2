"""The checks of a provider's call: the secret in its address, its method, and its signature.

A call that fails a check has no effect, and is counted by the reason. The body is read after the
secret was checked, and the entrance limits it (`bodies`).
"""

import hmac
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from gateway.api.edge.protocol import prove
from gateway.base import forms, logs
from gateway.base.errors import Refused
from gateway.sms.port import TakesGetEvents, Webhook
from gateway.steps.runtime import Channel, Runtime
from gateway.ussd import port as ussd

_EVENTS = ("ussd", "sms", "receipt", "session-end", "opt-out", "subscription", "validate")
"""The last parts of webhook addresses that are not secrets."""


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """A call that passed the checks.

    `raw` is the body, or the query of a GET, with its content type where that matters
    (`forms.envelope`). `fault` is the reason why no field of it can be read.
    """

    channel: Channel
    form: dict[str, str]
    raw: bytes
    fault: Refused | None = None

    def must_be_readable(self) -> None:
        """Raise the reason when no field of the call can be read."""
        if self.fault:
            raise self.fault


async def read_call(rt: Runtime, request: Request) -> WebhookCall | Response:
    """Return the call, or the response that refuses it."""
    channel = rt.channels.get(request.path_params["channel"])
    if channel is None:
        return unauthorized_answer(request, "channel")
    given = request.path_params["secret"].encode()
    if not hmac.compare_digest(given, channel.secret.get_secret_value().encode()):
        return unauthorized_answer(request, "secret")
    prove(request.scope)
    if request.method == "GET" and not takes_get(channel, request.url.path):
        request.state.reason = "method"
        return PlainTextResponse("POST only", status_code=405, headers={"Allow": "POST"})
    body = await request.body() if request.method == "POST" else request.scope["query_string"]
    raw = forms.envelope(request.headers.get("content-type", "") if body else "", body)
    pairs, fault = _fields(raw)
    # The fields of a GET are part of its address, and are signed there.
    signed = pairs if request.method == "POST" else []
    if channel.sms and not channel.sms.authentic(
        Webhook(_public_url(rt, request), request.headers, signed, body)
    ):
        event = request.url.path.rsplit("/", 1)[-1]
        logs.seldom.warning(
            "forged webhook", channel=channel.name, path=event, address=address_of(request)
        )
        unauthorized_answer(request, "signature")
        return PlainTextResponse("the signature does not hold", status_code=403)
    return WebhookCall(channel, dict(pairs), raw, fault)


def _fields(raw: bytes) -> tuple[list[tuple[str, str]], Refused | None]:
    """Return the fields of a body, or none and the reason when it cannot be read.

    An unreadable body is kept unchanged.
    """
    try:
        return forms.pairs(raw), None
    except Refused as bad:
        return [], bad


async def operator(rt: Runtime, request: Request) -> tuple[str, bytes] | Response:
    """Return the payout provider of the path and the body, or a refusal of a wrong secret."""
    provider = request.path_params["provider"]
    known = rt.settings.providers.get(provider)
    secret = known.secret.get_secret_value() if known and known.secret else ""
    given = request.path_params["secret"].encode()
    if not secret or not hmac.compare_digest(given, secret.encode()):
        return unauthorized_answer(request, "secret")
    prove(request.scope)
    return provider, await request.body()


def takes_get(channel: Channel, path: str) -> bool:
    """Return whether the channel's provider may send this event in the address of a GET."""
    if path.endswith(("/ussd", "/session-end")):
        return isinstance(channel.ussd, ussd.TakesGetSteps) and channel.ussd.takes_get
    return isinstance(channel.sms, TakesGetEvents)


def address_of(request: Request) -> str:
    """Return the address of the caller."""
    return request.client.host if request.client else "unknown"


def unauthorized_answer(request: Request, reason: str) -> Response:
    """Return the answer to an unknown caller.

    Every guess gets an identical answer. The reason is for the metric only.
    """
    request.state.reason = reason
    # The path's secret is not logged, because a near miss would help a reader of the log.
    logs.seldom.warning(
        "a webhook call is refused",
        reason=reason,
        kind=kind if (kind := request.url.path.rsplit("/", 1)[-1]) in _EVENTS else "payout",
        address=address_of(request),
    )
    return PlainTextResponse("not found", status_code=404)


def _public_url(rt: Runtime, request: Request) -> str:
    """Return the address that the provider was given, which is the one it signs.

    A proxy may have changed the address of the request itself.
    """
    path, query = request.scope["path"], request.scope["query_string"].decode("latin-1")
    return f"{rt.settings.public_url.rstrip('/')}{path}{'?' if query else ''}{query}"
