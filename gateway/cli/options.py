"""`gateway options`: what a batch's options mean, when people found out that two mean the same."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.output import write_json
from gateway.cli.people import with_runtime

app = typer.Typer(no_args_is_help=True, help="Options of a batch that mean the same.")


@app.callback()
def options() -> None:
    """Options of a batch that mean the same."""


@app.command("same")
def same(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id (b_...).")],
    option: Annotated[str, typer.Argument(metavar="OPTION", help="The id of the one.")],
    same_as: Annotated[str, typer.Argument(metavar="AS", help="The id of the one that stays.")],
    reason: Annotated[str, typer.Option(help="Why: kept with the correction.")],
    by: Annotated[str | None, typer.Option(help="Who says so; without: who is logged in.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write it as JSON; - = stdout.")] = None,
) -> None:
    """Count one option as another: answers, gold, skills and results follow; paid money stays where it is."""
    from gateway.steps.forgive import SameOption, correct_option

    said = SameOption(batch, option, same_as, by or getpass.getuser(), reason)
    diff = with_runtime(lambda rt: correct_option(rt, said))
    if json:
        write_json(diff, json)
        return
    typer.echo(f"{diff['renamed']:,} answers of {option} are {same_as} now")
    for one in diff["decisions"]:
        typer.echo(f"  {one['task']}: {one['was']} -> {one['becomes']} ({one['confidence']})")
    for one in diff["moved"]:
        typer.echo(f"  {one['task']}: was {one['was']}, is {one['becomes']}")
    for worker in diff["back"]:
        typer.echo(f"  worker {worker} was paused wrongly: works again, and is told so")
