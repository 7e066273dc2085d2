"""Small charts as SVG, for reports and web pages: lines, points, a table of shades. No dependency."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from gateway.errors import Refused

WIDTH, HEIGHT, MARGIN = 460, 360, 56
COLOURS = ("#1b6ca8", "#d1495b", "#3a7d44", "#8d6a9f")  # told apart by the colour-blind too
FONT = 'font-family="sans-serif" font-size="12"'
TICKS = 5
Points = Sequence[tuple[float, float]]


def write(path: Path, panels: Sequence[str]) -> None:
    """One file with the panels side by side; raises Refused for another kind of file than SVG."""
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


def lines(title: str, across: str, up: str, series: Mapping[str, Points]) -> str:
    """Each series as points joined by a line; both axes fit the data."""
    every = [point for points in series.values() for point in points]
    xs, ys = _span([x for x, _ in every]), _span([y for _, y in every])
    drawn = [_axes(title, across, up, xs, ys)]
    for number, (name, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        at = [(_x(x, xs), _y(y, ys)) for x, y in sorted(points)]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        drawn.append(
            f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in at]
        y = HEIGHT - MARGIN - 10 - 16 * (len(series) - 1 - number)
        drawn.append(
            f'<text x="{WIDTH - 20}" y="{y}" text-anchor="end" fill="{colour}">{escape(name)}</text>'
        )
    return "".join(drawn)


def calibration(title: str, bins: Sequence[tuple[float, float, int]]) -> str:
    """(confidence, accuracy, tasks) per bin as circles, beside the line where both are equal."""
    xs = ys = (0.0, 1.0)
    most = max((n for _, _, n in bins), default=1)
    drawn = [
        _axes(title, "confidence", "share right", xs, ys),
        f'<line x1="{_x(0, xs)}" y1="{_y(0, ys)}" x2="{_x(1, xs)}" y2="{_y(1, ys)}" stroke="#999" stroke-dasharray="4"/>',
    ]
    drawn += [
        f'<circle cx="{_x(sure, xs):.1f}" cy="{_y(right, ys):.1f}" r="{3 + 9 * (n / most) ** 0.5:.1f}" '
        f'fill="{COLOURS[0]}" fill-opacity="0.7"><title>{n} tasks</title></circle>'
        for sure, right, n in bins
    ]
    return "".join(drawn)


def shades(title: str, labels: Sequence[str], counts: Mapping[tuple[str, str], int]) -> str:
    """A table of (truth, found) counts, each row shaded by its shares."""
    side = min((WIDTH - 2 * MARGIN - 40), HEIGHT - 2 * MARGIN) / len(labels)
    left, top = MARGIN + 40, MARGIN
    drawn = [
        f'<text x="{WIDTH / 2}" y="24" text-anchor="middle" font-weight="bold">{escape(title)}</text>',
        f'<text x="{left}" y="{top - 24}">found</text><text x="8" y="{top + 12}">truth</text>',
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
    title: str, across: str, up: str, xs: tuple[float, float], ys: tuple[float, float]
) -> str:
    bottom, right = HEIGHT - MARGIN, WIDTH - 16
    drawn = [
        f'<text x="{WIDTH / 2}" y="24" text-anchor="middle" font-weight="bold">{escape(title)}</text>',
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(across)}</text>',
        f'<text transform="translate(14 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">{escape(up)}</text>',
        f'<path d="M{MARGIN} {MARGIN - 16}V{bottom}H{right}" fill="none" stroke="black"/>',
    ]
    for tick in range(TICKS + 1):
        x = xs[0] + (xs[1] - xs[0]) * tick / TICKS
        y = ys[0] + (ys[1] - ys[0]) * tick / TICKS
        drawn.append(
            f'<text x="{_x(x, xs):.1f}" y="{bottom + 16}" text-anchor="middle">{x:.3g}</text>'
            f'<text x="{MARGIN - 6}" y="{_y(y, ys) + 4:.1f}" text-anchor="end">{y:.3g}</text>'
        )
    return "".join(drawn)


def _span(numbers: Sequence[float]) -> tuple[float, float]:
    low, high = min(numbers), max(numbers)
    room = 0.05 * (high - low) or 0.5
    return low - room, high + room


def _x(x: float, span: tuple[float, float]) -> float:
    return MARGIN + (x - span[0]) / (span[1] - span[0]) * (WIDTH - 16 - MARGIN)


def _y(y: float, span: tuple[float, float]) -> float:
    return HEIGHT - MARGIN - (y - span[0]) / (span[1] - span[0]) * (HEIGHT - 2 * MARGIN + 16)
