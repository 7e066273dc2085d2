"""The quality report of a batch as a page with a chart, as CSV, and as plain text."""

from collections.abc import Iterator
from dataclasses import asdict
from html import escape
from typing import Any

from gateway.base.money import amount_text
from gateway.base.tabular import CsvWriter
from gateway.qa.checks.interval import ErrorShare
from gateway.steps.batches.checks.report import FiveStepReport, StepReport, percent, word_on

TITLES = {
    "qualification": "1. Qualification",
    "gold": "2. Hidden gold",
    "redundancy": "3. Redundancy",
    "review": "4. Paid review",
    "audit": "5. Audit",
}
COLUMNS = (
    "step", "used", "caught", "cost_minor", "currency", "segments", "remaining_error", "low", "high", "errors", "sample", "measured",
)  # fmt: skip
_ROW_PX, _LEFT_PX, _WIDTH_PX, _TOP_PX = 34, 150, 640, 24
STACKED = (
    "@media(max-width:40rem){table.stacked tr:first-child:has(th+th),table.stacked thead{display:none}"
    "table.stacked,table.stacked tbody,table.stacked tr,table.stacked th,table.stacked td{display:block;width:auto;text-align:left}"
    "table.stacked th,table.stacked td{border:0;padding:.15rem 0}table.stacked tr{border-bottom:1px solid #ccc;padding:.5rem 0}"
    "table.stacked td[data-head]::before{content:attr(data-head) ': ';color:#555}}"
)
"""The style of a wide table, which stacks its cells below each other on a narrow screen."""
_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;"
    "border-bottom:1px solid #ccc}ul{margin:0;padding-left:1.1rem}.unused{color:#666}svg{max-width:100%}"
    "code{overflow-wrap:anywhere}" + STACKED
)


def as_data(report: FiveStepReport) -> dict[str, Any]:
    """Return the report for JSON."""
    data = asdict(report)
    for step, one in zip(data["steps"], report.steps, strict=True):
        step["caught"] = dict(one.caught)
        step["title"] = TITLES[one.name]
    data["acceptance"]["sentence"] = word_on(report.acceptance)
    return data


def as_csv(report: FiveStepReport) -> str:
    """Return the report as CSV, one line per step. An unknown figure is an empty cell."""
    writer = CsvWriter()
    return writer.row(COLUMNS) + "".join(
        writer.row(
            [
                one.name,
                str(one.used).lower(),
                "; ".join(f"{words}: {number}" for words, number in one.caught),
                _cell(one.cost_minor),
                report.currency,
                _cell(one.segments),
                *_cells(one.remaining),
                one.measured,
            ]
        )
        for one in report.steps
    )


def _cell(number: int | None) -> object:
    return "" if number is None else number


def _cells(share: ErrorShare | None) -> list[object]:
    if share is None:
        return [""] * 5
    rounded = [round(one, 5) for one in (share.share, share.low, share.high)]
    return [*rounded, share.errors, share.sample]


def as_text(report: FiveStepReport) -> str:
    """Return the report as lines for a terminal."""
    lines = [f"{report.batch}  {report.name}  ({report.state}, step: {report.stage})"]
    for one in report.steps:
        lines.append(f"{TITLES[one.name]}{'' if one.used else ' - not used'}")
        lines += [f"    {number:,} {words}" for words, number in one.caught]
        if one.used:
            lines.append(f"    cost: {_cost(one, report.currency)}")
        lines.append(f"    error left: {error_words(one.remaining)} ({one.measured})")
    lines += [
        f"sample {one.round}: seed {one.seed}, {one.size} of {one.population}"
        for one in report.audits
    ]
    return "\n".join([*lines, *_sentences(report)])


def _sentences(report: FiveStepReport) -> Iterator[str]:
    if report.promise is not None:
        kept = {True: "kept", False: "NOT kept", None: "not measured yet"}[report.keeps_promise]
        yield f"Promise: {percent(report.promise)} right. It is {kept}."
    if report.expected_error is not None:
        yield (
            f"The confidences of the results imply {percent(report.expected_error)} errors. This is an expectation and "
            "no measurement."
        )
    if report.before_appeals is not None:
        yield f"Errors left when the audit ended: {error_words(report.before_appeals)}."
        yield (
            f"Results changed by upheld appeals since: {report.changed_by_appeals}. Errors left after them: "
            f"{error_words(report.after_appeals)}."
        )
    yield word_on(report.acceptance)


def error_words(share: ErrorShare | None) -> str:
    """Return a share of errors with its interval in words.

    >>> error_words(None)
    'unknown'
    >>> error_words(ErrorShare(0.02, 0.0005, 0.106, 1, 50))
    '2.0 %, 95 % interval 0.1 % to 10.6 %'
    """
    if share is None:
        return "unknown"
    return f"{percent(share.share)}, 95 % interval {percent(share.low)} to {percent(share.high)}"


