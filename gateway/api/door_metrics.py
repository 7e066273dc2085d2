"""The figures of the doors: what was refused, what callers dropped, how many connections this process has."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from gateway.api.counts import DISCONNECTED, Counts
from gateway.api.doors import Doors


def of(counts: Counts, doors: Doors) -> Iterator[Metric]:
    """Yield the figures."""
    refused = CounterMetricFamily(
        "gateway_door_refused",
        "Requests and connections that were refused at the door, by reason",
        labels=["reason"],
    )
    found = counts.refusals()
    for reason, count in found.items():
        if reason != DISCONNECTED:
            refused.add_metric([reason], count)
    yield refused
    yield CounterMetricFamily(
        "gateway_disconnected",
        "Requests whose caller hung up before its body had arrived",
        value=found.get(DISCONNECTED, 0),
    )
    if doors.connections is not None:
        yield GaugeMetricFamily(
            "gateway_connections", "Open connections", value=len(doors.connections)
        )
