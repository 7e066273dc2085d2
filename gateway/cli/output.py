"""What commands write for machines."""

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from gateway.errors import SettingsError

Json = Annotated[
    Path | None, typer.Option("--json", help="Write it as JSON; - = to standard output.")
]


def write_json(report: object, out: Path | None) -> bool:
    """Write `report` where `--json` says (`-` is stdout); False when it was not given, so that text is printed instead.

    Raises SettingsError when the file cannot be written.
    """
    if out is None:
        return False
    text = json.dumps(report, indent=1, ensure_ascii=False, default=str) + "\n"
    if str(out) == "-":
        sys.stdout.write(text)
        return True
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as bad:
        raise SettingsError(f"cannot write {out}: {bad.strerror}") from bad
    return True


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[object]], out: Path | None) -> None:
    """The same as a table."""
    if out is None:
        return
    if str(out) == "-":
        csv.writer(sys.stdout).writerows([columns, *rows])
        return
    with out.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
