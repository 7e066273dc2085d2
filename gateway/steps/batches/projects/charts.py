"""The charts of a project's report, as SVG inside the page."""

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from gateway.base.money import amount_text

_WIDTH, _BAR, _LEFT = 460, 24, 130
_COLOUR = "#1b6ca8"


def confidence_chart(bins: Sequence[int]) -> Markup:
    """Return the number of parts per tenth of confidence."""
    step = 100 // len(bins)
    labels = [f"{n * step} to {(n + 1) * step} %" for n in range(len(bins))]
    shown = list(zip(labels, bins, map(str, bins), strict=True))
    return _bars("Parts by confidence", shown)


def cost_chart(stages: Sequence[tuple[str, int]], currency: str) -> Markup:
    """Return the cost of each stage."""
    shown = [(name, minor, amount_text(minor, currency)) for name, minor in stages]
    return _bars("Cost by stage", shown)


def _bars(title: str, shown: Sequence[tuple[str, int, str]]) -> Markup:
    most = max((number for _, number, _ in shown), default=0) or 1
    room = _WIDTH - _LEFT - 90
    height = _BAR * len(shown) + 34
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" font-size="13"'
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}" {size}>',
        f'<text x="0" y="16" font-weight="bold">{escape(title)}</text>',
    ]
    for place, (label, number, said) in enumerate(shown):
        y = 28 + place * _BAR
        width = room * number / most
        drawn += [
            f'<text x="{_LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(label[:20])}</text>',
            f'<rect x="{_LEFT}" y="{y + 2}" width="{width:.1f}" height="{_BAR - 6}" fill="{_COLOUR}"/>',
            f'<text x="{_LEFT + width + 6:.1f}" y="{y + 14}">{escape(said)}</text>',
        ]
    drawn.append("</svg>")
    return Markup("".join(drawn))  # noqa: S704  # all texts in it are escaped above
