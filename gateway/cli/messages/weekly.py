"""The command `gateway weekly`: the cost of the weekly messages, week by week."""

from pathlib import Path

import typer

from gateway.cli.json_output import write_json
from gateway.cli.serving import with_runtime
from gateway.steps.runtime import Runtime
from gateway.store.messages import weekly
from gateway.store.messages.weekly import WeekTally

_WEEKS = 12


def show(json: Path | None) -> None:
    """Print the messages and segments of the last weeks, and the number of workers without them."""

    async def found(rt: Runtime) -> tuple[list[WeekTally], int]:
        return await weekly.tallies(rt.db, _WEEKS), await weekly.number_off(rt.db)

    tallies, off = with_runtime(found)
    weeks = [
        {"week": f"{one.week}", "messages": one.messages, "segments": one.segments}
        for one in tallies
    ]
    if write_json({"weeks": weeks, "off": off}, json):
        return
    for one in tallies:
        typer.echo(f"week from {one.week}: {one.messages:,} messages, {one.segments:,} segments")
    typer.echo(f"{off:,} active workers have switched it off")
