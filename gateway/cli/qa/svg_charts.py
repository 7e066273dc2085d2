"""Small charts as SVG for reports and web pages: lines, points, a shaded table.

This module has no dependency.
"""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, inf, log10
from pathlib import Path

from gateway.base.errors import Refused

WIDTH, HEIGHT, MARGIN = 460, 360, 56
# colour-blind readers can distinguish them, too
COLOURS = ("#1b6ca8", "#d1495b", "#3a7d44", "#8d6a9f")
FONT = 'font-family="sans-serif" font-size="12"'
TICKS = 5
Points = Sequence[tuple[float, float]]


def write(path: Path, panels: Sequence[str]) -> None:
    """Write one file with the panels side by side. Raises Refused unless it is an SVG file."""
    if path.suffix.lower() != ".svg":
        raise Refused(f"{path}: pictures are written as SVG, name the file something.svg")
    placed = "".join(
        f'<g transform="translate({number * WIDTH} 0)">{panel}</g>'
        for number, panel in enumerate(panels)
    )
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH * len(panels)}" height="{HEIGHT}" {FONT}>'
        f'<rect width="100%" height="100%" fill="white"/>{placed}</svg>\n',
        encoding="utf-8",
    )


def lines(
    title: str,
    across: str,
    up: str,
    series: Mapping[str, Points],
    labels: Mapping[tuple[float, float], str] | None = None,
) -> str:
    """Return each series as points joined by a line, with `labels` beside some points.

    `up` names shares, which are shown in percent.
    """
    every = [point for points in series.values() for point in points]
    xs, ys = _span([x for x, _ in every]), _span([y for _, y in every], most=1.0)
    drawn = [_axes(title, across, up, xs, ys)]
    for number, (name, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        at = [(_x(x, xs), _y(y, ys)) for x, y in sorted(points)]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        drawn.append(
            f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in at]
        drawn += [
            f'<text x="{_x(x, xs) - 7:.1f}" y="{_y(y, ys) - 5:.1f}" text-anchor="end" '
            f'font-size="10" fill="{colour}">{escape(said)}</text>'
            for (x, y), said in (labels or {}).items()
            if (x, y) in points
        ]
        y = HEIGHT - MARGIN - 10 - 16 * (len(series) - 1 - number)
        drawn.append(
            f'<text x="{WIDTH - 24}" y="{y}" text-anchor="end" fill="{colour}">{escape(name)}</text>'
        )
    return "".join(drawn)


def calibration(title: str, bins: Sequence[tuple[float, float, int]]) -> str:
    """Return circles for (confidence, accuracy, tasks) per bin, beside the line of equality."""
    xs = ys = (0.0, 1.0)
    most = max((n for _, _, n in bins), default=1)
    drawn = [
        _axes(title, "confidence", "right", xs, ys, across_percent=True),
        f'<line x1="{_x(0, xs)}" y1="{_y(0, ys)}" x2="{_x(1, xs)}" y2="{_y(1, ys)}" stroke="#777" stroke-dasharray="4"/>',
        f'<text x="{WIDTH - 24}" y="{HEIGHT - MARGIN - 10}" text-anchor="end" fill="#777">above the line: more often right than said</text>',
    ]
    drawn += [
        f'<circle cx="{_x(sure, xs):.1f}" cy="{_y(right, ys):.1f}" r="{3 + 9 * (n / most) ** 0.5:.1f}" '
        f'fill="{COLOURS[0]}" fill-opacity="0.7"><title>{n} tasks</title></circle>'
        for sure, right, n in bins
    ]
    return "".join(drawn)


def shades(title: str, labels: Sequence[str], counts: Mapping[tuple[str, str], int]) -> str:
    """Return a table of (truth, found) counts, each row shaded by its shares."""
    side = min((WIDTH - 2 * MARGIN - 40), HEIGHT - 2 * MARGIN) / len(labels)
    left, top = (WIDTH - side * len(labels)) / 2 + 20, MARGIN + 8
    drawn = [
        f'<text x="{WIDTH / 2}" y="24" text-anchor="middle" font-weight="bold">{escape(title)}</text>',
        f'<text x="{left - 6}" y="{top - 6}" text-anchor="end" fill="#777">truth \u2193 found \u2192</text>',
    ]
    for row, truth in enumerate(labels):
        total = sum(counts.get((truth, found), 0) for found in labels)
        y = top + row * side
        drawn.append(
            f'<text x="{left - 6}" y="{y + side / 2 + 4:.1f}" text-anchor="end">{escape(truth[:12])}</text>'
        )
        for column, found in enumerate(labels):
            n = counts.get((truth, found), 0)
            share, x = n / max(1, total), left + column * side
            ink = "white" if share > 0.5 else "black"  # noqa: PLR2004  # readable on its shade
            drawn.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{side:.1f}" height="{side:.1f}" '
                f'fill="{COLOURS[0]}" fill-opacity="{share:.3f}" stroke="#ddd"/>'
                f'<text x="{x + side / 2:.1f}" y="{y + side / 2 + 4:.1f}" text-anchor="middle" fill="{ink}">{n}</text>'
            )
            if row == 0:
                drawn.append(
                    f'<text x="{x + side / 2:.1f}" y="{top - 6}" text-anchor="middle">{escape(found[:12])}</text>'
                )
    return "".join(drawn)


