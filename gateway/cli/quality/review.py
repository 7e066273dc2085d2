"""The commands `gateway review`: tasks whose answers stayed in doubt, for a person to decide."""

import getpass
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import of_batch, with_runtime

if TYPE_CHECKING:
    from gateway.steps.quality.confidences import MarkedConfidence

app = typer.Typer(no_args_is_help=True, help="Decide the tasks whose answers stayed in doubt.")


@app.command("list")
def listed(
    batch: Annotated[str | None, typer.Option(help="Limit the list to this batch (b_...).")] = None,
    json: Json = None,
) -> None:
    """List the tasks in review with their answers, oldest first."""
    from gateway.steps.quality.confidences import in_words
    from gateway.store.batches import reviews

    rows = with_runtime(
        lambda rt: (
            of_batch(rt, batch, reviews.tasks_in_review(rt.db, batch))
            if batch
            else reviews.tasks_in_review(rt.db, batch)
        )
    )
    if write_json([{**row, **_sure(row)} for row in rows], json):
        return
    for row in rows:
        doubt = (
            "no single answer"
            if row["ambiguous"]
            else f"{row['confidence']:.2f} sure{in_words(_sure(row))}"
        )
        typer.echo(
            f"{row['batch_id']}  {row['name']}  {row['text']}\n"
            f"    {', '.join(row['answers'])}: perhaps {row['value']} ({doubt})"
        )
    if not rows:
        typer.echo("nothing waits for a decision")


def _sure(row: Mapping[str, Any]) -> "MarkedConfidence":
    """Return the confidence of a task in review with its mark."""
    from gateway.steps.quality.confidences import Checked

    known = Checked(row["gold_answered"], row["batch_state"] == "done")
    return known.told(row["confidence"], row["rule"])


@app.command("decide")
def decide(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id (b_...).")],
    task: Annotated[str, typer.Argument(metavar="TASK", help="The client's id of the task.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The true value.")],
    by: Annotated[
        str | None, typer.Option(help="Your name. Default: the user of this shell.")
    ] = None,
) -> None:
    """Decide a task in review. A person's decision is final."""
    from gateway.steps.quality import review

    who = by or getpass.getuser()
    with_runtime(lambda rt: review.decide_reviewed_task(rt, batch, task, value, who))
    typer.echo(f"{task}: {value}, decided by {who}")
