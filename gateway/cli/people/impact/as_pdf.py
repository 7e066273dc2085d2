"""The impact report as a PDF."""

from gateway.cli.pdf_pages import (
    GREEN,
    GREY,
    INK,
    MARGIN,
    RED,
    WIDTH,
    PdfPages,
    width_of,
)
from gateway.workers.impact.report import ImpactBars, ImpactFigure, ImpactReport, ImpactSection

_ROOM = WIDTH - 2 * MARGIN
_LABEL, _BAR = 120, 250
_COLUMNS = 3


def as_pdf(report: ImpactReport) -> bytes:
    """Return the file."""
    pages = PdfPages(f"Impact report {report.first} to {report.last}")
    pages.y -= 24
    pages.text("Impact report", MARGIN, 24, font="bold")
    pages.y -= 18
    pages.text(report.period, MARGIN, 10, GREY)
    for section in report.sections:
        _section(pages, section)
    pages.needs(60)
    pages.y -= 24
    pages.text("What this report cannot know", MARGIN, 12, font="bold")
    for limit in report.limits:
        pages.paragraph(limit, MARGIN, 9, _ROOM)
    if report.head:
        pages.paragraph(f"Ledger sealed with {report.head}", MARGIN, 8, _ROOM)
    _definitions(pages, report)
    return pages.finished()


def _section(pages: PdfPages, section: ImpactSection) -> None:
    pages.needs(90)
    pages.y -= 32
    pages.text(section.title, MARGIN, 14, font="bold")
    pages.box(MARGIN, _ROOM, 0.8, GREEN, up=-5)
    pages.y -= 6
    for start in range(0, len(section.figures), _COLUMNS):
        _figures(pages, section.figures[start : start + _COLUMNS])
    for bars in section.bars:
        _bars(pages, bars)
    if section.note:
        pages.y -= 6
        pages.paragraph(section.note, MARGIN, 9, _ROOM)


def _figures(pages: PdfPages, figures: tuple[ImpactFigure, ...]) -> None:
    pages.needs(46)
    pages.y -= 42
    width = _ROOM / _COLUMNS
    for n, figure in enumerate(figures):
        x = MARGIN + n * width
        pages.box(x, 2.5, 30, GREEN, up=-3)
        pages.text(figure.label, x + 9, 8.5, GREY, up=18)
        size = 15.0
        while width_of(figure.shown, size) > width - 16 and size > 7:  # noqa: PLR2004  # points
            size -= 0.5
        pages.text(figure.shown, x + 9, size, INK, font="bold")


def _bars(pages: PdfPages, bars: ImpactBars) -> None:
    pages.needs(40 + 18 * len(bars.figures))
    pages.y -= 24
    pages.text(bars.title, MARGIN, 10.5, font="bold")
    if bars.empty:
        pages.y -= 4
        pages.paragraph(bars.empty, MARGIN, 9, _ROOM)
        return
    top = pages.y
    for figure in bars.figures:
        pages.y -= 18
        label = figure.label if width_of(figure.label, 9) < _LABEL else f"{figure.label[:22]}..."
        pages.text(label, MARGIN, 9)
        width = 0.0
        if figure.value is not None:
            width = max(_BAR * bars.part(figure), 1)
            pages.box(MARGIN + _LABEL, width, 11, GREEN, up=-2)
        shown = figure.shown if width_of(figure.shown, 9) < _LABEL else "left out (small group)"
        pages.text(shown, MARGIN + _LABEL + width + 6, 9, GREY)
    if bars.line is not None:
        x = MARGIN + _LABEL + _BAR * bars.line / bars.most
        pages.box(x, 1, top - pages.y, RED, up=-4)
    if bars.line_label:
        pages.y -= 5
        pages.paragraph(bars.line_label, MARGIN + _LABEL, 8, _ROOM - _LABEL, RED)


def _definitions(pages: PdfPages, report: ImpactReport) -> None:
    pages.needs(80)
    pages.y -= 28
    pages.text("How each figure is computed", MARGIN, 12, font="bold")
    told = set[str]()
    for section, figure in report.rows():
        line = f"{figure.definition}"
        if line in told:
            continue
        told.add(line)
        pages.paragraph(f"{section.title} - {figure.label}: {line}", MARGIN, 8, _ROOM)
