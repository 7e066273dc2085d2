"""`gateway ledger`: the books, recomputed from every transfer."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The ledger: recompute and check it.")


@app.callback()
def ledger() -> None:
    """The ledger: recompute and check it."""


@app.command()
def audit(
    json: Annotated[
        Path | None, typer.Option(help="Write the findings as JSON; - = stdout.")
    ] = None,
) -> None:
    """Recompute every balance from the transfers, and hold it against what is stored and promised; exit 1 on any difference."""
    from gateway.cli.output import write_json
    from gateway.cli.people import with_runtime
    from gateway.store import ledgers

    found = with_runtime(lambda rt: ledgers.audit(rt.db))
    if str(json) != "-":
        typer.echo(
            f"{found.transfers:,} transfers, sum {found.sum_minor}, in transit {found.in_transit_minor}"
        )
        for fault in found.faults:
            typer.echo(f"difference: {fault}")
        typer.echo(f"{len(found.faults)} differences" if found.faults else "the books are right")
    write_json(asdict(found), json)
    if found.faults:
        sys.exit(1)
