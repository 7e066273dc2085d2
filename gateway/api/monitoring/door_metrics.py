"""The metrics of the entrance: refused requests, dropped requests, and open connections."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from gateway.api.edge.counts import DISCONNECTED, Counts
from gateway.api.edge.doors import Dispatcher


def of(counts: Counts, doors: Dispatcher) -> Iterator[Metric]:
    """Yield the metrics."""
    refused = CounterMetricFamily(
        "gateway_door_refused",
        "Requests and connections that were refused at the entrance, by reason",
        labels=["reason"],
    )
    found = counts.refusals()
    for reason, count in found.items():
        if reason != DISCONNECTED:
            refused.add_metric([reason], count)
    yield refused
    yield CounterMetricFamily(
        "gateway_disconnected",
        "Requests whose caller disconnected before the body had arrived",
        value=found.get(DISCONNECTED, 0),
    )
    if doors.connections is not None:
        yield GaugeMetricFamily(
            "gateway_connections", "Open connections", value=len(doors.connections)
        )