def _cost(one: StepReport, currency: str) -> str:
    money = "unknown (the time of persons)"
    if one.cost_minor is not None:
        money = amount_text(one.cost_minor, currency)
    segments = "an unknown number of" if one.segments is None else f"{one.segments:,}"
    return f"{money}, {segments} SMS segments"


def caught_list(one: StepReport) -> str:
    """Return what a step caught as a list in HTML. What did not occur is left out."""
    found = [(words, number) for words, number in one.caught if number]
    if not found:
        return "nothing yet"
    rows = "".join(f"<li>{escape(words)}: {number:,}</li>" for words, number in found)
    return f"<ul>{rows}</ul>"


def left_words(one: StepReport) -> str:
    """Return the error that a step left, in HTML, or why it is unknown."""
    if one.remaining is None:
        return f"<small>{escape(one.measured)}</small>"
    return f"{escape(error_words(one.remaining))}<br><small>{escape(one.measured)}</small>"


def as_page(report: FiveStepReport) -> str:
    """Return the report as one HTML page that loads nothing."""
    rows = "".join(_row(one, report.currency) for one in report.steps)
    samples = "".join(
        f"<li>Sample {one.round}: {one.size} of {one.population} decided tasks, seed <code>{escape(one.seed)}</code>. "
        f"Judged: {one.judged}, wrong: {one.errors}, unclear: {one.unclear}.</li>"
        for one in report.audits
    )
    sentences = "".join(f"<p>{escape(one)}</p>" for one in _sentences(report))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Quality of {escape(report.name)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>Quality of {escape(report.name)}</h1>"
        f"<p>Batch <code>{escape(report.batch)}</code>, {escape(report.state)}, step: {escape(report.stage)}</p>{sentences}"
        f"{chart(report)}<table class='stacked'><thead><tr><th>Step</th><th>What it caught</th><th>Cost</th><th>Error left</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>{f'<h2>Audits</h2><ul>{samples}</ul>' if samples else ''}</body></html>\n"
    )


def _row(one: StepReport, currency: str) -> str:
    title = escape(TITLES[one.name])
    if not one.used:
        return (
            f'<tr class="unused"><th>{title}</th><td colspan="3">{escape(one.measured)}</td></tr>'
        )
    cost = escape(_cost(one, currency))
    return (
        f'<tr><th>{title}</th><td data-head="What it caught">{caught_list(one)}</td>'
        f'<td data-head="Cost">{cost}</td><td data-head="Error left">{left_words(one)}</td></tr>'
    )


def chart(report: FiveStepReport) -> str:
    """Return an SVG with the error left after each step: a dot, and a line for its interval.

    A step without a measurement has a text instead.
    """
    known = [one.remaining.high for one in report.steps if one.remaining]
    most = max([*known, 0.01])
    height = _TOP_PX + _ROW_PX * len(report.steps) + 26
    drawn = "".join(_line(at, one, most) for at, one in enumerate(report.steps))
    axis = _TOP_PX + _ROW_PX * len(report.steps)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_WIDTH_PX} {height}" '
        f'font-family="sans-serif" font-size="13"><title>Share of errors left after each step, with 95 % intervals</title>'
        f'<line x1="{_LEFT_PX}" y1="{axis}" x2="{_WIDTH_PX - 20}" y2="{axis}" stroke="#888"/>'
        f'<text x="{_LEFT_PX}" y="{axis + 18}">0 %</text>'
        f'<text x="{_WIDTH_PX - 20}" y="{axis + 18}" text-anchor="end">{percent(most)}</text>{drawn}</svg>'
    )


def _line(at: int, one: StepReport, most: float) -> str:
    y = _TOP_PX + _ROW_PX * at + 12
    title = f'<text x="0" y="{y + 4}">{escape(TITLES[one.name])}</text>'
    if one.remaining is None:
        words = "unknown" if one.used else "not used"
        return f'{title}<text x="{_LEFT_PX}" y="{y + 4}" fill="#666">{words}</text>'
    low, dot, high = (
        _x(x, most) for x in (one.remaining.low, one.remaining.share, one.remaining.high)
    )
    return (
        f'{title}<line x1="{low:.1f}" y1="{y}" x2="{high:.1f}" y2="{y}" stroke="#1b6ca8" stroke-width="3"/>'
        f'<circle cx="{dot:.1f}" cy="{y}" r="5" fill="#1b6ca8"/>'
    )


def _x(share: float, most: float) -> float:
    return _LEFT_PX + (_WIDTH_PX - 20 - _LEFT_PX) * share / most
