"""The commands `gateway review staff`: the workers who review for a partner."""

import getpass
from dataclasses import asdict
from typing import Annotated

import typer

from gateway.cli.json_output import Json, write_json
from gateway.cli.quality.review import app as review
from gateway.cli.serving import with_runtime

__all__ = ["review"]

staff = typer.Typer(no_args_is_help=True, help="Say which workers review for their partner.")
review.add_typer(staff, name="staff")
_Worker = Annotated[
    str, typer.Argument(metavar="WORKER", help="A phone number, a name or a worker's id.")
]
_Reason = Annotated[str, typer.Option(help="The reason, which is kept.")]
_By = Annotated[str | None, typer.Option(help="Your name. Default: the user of this shell.")]


@staff.command("list")
def listed(json: Json = None) -> None:
    """List the quality staff of all partners."""
    from gateway.store.quality import staff as store

    rows = with_runtime(lambda rt: store.listed(rt.db))
    if write_json([asdict(row) for row in rows], json):
        return
    for row in rows:
        typer.echo(f"{row.partner}  {row.worker}  {row.name}  by {row.added_by}: {row.reason}")
    if not rows:
        typer.echo("no partner has quality staff")


@staff.command("add")
def add(worker: _Worker, reason: _Reason, by: _By = None) -> None:
    """Add a worker to the quality staff of her partner."""
    from gateway.steps.people import quality_staff

    who = by or getpass.getuser()
    partner = with_runtime(lambda rt: quality_staff.add_staff(rt, worker, who, reason))
    typer.echo(f"{worker} reviews for {partner}")


@staff.command("remove")
def remove(worker: _Worker, reason: _Reason, by: _By = None) -> None:
    """Remove a worker from the quality staff. Her present questions stay hers."""
    from gateway.steps.people import quality_staff

    who = by or getpass.getuser()
    with_runtime(lambda rt: quality_staff.remove_staff(rt, worker, who, reason))
    typer.echo(f"{worker} no longer reviews for her partner")