def _axes(
    title: str,
    across: str,
    up: str,
    xs: tuple[float, float],
    ys: tuple[float, float],
    *,
    across_percent: bool = False,
) -> str:
    bottom, right = HEIGHT - MARGIN, WIDTH - 16
    drawn = [
        f'<text x="{WIDTH / 2}" y="24" text-anchor="middle" font-weight="bold">{escape(title)}</text>',
        f'<text x="{(MARGIN + right) / 2}" y="{HEIGHT - 14}" text-anchor="middle">{escape(across)}</text>',
        f'<text transform="translate(14 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">{escape(up)}</text>',
    ]
    for tick in _ticks(*xs):
        x = f"{_x(tick, xs):.1f}"
        drawn.append(
            f'<path d="M{x} {_y(ys[1], ys):.1f}V{bottom}" stroke="#eee"/>'
            f'<text x="{x}" y="{bottom + 16}" text-anchor="middle">{_said(tick, percent=across_percent)}</text>'
        )
    for tick in _ticks(*ys):
        y = _y(tick, ys)
        drawn.append(
            f'<path d="M{MARGIN} {y:.1f}H{right}" stroke="#eee"/>'
            f'<text x="{MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">{_said(tick, percent=True)}</text>'
        )
    drawn.append(f'<path d="M{MARGIN} {MARGIN - 16}V{bottom}H{right}" fill="none" stroke="black"/>')
    return "".join(drawn)


def _ticks(low: float, high: float) -> list[float]:
    """Return about `TICKS` round numbers (1, 2 or 5 times a power of ten) within a range."""
    rough = (high - low) / TICKS
    power = 10.0 ** floor(log10(rough))
    step = next(power * n for n in (1.0, 2.0, 5.0, 10.0) if power * n >= 0.7 * rough)
    first = ceil(low / step - 1e-9)
    return [n * step for n in range(first, floor(high / step + 1e-9) + 1)]


def _said(tick: float, *, percent: bool) -> str:
    return f"{100 * tick:.4g} %" if percent else f"{tick:.4g}"


def _span(numbers: Sequence[float], most: float = inf) -> tuple[float, float]:
    low, high = min(numbers), max(numbers)
    room = 0.08 * (high - low) or 0.1 * abs(high) or 0.5
    return low - room, min(high + room, max(high, most))


def _x(x: float, span: tuple[float, float]) -> float:
    return MARGIN + (x - span[0]) / (span[1] - span[0]) * (WIDTH - 16 - MARGIN)


def _y(y: float, span: tuple[float, float]) -> float:
    return HEIGHT - MARGIN - (y - span[0]) / (span[1] - span[0]) * (HEIGHT - 2 * MARGIN + 16)
