"""`gateway options`: what a batch's options mean, when people found out that two mean the same, or that a label is wrong."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.output import write_json
from gateway.cli.people import with_runtime

if TYPE_CHECKING:
    from gateway.steps.forgive import Diff

app = typer.Typer(
    no_args_is_help=True, help="Options of a batch: two that mean the same, or a wrong label."
)


@app.callback()
def options() -> None:
    """Options of a batch: two that mean the same, or a wrong label."""


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
    _show(diff)


@app.command("label")
def label(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id (b_...).")],
    option: Annotated[str, typer.Argument(metavar="OPTION", help="Its id, which stays.")],
    text: Annotated[str, typer.Argument(metavar="LABEL", help="What workers read from now on.")],
    reason: Annotated[str, typer.Option(help="Why: kept with the correction.")],
    language: Annotated[str, typer.Option(help="Of the workers who read it.")] = "en",
    misled: Annotated[
        bool,
        typer.Option(
            "--misled", help="The old label said something else: ask again what chose it."
        ),
    ] = False,
    by: Annotated[str | None, typer.Option(help="Who says so; without: who is logged in.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write it as JSON; - = stdout.")] = None,
) -> None:
    """Correct an option's label: every question asked from now on has it; paid money stays where it is."""
    from gateway.steps.relabel import NewLabel, correct_label

    said = NewLabel(batch, option, text, by or getpass.getuser(), reason, language, misled=misled)
    diff = with_runtime(lambda rt: correct_label(rt, said))
    if json:
        write_json(diff, json)
        return
    typer.echo(f"{option} is called {text!r} now")
    if misled:
        typer.echo(
            f"{diff['void']:,} answers are void (they were paid and stay so); questions that somebody holds are asked anew"
        )
    _show(diff)


def _show(diff: "Diff") -> None:
    for one in diff["decisions"]:
        typer.echo(f"  {one['task']}: {one['was']} -> {one['becomes']} ({one['confidence']})")
    for one in diff["moved"]:
        typer.echo(f"  {one['task']}: was {one['was']}, is {one['becomes']}")
    for worker in diff["back"]:
        typer.echo(f"  worker {worker} was paused wrongly: works again, and is told so")
