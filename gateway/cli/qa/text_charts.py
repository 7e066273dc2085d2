"""A curve of characters for a terminal, drawn by `--plot`."""

from collections.abc import Mapping, Sequence

WIDTH, HEIGHT = 56, 10  # in characters
BAR = 30
Points = Sequence[tuple[float, float]]


def curve(across: str, up: str, series: Mapping[str, Points]) -> str:
    """Return the points of every series, marked by its first letter.

    The vertical axis shows shares in percent.
    """
    every = [point for points in series.values() for point in points]
    left, right = min(x for x, _ in every), max(x for x, _ in every)
    low, high = min(y for _, y in every), max(y for _, y in every)
    rows = [[" "] * (WIDTH + 1) for _ in range(HEIGHT + 1)]
    for name, points in series.items():
        for x, y in points:
            column = round(WIDTH * (x - left) / ((right - left) or 1.0))
            row = HEIGHT - round(HEIGHT * (y - low) / ((high - low) or 1.0))
            rows[row][column] = name[0]
    drawn = [f"  {up}"]
    for number, row in enumerate(rows):
        tick = high - (high - low) * number / HEIGHT
        # Only every second row has a number, because more of them are harder to read.
        said = f"{100 * tick:6.1f} %" if number % 2 == 0 else " " * 8
        drawn.append(f"{said} |{''.join(row)}".rstrip())
    drawn.append(" " * 9 + "+" + "-" * (WIDTH + 1))
    ends = f"{left:.1f}".ljust(WIDTH - 4) + f"{right:.1f}".rjust(5)
    names = ", ".join(f"{name[0]} = {name}" for name in series)
    drawn += [" " * 10 + ends, f"{across}; {names}".center(WIDTH + 20).rstrip()]
    return "\n".join(drawn)


def bars(bins: Sequence[tuple[float, float, int]]) -> str:
    """Return one bar per bin of (confidence, share right, tasks).

    A bar is as long as the share, with a mark at the confidence.
    """
    drawn = ["said     right    (| = said)" + " " * (BAR - 14) + "tasks"]
    for sure, right, tasks in bins:
        bar = list(("#" * round(BAR * right)).ljust(BAR + 1, "."))
        bar[round(BAR * sure)] = "|"
        drawn.append(f"{100 * sure:5.1f} %  {100 * right:5.1f} %  {''.join(bar)} {tasks:7,}")
    return "\n".join(drawn)
