"""The metrics of the money for workers, from the last comparison of each currency."""

from collections.abc import Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric

from gateway.store.payouts.reserves import ReserveCheck


def of(checks: Sequence[ReserveCheck]) -> Iterator[Metric]:
    """Yield what is owed, what stands ready, and whether it is too little, by currency."""
    owed = _gauge("gateway_owed_minor", "What workers and partners are owed, in minor units")
    cover = _gauge("gateway_cover_minor", "Floats and reserves that stand ready, in minor units")
    short = _gauge("gateway_cover_short", "1 while floats and reserves are below what is owed")
    checked = _gauge("gateway_cover_checked_seconds", "The time of the last comparison (Unix)")
    for check in checks:
        labels = [check.currency]
        owed.add_metric(labels, check.owed_minor)
        cover.add_metric(labels, check.cover_minor)
        short.add_metric(labels, int(check.short_since is not None))
        checked.add_metric(labels, check.checked_at.timestamp())
    yield from (owed, cover, short, checked)


def _gauge(name: str, said: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, said, labels=["currency"])
