"""What commands that list things share: `--json FILE`, and the age of something in words."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.errors import SettingsError

Json = Annotated[
    Path | None, typer.Option("--json", help="Write it as JSON; - = to standard output.")
]
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def as_json(value: object, path: Path | None) -> bool:
    """Write `value` where `--json` says; False when it was not given, so that the text is printed."""
    if path is None:
        return False
    text = json.dumps(value, indent=2, default=str) + "\n"
    if str(path) == "-":
        sys.stdout.write(text)
        return True
    try:
        path.write_text(text)
    except OSError as bad:
        raise SettingsError(f"cannot write {path}: {bad.strerror}") from bad
    return True


def age(seconds: float) -> str:
    """
    >>> age(42), age(200), age(100_000)
    ('42 s', '3 min', '1 d')
    """
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"
