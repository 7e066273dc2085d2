"""The command `gateway batch preview`, which shows a batch as workers meet it."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.batches.quotes import app
from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import with_runtime

if TYPE_CHECKING:
    from gateway.steps.batches.drafting.previews.shown import Preview
    from gateway.steps.runtime import Runtime

__all__ = ["app"]


@app.command("preview")
def preview(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id (b_...).")],
    tasks: Annotated[int, typer.Option(min=1, max=10, help="How many tasks to show.")] = 1,
    json: Json = None,
) -> None:
    """Show the exact messages and screens of a batch, the replies it understands, and its price."""
    from gateway.steps.batches.drafting.previews.words import as_text

    async def found(rt: "Runtime") -> "Preview":
        from gateway.steps.batches.drafting.previews.preview import preview_of_batch

        return await preview_of_batch(rt, batch, tasks)

    shown = with_runtime(found)
    if write_json(asdict(shown), json):
        return
    typer.echo(as_text(shown))
