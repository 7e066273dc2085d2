"""The common part of commands that list things: ages as text, and the changes of a correction."""

from collections.abc import Mapping
from typing import Any

import typer

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def age(seconds: float) -> str:
    """Return an age as short text.

    >>> age(42), age(200), age(100_000)
    ('42 s', '3 min', '1 d')
    """
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"


def say_moved(diff: Mapping[str, Any]) -> None:
    """Print the workers with results and pauses that a correction changed (`steps/quality`)."""
    from gateway.steps.quality.confidences import in_words

    for one in diff["decisions"]:
        sure = f"{one['confidence']}{in_words(one)}"
        typer.echo(f"  {one['task']}: {one['was']} -> {one['becomes']} ({sure})")
    for one in diff["moved"]:
        typer.echo(f"  {one['task']}: was {one['was']}, is {one['becomes']}")
    for worker in diff["back"]:
        typer.echo(
            f"  worker {worker} was paused wrongly: the pause is over, and the worker is notified"
        )
