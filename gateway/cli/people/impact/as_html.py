"""The impact report as one page: no script, no file beside it, charts as inline SVG."""

from html import escape

from gateway.workers.impact.report import ImpactBars, ImpactFigure, ImpactReport, ImpactSection

_STYLE = """
body{margin:0;background:#f4f6f5;color:#1c2b27;font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:2rem;line-height:1.2;margin:0}h2{font-size:1.2rem;margin:0 0 .75rem}h3{font-size:1rem;margin:1.25rem 0 .25rem}
.period{color:#51645e;margin:.25rem 0 2rem}
section{background:#fff;border:1px solid #dde5e2;border-radius:.6rem;padding:1.25rem 1.5rem;margin:0 0 1.25rem}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:1rem;margin:0}
dl div{border-left:.25rem solid #2f7d6b;padding-left:.75rem}
dt{color:#51645e;font-size:.85rem}dd{margin:0;font-size:1.35rem;font-weight:600;overflow-wrap:anywhere}
dd.small{font-size:.95rem;font-weight:400}
.note{color:#51645e;font-size:.85rem;margin:.75rem 0 0}
svg{display:block;width:100%;height:auto;max-width:46rem}
details{margin-top:1rem;font-size:.85rem;color:#51645e}summary{cursor:pointer}
td,th{text-align:left;vertical-align:top;padding:.15rem .75rem .15rem 0}
footer{color:#51645e;font-size:.85rem;overflow-wrap:anywhere}
@media print{body{background:#fff}section{break-inside:avoid;border-color:#bbb}details{display:none}}
"""
_ROW, _LEFT, _RIGHT, _BAR = 30, 190, 200, 350
_LONG = 14  # characters of a figure that is still set large
_WIDTH = _LEFT + _BAR + _RIGHT
_LABEL_MAX, _SHOWN_MAX = 26, 30


def as_html(report: ImpactReport) -> str:
    """Return the page."""
    sections = "\n".join(map(_section, report.sections))
    limits = "".join(f"<li>{escape(limit)}</li>" for limit in report.limits)
    seal = f"<p>Ledger sealed with {escape(report.head)}</p>" if report.head else ""
    title = f"Impact report {report.first} to {report.last}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body><main><h1>Impact report</h1>"
        f'<p class="period">{report.first} to {report.last} (UTC), made {report.made_at:%Y-%m-%d %H:%M} UTC</p>\n'
        f"{sections}\n<footer><ul>{limits}</ul>{seal}</footer></main></body></html>\n"
    )


def _section(section: ImpactSection) -> str:
    figures = "".join(map(_figure, section.figures))
    bars = "".join(f"<h3>{escape(bars.title)}</h3>{_bars(bars)}" for bars in section.bars)
    every = (*section.figures, *(figure for bars in section.bars for figure in bars.figures))
    note = f'<p class="note">{escape(section.note)}</p>' if section.note else ""
    return (
        f"<section><h2>{escape(section.title)}</h2>"
        f"{f'<dl>{figures}</dl>' if figures else ''}{bars}{note}{_definitions(every)}</section>"
    )


def _figure(figure: ImpactFigure) -> str:
    small = ' class="small"' if len(figure.shown) > _LONG else ""
    return f"<div><dt>{escape(figure.label)}</dt><dd{small}>{escape(figure.shown)}</dd></div>"


def _definitions(figures: tuple[ImpactFigure, ...]) -> str:
    if not figures:
        return ""
    rows = "".join(
        f"<tr><th>{escape(figure.label)}</th><td>{escape(figure.definition)}</td></tr>"
        for figure in figures
    )
    return f"<details><summary>How each figure is computed</summary><table>{rows}</table></details>"


def _bars(bars: ImpactBars) -> str:
    most = max([f.value or 0 for f in bars.figures] + [bars.line or 0], default=0) or 1
    extra = 22 if bars.line_label else 4
    height = _ROW * len(bars.figures) + extra
    drawn = [_bar(n, figure, most) for n, figure in enumerate(bars.figures)]
    if bars.line is not None:
        x = _LEFT + _BAR * bars.line / most
        drawn.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height - extra + 4}" stroke="#b4532a" '
            f'stroke-width="2" stroke-dasharray="4 3"/>'
        )
    if bars.line_label:
        drawn.append(
            f'<text x="{_LEFT}" y="{height - 5}" fill="#b4532a" font-size="12">{escape(bars.line_label)}</text>'
        )
    label = escape(f"{bars.title}: " + "; ".join(f"{f.label} {f.shown}" for f in bars.figures))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}" '
        f'font-family="system-ui,sans-serif" font-size="14">{"".join(drawn)}</svg>'
    )


def _bar(n: int, figure: ImpactFigure, most: float) -> str:
    y, width = n * _ROW + 4, _BAR * (figure.value or 0) / most
    shown = figure.shown if len(figure.shown) <= _SHOWN_MAX else "left out (small group)"
    hidden = figure.value is None
    return (
        f'<text x="{_LEFT - 10}" y="{y + 16}" text-anchor="end" fill="#1c2b27">{escape(figure.label[:_LABEL_MAX])}</text>'
        + (
            ""
            if hidden
            else f'<rect x="{_LEFT}" y="{y}" width="{max(width, 1):.1f}" height="22" rx="3" fill="#2f7d6b"/>'
        )
        + f'<text x="{_LEFT + (0 if hidden else width) + 8:.1f}" y="{y + 16}" fill="#51645e">{escape(shown)}</text>'
    )
