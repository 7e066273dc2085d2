"""The impact report as one page: no script, no file beside it, charts as plain boxes."""

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
.bars{display:grid;grid-template-columns:11rem minmax(4rem,22rem) auto;gap:.35rem .75rem;align-items:center;justify-content:start}
.bars span:first-child,.bars b+span+span{text-align:right}.bars b{position:relative;height:1.35rem;background:#eef3f1;border-radius:.2rem}
.bars span{font-size:.9rem}.bars b+span{color:#51645e}
.bars i{display:block;height:100%;min-width:1px;background:#2f7d6b;border-radius:.2rem}
.bars u{position:absolute;top:-.2rem;bottom:-.2rem;border-left:2px dashed #b4532a}
.rule{color:#b4532a;font-size:.8rem;margin:.35rem 0 0}
@media(max-width:36rem){main{padding:1rem .5rem 2rem}section{padding:1rem}.bars{grid-template-columns:1fr auto}
.bars span:first-child,.bars b+span+span{text-align:left;grid-column:1/-1;margin-bottom:-.3rem}}
details{margin-top:1rem;font-size:.85rem;color:#51645e}summary{cursor:pointer}
td,th{text-align:left;vertical-align:top;padding:.15rem .75rem .15rem 0}
footer{color:#51645e;font-size:.85rem;overflow-wrap:anywhere}
@media print{.bars i,.bars u{print-color-adjust:exact;-webkit-print-color-adjust:exact}body{background:#fff}section{break-inside:avoid;border-color:#bbb}details{display:none}}
"""
_LONG = 14  # characters of a figure that is still set large
_SHOWN_MAX = 30


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
        f'<p class="period">{report.period}</p>\n'
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
    if bars.empty:
        return f'<p class="note">{escape(bars.empty)}</p>'
    label = escape(f"{bars.title}: " + "; ".join(f"{f.label} {f.shown}" for f in bars.figures))
    drawn = "".join(_bar(bars, figure) for figure in bars.figures)
    said = f'<p class="rule">{escape(bars.line_label)}</p>' if bars.line_label else ""
    return f'<div class="bars" role="img" aria-label="{label}">{drawn}</div>{said}'


def _bar(bars: ImpactBars, figure: ImpactFigure) -> str:
    shown = figure.shown if len(figure.shown) <= _SHOWN_MAX else "left out (small group)"
    rule = ""
    if bars.line is not None:
        rule = f'<u style="left:{100 * bars.line / bars.most:.1f}%"></u>'
    filled = "" if figure.value is None else f'<i style="width:{100 * bars.part(figure):.1f}%"></i>'
    return f"<span>{escape(figure.label)}</span><b>{filled}{rule}</b><span>{escape(shown)}</span>"
