"""The command `gateway impact`."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.json_output import Json, PdfOut, write_file, write_json
from gateway.workers.impact.report import ImpactReport

_DAY = ["%Y-%m-%d"]


def impact(
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=_DAY, help="The first day (UTC). Default: 1 January."),
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, help="The last day. Default: today.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write the page; - is stdout.")
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write the table; - is stdout.")] = None,
    pdf: PdfOut = None,
    json: Json = None,
) -> None:
    """Report a period: workers reached, trained and paid, groups, shares, pay and reinvestment.

    Money comes from the ledger alone. Small groups are left out.
    """
    from gateway.cli.people.impact.as_csv import as_csv
    from gateway.cli.people.impact.as_html import as_html
    from gateway.cli.people.impact.as_pdf import as_pdf
    from gateway.cli.serving import with_runtime
    from gateway.steps.people.impact import impact_report

    to = (last or datetime.now(UTC)).date()
    since = first.date() if first else to.replace(month=1, day=1)
    report = with_runtime(lambda rt: impact_report(rt, since, to))
    written = [
        _write(html, as_html(report).encode()) if html else False,
        _write(csv, "".join(as_csv(report)).encode()) if csv else False,
        _write(pdf, as_pdf(report)) if pdf else False,
        write_json(asdict(report), json),
    ]
    if not any(written):
        typer.echo("\n".join(_lines(report)))


def _write(path: Path, content: bytes) -> bool:
    if str(path) == "-":
        sys.stdout.write(content.decode())
        return True
    write_file(content, path)
    return True


def _lines(report: ImpactReport) -> list[str]:
    told = [f"Impact {report.first} to {report.last}"]
    for section in report.sections:
        told += ["", section.title]
        figures = (*section.figures, *(f for bars in section.bars for f in bars.figures))
        told += [f"  {figure.label:<36} {figure.shown}" for figure in figures]
        told += [f"  {section.note}"] if section.note else []
    return [*told, "", "How each figure is computed: gateway impact --csv -"]
