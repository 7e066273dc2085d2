"""Each channel's health and cost, for /metrics."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from gateway.sms.prices import MICRO
from gateway.store.db import Row
from gateway.store.messages.channel_health import ChannelHealth


def of(channels: Iterable[ChannelHealth], bills: Iterable[Row], now: datetime) -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        "gateway_channel_messages", "Messages of a channel by state", labels=["channel", "state"]
    )
    oldest = GaugeMetricFamily(
        "gateway_channel_oldest_seconds",
        "The waiting time of the oldest message that is due on a channel",
        labels=["channel"],
    )
    is_open = GaugeMetricFamily(
        "gateway_channel_breaker_open",
        "1 while a channel is paused because it fails (or is being tried again)",
        labels=["channel"],
    )
    success = GaugeMetricFamily(
        "gateway_channel_last_success_timestamp_seconds",
        "The time when a provider last accepted a message of a channel",
        labels=["channel"],
    )
    came = GaugeMetricFamily(
        "gateway_channel_last_in_timestamp_seconds",
        "The time when an SMS or a USSD step last came in over a channel",
        labels=["channel"],
    )
    errors = GaugeMetricFamily(
        "gateway_channel_error_ratio",
        "The share of a channel's messages of the last hour that did not arrive (refused, given up, unknown, failed)",
        labels=["channel"],
    )
    broken = GaugeMetricFamily(
        "gateway_channel_inbox_failed",
        "Events of a channel that could not be processed (gateway inbox)",
        labels=["channel"],
    )
    for one in channels:
        labels = [one.channel]
        for state, number in (
            ("queued", one.queued),
            ("sending", one.sending),
            ("unknown", one.unknown),
        ):
            waiting.add_metric([*labels, state], number)
        oldest.add_metric(labels, one.oldest_s(now))
        is_open.add_metric(labels, float(one.breaker != "closed"))
        errors.add_metric(labels, one.error_rate or 0.0)
        broken.add_metric(labels, one.events_failed)
        if one.last_out:
            success.add_metric(labels, one.last_out.timestamp())
        if one.last_in:
            came.add_metric(labels, one.last_in.timestamp())
    yield from (waiting, oldest, is_open, success, came, errors, broken)
    yield from _bills(bills)


def _bills(bills: Iterable[Row]) -> Iterator[Metric]:
    labels = ["channel", "country", "network"]
    segments = CounterMetricFamily(
        "gateway_sms_segments", "SMS segments that providers accepted", labels=labels
    )
    cost = CounterMetricFamily(
        "gateway_sms_cost",
        "The cost of these segments, in major units",
        labels=[*labels, "currency"],
    )
    for row in bills:
        place = [row["channel"], row["country"], row["network"]]
        cost.add_metric([*place, row["currency"]], row["micro"] / MICRO)
    sums: dict[tuple[str, ...], int] = {}
    for row in bills:
        key = (row["channel"], row["country"], row["network"])
        sums[key] = sums.get(key, 0) + row["segments"]
    for key, number in sums.items():
        segments.add_metric(list(key), number)
    yield from (segments, cost)
