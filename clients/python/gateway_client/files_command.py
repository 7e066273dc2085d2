"""The commands `gateway-client import` and `gateway-client export`."""

import argparse
import sys
from pathlib import Path
from typing import Any

from gateway_client.client import Client
from gateway_client.files import FileJob

_BAR = 30
_SHOWN_MAX = 20
_FORMATS = {".csv": "csv", ".jsonl": "jsonl", ".xlsx": "xlsx"}
_SUFFIXES = {name: suffix for suffix, name in _FORMATS.items()}


def add_words(words: Any) -> None:
    """Add the commands to the parser of the words behind `gateway-client`."""
    importing = words.add_parser("import", help="send a file of any size to a draft")
    importing.add_argument("file", help="CSV, XLSX, JSON lines, or a file of another service")
    importing.add_argument("--batch", required=True, help="the draft, like b_d1a9")
    importing.add_argument("--strict", action="store_true", help="refuse columns of your own")
    importing.add_argument("--shape", default="auto", help="the service that wrote the file")
    importing.add_argument(
        "--map",
        default="",
        metavar="FIELD:COLUMN,...",
        help="the columns of fields, like text:question",
    )
    importing.set_defaults(does=_import)
    exporting = words.add_parser("export", help="order a file of results, and download it")
    exporting.add_argument("batch")
    exporting.add_argument(
        "--to",
        required=True,
        metavar="FILE|FORMAT",
        help="a new file (.csv, .jsonl, .xlsx), or a format like labelstudio",
    )
    exporting.add_argument(
        "--what", default="results", choices=("results", "answers", "proof"), help="its content"
    )
    exporting.add_argument(
        "--raw", action="store_true", help="write cells that a spreadsheet would execute"
    )
    exporting.set_defaults(does=_export)


def _import(client: Client, given: argparse.Namespace) -> None:
    pairs = [one.partition(":") for one in given.map.split(",") if one]
    columns = {field.strip(): column.strip() for field, _, column in pairs}
    job = client.import_file(
        given.batch, given.file, strict=given.strict, columns=columns, shape=given.shape
    )
    job = _watched(client, job)
    if job.state == "failed":
        sys.exit(_why(job))
    print(f"{job.rows_done:,} tasks are in the batch {job.batch}")


def _why(job: FileJob) -> str:
    lines = [f"gateway-client: nothing was stored: {job.reason}"]
    for one in job.problems[:_SHOWN_MAX]:
        field = f", {one['field']}" if one["field"] else ""
        lines.append(f"  row {one['row']}{field}: {one['message']}")
    more = job.problems_total - min(len(job.problems), _SHOWN_MAX)
    if more > 0:
        lines.append(f"  and {more:,} more rows; GET /batches/{job.batch}/imports/{job.id}")
    return "\n".join(lines)


def _export(client: Client, given: argparse.Namespace) -> None:
    target = Path(given.to)
    named = _FORMATS.get(target.suffix.lower())
    shape = named or given.to
    if named is None:
        target = Path(f"{given.batch}-{given.what}.{shape}{_SUFFIXES.get(shape, '')}")
    job = _watched(client, client.export(given.batch, shape, what=given.what, raw=given.raw))
    if job.state == "failed":
        sys.exit(f"gateway-client: the export failed: {job.reason}")
    size = client.download(job, target)
    print(f"{job.rows_done:,} rows, {size:,} bytes in {target}")


def _watched(client: Client, job: FileJob) -> FileJob:
    """Show a bar until a job has ended, and return it then."""
    is_live = sys.stdout.isatty()
    for now in client.watch_file(job):
        job = now
        total = job.rows_total or 0
        share = min(job.rows_done / total, 1.0) if total else float(job.state == "ready")
        done = round(_BAR * share)
        read = f"{job.rows_read:,} read, " if job.kind == "import" else ""
        line = f"[{'#' * done}{'.' * (_BAR - done)}] {job.state}  {read}{job.rows_done:,} done"
        print(f"\r{line}", end="" if is_live else "\n", flush=True)
    if is_live:
        print()
    return job
