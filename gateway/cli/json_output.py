"""The output of commands for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from gateway.base.errors import SettingsError
from gateway.base.tabular import CsvWriter

Json = Annotated[Path | None, typer.Option("--json", help="Write the result as JSON; - is stdout.")]

CsvOut = Annotated[Path | None, typer.Option("--csv", help="Write it as CSV; - is stdout.")]

PdfOut = Annotated[Path | None, typer.Option("--pdf", help="Write it as a PDF.")]

Raw = Annotated[
    bool,
    typer.Option(
        "--raw",
        help="Leave cells unchanged, for programs. Do not open such a file in a spreadsheet.",
    ),
]


def write_json(report: object, out: Path | None) -> bool:
    """Write `report` where `--json` says (`-` is stdout), and return whether it was given.

    Without `--json` the command prints text instead. Raises SettingsError when the file cannot be
    written.
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


def write_file(body: bytes, out: Path) -> None:
    """Write a file. Raises SettingsError when it cannot be written."""
    try:
        out.write_bytes(body)
    except OSError as bad:
        raise SettingsError(f"cannot write {out}: {bad.strerror}") from bad
    typer.echo(f"written: {out}", err=True)


def write_csv(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    out: Path | None,
    *,
    raw: bool = False,
) -> None:
    """Write a table where `--csv` says (`-` is stdout), or nothing without `--csv`."""
    if out is None:
        return
    writer = CsvWriter(raw=raw)
    if str(out) == "-":
        sys.stdout.writelines(map(writer.row, [columns, *rows]))
        return
    with out.open("w", encoding="utf-8", newline="") as file:
        file.writelines(map(writer.row, [columns, *rows]))
