"""The impact report as a table, one figure per row."""

from collections.abc import Iterator

from gateway.base.tabular import CsvWriter
from gateway.workers.impact.report import ImpactReport

COLUMNS = (
    "section",
    "key",
    "label",
    "value",
    "unit",
    "currency",
    "shown",
    "first",
    "last",
    "definition",
)


def as_csv(report: ImpactReport) -> Iterator[str]:
    """Yield the lines. `value` is empty where a figure is not published."""
    writer = CsvWriter(raw=False)
    yield writer.row(COLUMNS)
    for section, figure in report.rows():
        value = (
            ""
            if figure.value is None
            else f"{figure.value:.6g}"
            if figure.unit == "share"
            else figure.value
        )
        yield writer.row(
            (
                section.title,
                figure.key,
                figure.label,
                value,
                figure.unit,
                figure.currency,
                figure.shown,
                report.first,
                report.last,
                figure.definition,
            )
        )
