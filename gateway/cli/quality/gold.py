"""The commands `gateway gold`: questions with known answers, their figures, and corrections."""

import getpass
from dataclasses import asdict
from typing import Annotated

import typer

from gateway.cli.formatting import say_moved
from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import of_batch, with_runtime

app = typer.Typer(
    no_args_is_help=True, help="List and correct gold, which are questions with known answers."
)

_Batch = Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id (b_...).")]


@app.command("list")
def listed(batch: _Batch, json: Json = None) -> None:
    """List the gold of a batch, with the number of showings and of right answers."""
    from gateway.store.quality import gold

    rows = with_runtime(lambda rt: of_batch(rt, batch, gold.bank(rt.db, batch)))
    if write_json([asdict(row) for row in rows], json):
        return
    for row in rows:
        share = f"{row.right}/{row.answered} right" if row.answered else "not asked yet"
        notes = [share, "promoted"] if row.promoted else [share]
        notes += [f"corrected {row.corrections} times"] if row.corrections else []
        typer.echo(f"{row.name}  {row.gold}  {', '.join(notes)}  {row.text}")
    if not rows:
        typer.echo("this batch has no gold")


@app.command("correct")
def correct(
    batch: _Batch,
    task: Annotated[str, typer.Argument(metavar="TASK", help="The client's id of the gold task.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The true value.")],
    reason: Annotated[str, typer.Option(help="The reason, which is kept with the correction.")],
    by: Annotated[
        str | None, typer.Option(help="Your name. Default: the user of this shell.")
    ] = None,
    json: Json = None,
) -> None:
    """Correct gold that was wrong.

    Skills, pauses and results follow, but no paid money is taken back.
    """
    from gateway.steps.quality.corrections.correct_gold import Correction, correct_gold

    said = Correction(batch, task, value, by or getpass.getuser(), reason)
    diff = with_runtime(lambda rt: correct_gold(rt, said))
    if write_json(diff, json):
        return
    typer.echo(
        f"{len(diff['answers'])} answers judged anew, {len(diff['decisions'])} results changed"
    )
    say_moved(diff)
