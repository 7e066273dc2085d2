"""The providers' webhooks: plain routes with a secret per channel and the provider's own format.

Every event that can be stored gets its 200, or providers would repeat it for hours. A 5xx is the
answer only when the event could not be kept anywhere, so that the provider sends it again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from uuid import uuid4

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.api.edge.protocol import prove
from gateway.api.webhooks import webhook_auth
from gateway.api.webhooks.intake import Intake
from gateway.api.webhooks.webhook_auth import WebhookCall
from gateway.base.errors import Failed, Refused, Unclear
from gateway.base.forms import body_of, fields
from gateway.sms.port import TellsSubscriptions
from gateway.steps.messages.receipts import receipt_id
from gateway.steps.payouts.callback import callback, provider_callback, validate
from gateway.steps.people.pin_input import step_to_keep
from gateway.steps.runtime import Channel, Runtime
from gateway.steps.turns import events
from gateway.steps.turns.arrival.split_calls import sort
from gateway.steps.turns.session_end import hang_up
from gateway.steps.turns.ussd_deadline import answer_in_time
from gateway.store.db import AWAY
from gateway.store.turns import inbox
from gateway.ussd.port import STEP_ID, ShownScreen, UssdChannel, UssdStep, is_end
from gateway.ussd.transcript import is_new

log = structlog.get_logger()


def routes(rt: Runtime, intake: Intake) -> list[Route]:
    """Return the webhook routes over one runtime."""
    hooks = Webhooks(rt, intake)
    methods = ["POST", "GET"]
    made = [
        Route("/in/{channel}/{secret}/ussd", hooks.ussd, methods=methods),
        Route("/in/{channel}/{secret}/sms", hooks.sms, methods=methods),
        Route("/in/{channel}/{secret}/receipt", hooks.receipt, methods=methods),
        Route("/in/{channel}/{secret}/session-end", hooks.session_end, methods=methods),
        Route("/in/{channel}/{secret}/opt-out", hooks.opt_out, methods=methods),
        Route("/in/{channel}/{secret}/subscription", hooks.subscription, methods=methods),
        Route("/hooks/p/{token}", hooks.payout, methods=["POST", "PUT"]),
        Route("/hooks/o/{provider}/{secret}", hooks.operator, methods=["POST", "PUT"]),
        Route("/hooks/o/{provider}/{secret}/validate", hooks.validation, methods=["POST"]),
    ]
    for route in made:
        # Starlette accepts HEAD with every GET, and it would have the same effects.
        route.methods = {method for method in route.methods or () if method != "HEAD"}
    return made


class Webhooks:
    """The handlers of webhooks, one method per kind of event.

    An accepted event is answered by the channel's thanks, because some providers text any words in
    the answer to the phone.
    """

    def __init__(self, rt: Runtime, intake: Intake) -> None:
        self._rt, self._intake, self._admission = rt, intake, intake.admission

    async def sms(self, request: Request) -> Response:
        return await self._sorted(request, "sms")

    async def receipt(self, request: Request) -> Response:
        return await self._sorted(request, "receipt")

    async def _sorted(self, request: Request, address: str) -> Response:
        """Take each message and each report of a call.

        Some providers send several in one call, or both kinds to one address.
        """
        call = await webhook_auth.read_call(self._rt, request)
        if isinstance(call, Response):
            return call
        if call.channel.sms is None:
            return webhook_auth.unauthorized_answer(request, "no such side")
        away: Response | None = None
        for kind, raw in sort(call.channel, address, call.raw):
            one = call if raw is call.raw else replace(call, form=fields(raw), raw=raw)
            take = self._take_sms if kind == "sms" else self._take_receipt
            away = await self._run(request, one, kind, partial(take, request)) or away
        # After a 503 the provider repeats the call, and the events that were taken are recognised.
        return away or _thanks(call.channel)

    async def _take_sms(self, request: Request, call: WebhookCall) -> None:
        assert call.channel.sms is not None
        sms = call.channel.sms_in(call.form)
        if not await self._intake.sms(call.channel, sms, call.raw):
            request.state.outcome = "repeated"

    async def _take_receipt(self, request: Request, call: WebhookCall) -> None:
        assert call.channel.sms is not None
        receipt = call.channel.sms.parse_receipt(call.form)
        try:
            await events.process_event(self._rt, call.channel, "receipt", call.raw)
        except AWAY:
            await self._intake.keep(call.channel.name, "receipt", receipt_id(receipt), call.raw)

    async def opt_out(self, request: Request) -> Response:
        return await self._taken(request, "opt-out", self._or_keep("opt-out"))

    async def subscription(self, request: Request) -> Response:
        return await self._taken(request, "subscription", self._or_keep("subscription"))

    def _or_keep(self, kind: str) -> Callable[[WebhookCall], Awaitable[None]]:
        """Return a handler that processes an event now, or keeps it while the database is away."""

        async def take(call: WebhookCall) -> None:
            try:
                await events.process_event(self._rt, call.channel, kind, call.raw)
            except AWAY:
                await self._intake.keep(
                    call.channel.name, kind, inbox.digest_id(call.raw), call.raw
                )

        return take

    async def session_end(self, request: Request) -> Response:
        return await self._taken(request, "session-end", self._end)

    async def _end(self, call: WebhookCall) -> None:
        assert call.channel.ussd is not None
        await hang_up(self._rt, call.channel, call.channel.ussd.parse_end(call.form))

    async def ussd(self, request: Request) -> Response:
        call = await webhook_auth.read_call(self._rt, request)
        if isinstance(call, Response):
            return call
        channel = call.channel
        if channel.ussd is None:
            return webhook_auth.unauthorized_answer(request, "no such side")
        if is_end(channel.ussd, call.form):
            return await self._run(request, call, "session-end", self._end) or Response()
        try:
            call.must_be_readable()
            call, step = _step(call)
            if not self._admission.admits(new=is_new(step)):
                request.state.outcome = "turned away"
                return _screen(channel.ussd, call, last_screen(self._rt, "ussd.busy"))
            keep = partial(self._keep_step, channel, call.raw)
            with self._admission.taken():
                shown = await answer_in_time(self._rt, channel, step, call.raw, keep)
            return _screen(channel.ussd, call, shown)
        except Refused as bad:
            state = "unclear" if isinstance(bad, Unclear) else "failed"
            await self._keep_failed_step(request, call, str(bad), state)
        except Exception as broken:
            log.exception("ussd step failed", channel=channel.name)
            await self._keep_failed_step(request, call, repr(broken), "failed")
        return _screen(channel.ussd, call, last_screen(self._rt, "ussd.sorry"))

    async def _keep_failed_step(
        self, request: Request, call: WebhookCall, why: str, state: str
    ) -> None:
        """Keep a step that failed, if possible.

        On a full disk the phone still gets its polite screen.
        """
        try:
            await self._keep_failed(
                request, replace(call, raw=step_to_keep(call.channel, call.raw)), "ussd", why, state
            )
        except Exception as bad:  # noqa: BLE001  # whatever failed, the phone gets its screen
            log.error("a failed ussd step is not kept", channel=call.channel.name, why=repr(bad))

    async def _keep_step(self, channel: Channel, raw: bytes, event_id: str) -> None:
        await self._intake.keep(channel.name, "ussd", event_id, raw)

    async def payout(self, request: Request) -> Response:
        raw = await request.body()
        known = await callback(self._rt, request.path_params["token"], raw, dict(request.headers))
        if not known:
            return webhook_auth.unauthorized_answer(request, "token")
        prove(request.scope)
        return Response()

    async def operator(self, request: Request) -> Response:
        """Take the callback of a payout operator whose portal has one address for all payouts."""
        call = await webhook_auth.operator(self._rt, request)
        if isinstance(call, Response):
            return call
        await provider_callback(self._rt, *call, dict(request.headers))
        return Response()

    async def validation(self, request: Request) -> Response:
        """Answer an operator that asks, before it pays, whether the gateway ordered the payment."""
        call = await webhook_auth.operator(self._rt, request)
        if isinstance(call, Response):
            return call
        answer = await validate(self._rt, *call)
        if not answer:
            return webhook_auth.unauthorized_answer(request, "not ordered")
        return Response(answer, media_type="application/json")

    async def _taken(
        self, request: Request, kind: str, take: Callable[[WebhookCall], Awaitable[None]]
    ) -> Response:
        """Run a handler. An event that it cannot process is kept unchanged in the inbox."""
        call = await webhook_auth.read_call(self._rt, request)
        if isinstance(call, Response):
            return call
        if not _has_side(call.channel, kind):
            return webhook_auth.unauthorized_answer(request, "no such side")
        return await self._run(request, call, kind, take) or _thanks(call.channel)

    async def _run(
        self,
        request: Request,
        call: WebhookCall,
        kind: str,
        take: Callable[[WebhookCall], Awaitable[None]],
    ) -> Response | None:
        """Run a handler on one event. Return a response only if the provider must send it again."""
        try:
            call.must_be_readable()
            await take(call)
        except (Failed, *AWAY) as away:
            log.error(
                "event could not be kept", channel=call.channel.name, kind=kind, why=str(away)
            )
            return PlainTextResponse("try again", status_code=503)
        except Refused as bad:
            await self._keep_failed(request, call, kind, str(bad))
        except Exception as broken:
            log.exception("event failed", channel=call.channel.name, kind=kind)
            await self._keep_failed(request, call, kind, str(broken) or repr(broken))
        return None

    async def _keep_failed(
        self, request: Request, call: WebhookCall, kind: str, why: str, state: str = "failed"
    ) -> None:
        """Keep an event in the inbox as failed.

        With the database away it is kept as waiting, and will be tried and fail again.
        """
        request.state.outcome = "kept"
        event_id = inbox.digest_id(call.raw)
        name = call.channel.name
        log.info("event is kept", channel=name, kind=kind, event_id=event_id, state=state)
        try:
            await inbox.keep_failed(
                self._rt.db, self._rt.vault, name, kind, event_id, call.raw, why, state
            )
        except AWAY:
            await self._intake.keep(name, kind, event_id, call.raw)


def last_screen(rt: Runtime, key: str) -> ShownScreen:
    """Return a screen that ends an unknown session, in the language of the region."""
    language = rt.settings.countries[rt.settings.region].language
    return ShownScreen(rt.books[language].say(key), end=True)


def _has_side(channel: Channel, kind: str) -> bool:
    """Return whether the channel takes this kind of event."""
    if kind == "session-end":
        return channel.ussd is not None
    return channel.sms is not None and (
        kind != "subscription" or isinstance(channel.sms, TellsSubscriptions)
    )


def _thanks(channel: Channel) -> Response:
    if channel.sms is None:
        return Response()
    return Response(channel.sms.thanks.body, media_type=channel.sms.thanks.media_type)


def _step(call: WebhookCall) -> tuple[WebhookCall, UssdStep]:
    """Return the step of a call.

    A step without a number of its provider is numbered here, and is kept with its number.
    """
    step = call.channel.step_in(call.form)
    if step.newest is None or step.id:
        return call, step
    form = {**call.form, STEP_ID: uuid4().hex}
    return replace(call, form=form, raw=body_of(form)), call.channel.step_in(form)


def _screen(ussd: UssdChannel, call: WebhookCall, shown: ShownScreen) -> Response:
    reply = ussd.render(shown.text, end=shown.end, form=call.form)
    return Response(reply.body, media_type=reply.media_type, headers=dict(reply.headers))
