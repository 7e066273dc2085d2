"""Each channel's health and cost, for /metrics."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from gateway.sms.prices import MICRO
from gateway.store.db import Row


def of(channels: Iterable[Row], bills: Iterable[Row], now: datetime) -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        "gateway_channel_messages", "Messages of a channel by state", labels=["channel", "state"]
    )
    oldest = GaugeMetricFamily(
        "gateway_channel_oldest_seconds",
        "How long the oldest message that is due on a channel has been waiting",
        labels=["channel"],
    )
    is_open = GaugeMetricFamily(
        "gateway_channel_breaker_open",
        "1 while a channel is left alone because it fails (or is being tried again)",
        labels=["channel"],
    )
    success = GaugeMetricFamily(
        "gateway_channel_last_success_timestamp_seconds",
        "When a provider last took a message of a channel",
        labels=["channel"],
    )
    for row in channels:
        name = row["channel"]
        for state in ("queued", "sending", "unknown"):
            waiting.add_metric([name, state], row[state])
        late_s = (now - row["oldest"]).total_seconds() if row["oldest"] else 0.0
        oldest.add_metric([name], max(0.0, late_s))
        is_open.add_metric([name], float(row["breaker"] != "closed"))
        if row["last_success_at"]:
            success.add_metric([name], row["last_success_at"].timestamp())
    yield from (waiting, oldest, is_open, success)
    yield from _bills(bills)


def _bills(bills: Iterable[Row]) -> Iterator[Metric]:
    labels = ["channel", "country", "network"]
    segments = CounterMetricFamily(
        "gateway_sms_segments", "SMS segments that providers took", labels=labels
    )
    cost = CounterMetricFamily(
        "gateway_sms_cost", "What they cost, in major units", labels=[*labels, "currency"]
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
