"""The page /metrics for Prometheus: gauges counted from the rows, and counts of webhook events.

The counters are those of `gateway.api.edge.counts`. Figures from the rows are kept for some
seconds, so that several scrapers cost the database no more than one.
"""

import time
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.contract.told import losses
from gateway.api.edge.counts import Counts
from gateway.api.edge.doors import Dispatcher
from gateway.api.edge.refusals import DoorRefusal
from gateway.api.monitoring import channel_metrics, door_metrics, money_metrics
from gateway.base import logs
from gateway.base.errors import Failed
from gateway.steps.housekeeping import archive
from gateway.steps.runtime import Runtime
from gateway.store import health
from gateway.store.db import Row, ping
from gateway.store.messages import channel_health, outbox
from gateway.store.messages.channel_health import ChannelHealth
from gateway.store.payouts import reserves
from gateway.store.payouts.reserves import ReserveCheck
from gateway.store.retention import months

_KEPT_S = 5.0
_PAYOUTS = "payouts"
# The meaning of a webhook's answer, unless its handler names another outcome (repeated, kept, put
# off). 404 means an unknown channel or payout, or a wrong secret or signature: a forgery, or an
# address that was pasted wrongly.
_OUTCOMES = {
    200: "taken",
    400: "unreadable",
    403: "forged",
    404: "forged",
    405: "unreadable",
    408: "too slow",
    413: "too large",
    503: "put off",
}


class Metrics:
    """The metrics of one API process."""

    def __init__(self, rt: Runtime, counts: Counts, doors: Dispatcher) -> None:
        self._rt = rt
        self._doors = doors
        self._registry = CollectorRegistry()
        self._counts = counts
        self._figures: health.HealthFigures | None = None
        self._channels: list[ChannelHealth] = []
        self._bills: list[Row] = []
        self._reserves: list[ReserveCheck] = []
        self._refused = self._missing = self._due = 0
        self._read_at = 0.0
        self._registry.register(self)  # pyright: ignore[reportArgumentType]  # a collector by its shape

    async def answer(self, request: Request) -> Response:
        now = time.monotonic()
        if self._figures is None or now - self._read_at > _KEPT_S:
            try:
                await ping(self._rt.db)
                self._figures = await health.figures(self._rt.db)
                self._channels = await channel_health.channels(
                    self._rt.db, self._rt.channels, self._rt.clock.now()
                )
                self._bills = await outbox.bills(self._rt.db)
                self._reserves = await reserves.last_checks(self._rt.db)
                self._missing = len(await months.missing(self._rt.db, months.WARN_AHEAD))
                self._due = len(await archive.due_months(self._rt))
                self._refused = await self._rt.jobs.refused()
            except Failed as away:
                return PlainTextResponse(str(away), status_code=503)
            self._read_at = now
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)

    def collect(self) -> Iterator[Metric]:
        yield from door_metrics.of(self._counts, self._doors)
        found = self._figures
        if found is None:
            return
        yield self._counts.family()
        yield from channel_metrics.of(self._channels, self._bills, self._rt.clock.now())
        yield _by_state(
            "gateway_outbox", "Outgoing messages that are not over, by state", found.outbox
        )
        yield _one(
            "gateway_outbox_oldest_seconds",
            "The waiting time of the oldest message that is due",
            found.outbox_oldest_s or 0.0,
        )
        yield _by_state(
            "gateway_inbox",
            "Inbound events that are not done, by state",
            found.inbox,
            ("failed", "unclear"),
        )
        yield _by_state(
            "gateway_payouts_open", "Payouts on their way, by state", found.payouts_open
        )
        yield _one(
            "gateway_payouts_oldest_seconds",
            "Age of the oldest payout on its way",
            found.payouts_oldest_s or 0.0,
        )
        yield from money_metrics.of(self._reserves)
        yield _by_state("gateway_batches", "Batches by state", found.batches, ("running",))
        yield _by_state("gateway_workers", "Workers by state", found.workers, ("active",))
        yield _one(
            "gateway_log_lines_lost", "Log lines that this process could not write", logs.lost()
        )
        yield _one(
            "gateway_response_losses",
            "Responses of this process that were not as the document of the API says",
            losses(),
        )
        yield _one(
            "gateway_jobs_refused",
            "Jobs in Redis that did not come from the gateway and were removed",
            self._refused,
        )
        yield _one(
            "gateway_months_missing",
            "Parts for this month and the next that the ticker has not made",
            self._missing,
        )
        yield _one(
            "gateway_months_due",
            "Months that are older than the settings allow: gateway archive",
            self._due,
        )
        yield _one(
            "gateway_answers",
            "Number of the last answer; a few numbers are left out",
            found.answers,
        )

    def counted(self, route: Route) -> Route:
        """Return the webhook route with a wrapper that counts its answers."""
        route.app = self._counting(route.app)
        return route

    def _counting(self, app: ASGIApp) -> ASGIApp:
        async def counting(scope: Scope, receive: Receive, send: Send) -> None:
            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._count(scope, message["status"])
                await send(message)

            try:
                await app(scope, receive, sending)
            except DoorRefusal as refusal:
                self._count(scope, refusal.status_code)
                raise

        return counting

    def _count(self, scope: Scope, status: int) -> None:
        channel = scope["path_params"].get("channel", _PAYOUTS)
        if channel != _PAYOUTS and channel not in self._rt.channels:
            channel = "unknown"  # Callers can invent names, which must not become series.
        event = "payout" if channel == _PAYOUTS else scope["path"].rpartition("/")[2]
        told = scope.get("state", {})
        outcome = told.get("outcome") or _OUTCOMES.get(status, "error")
        self._counts.add((channel, event, outcome, told.get("reason", "")))


def _by_state(
    name: str, said: str, counts: Mapping[str, int], always: tuple[str, ...] = ()
) -> GaugeMetricFamily:
    """Return a gauge with one value per state.

    The states in `always` are reported even when they are 0, so that an alarm can watch them.
    """
    family = GaugeMetricFamily(name, said, labels=["state"])
    for state, number in {**dict.fromkeys(always, 0), **counts}.items():
        family.add_metric([state], number)
    return family


def _one(name: str, said: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, said, value=value)
