"""The command `gateway batch quality`, which shows the five quality steps of a batch."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.batches.fair_pay import app
from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import with_runtime

if TYPE_CHECKING:
    from gateway.steps.batches.checks.report import FiveStepReport
    from gateway.steps.runtime import Runtime

__all__ = ["app"]


@app.command("quality")
def quality(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id (b_...).")],
    page: Annotated[Path | None, typer.Option(help="Write the report there as HTML.")] = None,
    table: Annotated[Path | None, typer.Option(help="Write the report there as CSV.")] = None,
    json: Json = None,
) -> None:
    """Show what each of the five quality steps caught and cost, and the errors that remain."""
    from gateway.steps.batches.checks import report_page

    async def found(rt: "Runtime") -> "FiveStepReport":
        from gateway.steps.batches.checks.report import quality_report
        from gateway.store.batches import results

        known = await rt.batches.fresh(batch)
        state = await results.state_of(rt.db, batch)
        assert state is not None
        return await quality_report(rt, known, state)

    report = with_runtime(found)
    if page is not None:
        page.write_text(report_page.as_page(report), encoding="utf-8")
    if table is not None:
        table.write_text(report_page.as_csv(report), encoding="utf-8", newline="")
    if write_json(report_page.as_data(report), json):
        return
    typer.echo(report_page.as_text(report))
