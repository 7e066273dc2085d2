"""What commands write for machines."""

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path


def write_json(report: object, out: Path | None) -> None:
    """`None` writes nothing, `-` is stdout."""
    if out is None:
        return
    text = json.dumps(report, indent=1, ensure_ascii=False, default=str) + "\n"
    if str(out) == "-":
        sys.stdout.write(text)
    else:
        out.write_text(text)


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[object]], out: Path | None) -> None:
    """The same as a table."""
    if out is None:
        return
    if str(out) == "-":
        csv.writer(sys.stdout).writerows([columns, *rows])
        return
    with out.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
