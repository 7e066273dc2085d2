"""The command `gateway reviewers`: persons assessed by their overturned decisions."""

from datetime import timedelta
from typing import Annotated

import typer

from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import with_runtime


def reviewers(
    days: Annotated[
        int, typer.Option(min=1, max=3650, help="Count the decisions of these last days.")
    ] = 365,
    json: Json = None,
) -> None:
    """Assess reviewers and coordinators by the decisions of theirs that others overturned.

    The rate has its 95 % interval. A coordinator's missed deadlines of appeals are counted too.
    """
    from gateway.steps.people.appeals.assess import as_data, assess, in_words
    from gateway.steps.runtime import Runtime
    from gateway.store.quality import assessments
    from gateway.store.quality.assessments import DecisionCounts

    async def found(rt: Runtime) -> list[DecisionCounts]:
        return await assessments.of_everyone(rt.db, rt.clock.now() - timedelta(days=days))

    rows = [assess(counts) for counts in with_runtime(found)]
    if write_json([as_data(row) for row in rows], json):
        return
    for row in rows:
        typer.echo(in_words(row))
    if not rows:
        typer.echo("no person has decided anything yet")
