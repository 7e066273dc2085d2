"""The command `gateway archive`, which moves old months out of the database and shows them."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from gateway.base.errors import Refused
from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import with_runtime
from gateway.steps.runtime import Runtime
from gateway.store.retention.months import StoredMonth


def archive(
    read: Annotated[
        list[Path] | None,
        typer.Option(
            "--read", help="Show the rows of this file, one JSON object per line. Repeatable."
        ),
    ] = None,
    worker: Annotated[
        int | None,
        typer.Option(min=1, help="With --read: only the rows of the worker with this id."),
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="Only list the months that left the database.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list the months that would leave now.")
    ] = False,
    without_files: Annotated[
        bool,
        typer.Option("--without-files", help="Delete the months without keeping files of them."),
    ] = False,
    json: Json = None,
) -> None:
    """Move months that are older than `retention` allows out of the database into compressed files.

    Sessions, inbound events and messages are moved. The ledger, answers and decisions stay. Run it
    every night. If it is killed at any moment, it loses nothing and continues with the next run.
    """
    if read:
        _read(read, worker)
    elif worker is not None:
        raise Refused("--worker goes with --read FILE")
    elif listed:
        rows = with_runtime(_list)
        if not write_json([asdict(row) for row in rows], json):
            _print(rows)
    elif dry_run:
        parts = with_runtime(_due)
        if not write_json(parts, json):
            typer.echo("\n".join(parts) or "no month is old enough")
    else:
        gone = with_runtime(
            lambda rt: _archive(rt, files=not without_files, quiet=json is not None)
        )
        write_json(gone, json)


async def _due(rt: Runtime) -> list[str]:
    from gateway.steps.housekeeping import archive as step

    return await step.due_months(rt)


async def _list(rt: Runtime) -> list[StoredMonth]:
    from gateway.store.retention import months

    return await months.archived(rt.db)


async def _archive(rt: Runtime, *, files: bool, quiet: bool) -> list[dict[str, Any]]:
    from gateway.steps.housekeeping import archive as step

    done = list[dict[str, Any]]()
    async for gone in step.archive_months(rt, files=files):
        done.append(
            {"part": gone.part, "rows": gone.rows, "file": gone.file, "bytes": gone.size_bytes}
        )
        if not quiet and gone.file is None:
            typer.echo(f"{gone.part}: deleted")
        elif not quiet:
            typer.echo(
                f"{gone.part}: {gone.rows:,} rows in {gone.file} ({gone.size_bytes:,} bytes)"
            )
    if not done and not quiet:
        typer.echo("no month is old enough")
    return done


def _print(rows: list[StoredMonth]) -> None:
    for row in rows:
        until = f"until {row.until:%Y-%m-%d}"
        if row.done_at is None:
            typer.echo(f"{row.part:<22} {until}  on its way: run gateway archive again")
        elif row.file is None:
            typer.echo(f"{row.part:<22} {until}  deleted {row.done_at:%Y-%m-%d}")
        else:
            typer.echo(
                f"{row.part:<22} {until}  {row.rows:,} rows in {row.file}, {row.done_at:%Y-%m-%d}"
            )
    if not rows:
        typer.echo("no month has left the database")


def _read(files: list[Path], worker: int | None) -> None:
    from gateway.store.retention import archive_file

    for path in files:
        rows = archive_file.read_archive(path)
        header = next(rows)
        checked = "checksum right" if archive_file.is_checked(path) else "no checksum beside it"
        typer.echo(f"{path}: {header['table']} until {header['until'][:10]}, {checked}", err=True)
        for line in _chosen(rows, worker):
            typer.echo(line)


def _chosen(rows: Iterator[dict[str, Any]], worker: int | None) -> Iterator[str]:
    for row in rows:
        if worker is None or row.get("worker_id") == worker:
            yield orjson.dumps(row).decode()
