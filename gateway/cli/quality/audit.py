"""The commands `gateway audit`: judging a random sample of a batch before its delivery."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import with_runtime

if TYPE_CHECKING:
    from gateway.steps.runtime import Runtime
    from gateway.store.batches.batches import Batch
    from gateway.store.quality.audits import AuditTask

app = typer.Typer(no_args_is_help=True, help="Judge the random sample of a batch's audit.")
_BATCH = typer.Argument(metavar="BATCH", help="The batch's id (b_...).")


@app.command("next")
def next_task(batch: Annotated[str, _BATCH], json: Json = None) -> None:
    """Show the next task of the sample, without its result."""

    async def found(rt: "Runtime") -> "tuple[AuditTask | None, Batch]":
        from gateway.steps.batches.checks.audit import next_to_audit

        return await next_to_audit(rt, batch), await rt.batches.get(batch)

    task, known = with_runtime(found)
    shown = {
        "task": task.task if task else None,
        "text": task.text if task else None,
        "place": task.place if task else None,
        "instructions": known.instructions,
        "values": list(known.option_ids),
    }
    if write_json(shown, json):
        return
    if task is None:
        typer.echo("all tasks of the sample are judged")
        return
    typer.echo(f"{task.place}. {task.task}: {known.instructions}\n    {task.text}")
    if known.option_ids:
        typer.echo(f"    one of: {', '.join(known.option_ids)}")


@app.command("judge")
def judge(
    batch: Annotated[str, _BATCH],
    task: Annotated[str, typer.Argument(metavar="TASK", help="The client's id of the task.")],
    value: Annotated[
        str | None, typer.Argument(metavar="VALUE", help="The true value, as you find it.")
    ] = None,
    unclear: Annotated[
        bool, typer.Option("--unclear", help="The true value cannot be told.")
    ] = False,
    by: Annotated[
        str | None, typer.Option(help="Your name. Default: the user of this shell.")
    ] = None,
) -> None:
    """Judge a task of the sample. A judgement is final."""
    if unclear == (value is not None):
        raise typer.BadParameter("give the true value, or --unclear where it cannot be told")
    who = by or getpass.getuser()

    async def judged(rt: "Runtime") -> None:
        from gateway.steps.batches.checks.audit import judge_task

        await judge_task(rt, batch, task, value, who)

    with_runtime(judged)
    typer.echo(f"{task}: {'unclear' if unclear else value}, judged by {who}")
