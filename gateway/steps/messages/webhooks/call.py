"""The job that calls clients' webhooks."""

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Final

import aiohttp
import structlog

from gateway.base import logs
from gateway.base.errors import OtherKey
from gateway.base.failpoints import reach
from gateway.base.net import outside
from gateway.base.net.outbound import read_limited
from gateway.base.net.webhook_signature import signed_headers
from gateway.steps.messages.webhooks.receivers import permitted_receivers
from gateway.steps.messages.webhooks.schedule import (
    CALLS_MAX,
    DISABLED_AFTER,
    is_over,
    wait_after,
)
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.messages import webhook_deliveries
from gateway.store.messages.webhook_deliveries import DueCall

log = structlog.get_logger()

CALL_S: Final = 15.0
"""The seconds that a receiver has to answer."""
ANSWER_BYTES_MAX: Final = 1_000
"""The bytes of an answer that are kept for the client."""
_LEASE = timedelta(seconds=60)
_AT_ONCE = 64
# One run ends before RQ's time-out.
_RUN_S = 60.0
_USER_AGENT = "gateway-webhooks/1"
_TIMEOUT = aiohttp.ClientTimeout(total=CALL_S, connect=5, sock_connect=5)
# The first that fits counts, because some of these errors are special cases of later ones.
_REASONS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (aiohttp.ConnectionTimeoutError, "no connection within 5 seconds"),
    (TimeoutError, f"no answer within {CALL_S:.0f} seconds"),
    (aiohttp.ClientConnectorDNSError, "the host name is not known"),
    (aiohttp.ClientConnectorCertificateError, "the certificate is not valid"),
    (aiohttp.ClientConnectorError, "no connection"),
)


async def call_webhooks(rt: Runtime) -> int:
    """Make the calls that are due, and return their number.

    The calls of one round are made at once, so a receiver that does not answer holds up others for
    at most `CALL_S`, and it gets one call per round.
    """
    until, made = time.monotonic() + _RUN_S, 0
    permitted = permitted_receivers(rt.settings)
    async with outside.session(permitted, timeout=_TIMEOUT) as http:
        while time.monotonic() < until:
            now = rt.clock.now()
            calls = await webhook_deliveries.claim(rt.db, now, now + _LEASE, _AT_ONCE)
            if not calls:
                return made
            reach("webhooks.claimed")
            await asyncio.gather(*(_call(rt, http, one) for one in calls))
            made += len(calls)
    rt.jobs.enqueue("call_webhooks")
    return made


async def _call(rt: Runtime, http: aiohttp.ClientSession, call: DueCall) -> None:
    with logs.bound(webhook=call.webhook, message=call.message):
        try:
            secrets = [rt.vault.open(one) for one in call.sealed_secrets]
        except OtherKey:
            log.warning("a webhook's secret was sealed with another key")
            return
        status, answer = await _post(rt, http, call, secrets)
        reach("webhooks.called")
        await until_settled(lambda: _settle(rt, call, status, answer))


async def _post(
    rt: Runtime, http: aiohttp.ClientSession, call: DueCall, secrets: Sequence[str]
) -> tuple[int | None, str]:
    """Make one call. Return the status, or None without an answer, and the answer or the reason."""
    body = call.body.encode()
    headers = {"Content-Type": "application/json", "User-Agent": _USER_AGENT}
    headers |= signed_headers(secrets, call.message, int(rt.clock.now().timestamp()), body)
    try:
        async with http.post(call.url, data=body, headers=headers, allow_redirects=False) as reply:
            said = await read_limited(reply.content, ANSWER_BYTES_MAX)
            return reply.status, said.decode("utf-8", "replace").replace("\0", "")
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as bad:
        return None, why_not_answered(bad)


def why_not_answered(error: BaseException) -> str:
    """Return the reason why a call has no answer, for the client.

    >>> why_not_answered(TimeoutError())
    'no answer within 15 seconds'
    >>> why_not_answered(outside.Forbidden("10.0.0.1", 443, "shop.example"))
    'the address leads into a private network'
    """
    cause = getattr(error, "os_error", error)
    if isinstance(cause, outside.Forbidden):
        return "the address leads into a private network"
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    return "the connection broke before an answer came"


async def _settle(rt: Runtime, call: DueCall, status: int | None, answer: str) -> None:
    now = rt.clock.now()
    async with rt.db.transaction() as db:
        if status is not None and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            await webhook_deliveries.delivered(db, call, status, answer)
            return
        if status == HTTPStatus.GONE:
            await webhook_deliveries.failed(db, call, status, answer, now)
            because = "the receiver answered 410 Gone"
            await webhook_deliveries.disable(db, call.webhook, because)
            return
        if call.attempt >= CALLS_MAX:
            await webhook_deliveries.failed(db, call, status, answer, now)
        else:
            again_at = now + wait_after(call.attempt, random.random())  # noqa: S311  # a jitter
            await webhook_deliveries.failed_for_now(
                db, call, status, answer, now=now, again_at=again_at
            )
        if is_over(call.failing_since, now):
            because = f"every call has failed for {DISABLED_AFTER.days} days"
            await webhook_deliveries.disable(db, call.webhook, because)
            log.warning("a webhook was disabled", webhook=call.webhook, because=because)
