"""The command `gateway batch history`: what was done to a batch, by which key, and at what cost."""

import typer

from gateway.cli.batches.fair_pay import BatchArgument
from gateway.cli.batches.preview import app
from gateway.cli.json_output import Json, write_json

__all__ = ["app"]

_PAGE = 1000


@app.command("history")
def history_of(batch: BatchArgument, json: Json = None) -> None:
    """List the changes of a batch, oldest first: when, by which key, what, and the cost."""
    from dataclasses import asdict

    from gateway.base.errors import Refused
    from gateway.base.money import amount_text
    from gateway.cli.serving import with_runtime
    from gateway.steps.runtime import Runtime
    from gateway.store.batches import batches
    from gateway.store.batches.life import changes
    from gateway.store.batches.life.changes import BatchChange

    async def read(rt: Runtime) -> tuple[str, list[BatchChange]]:
        currency = await batches.currency_of(rt.db, batch)
        if currency is None:
            raise Refused(f"there is no batch {batch!r}")
        found: list[BatchChange] = []
        while page := await changes.page(
            rt.db, batch, after=found[-1].id if found else 0, limit=_PAGE
        ):
            found += page
        return currency, found

    currency, found = with_runtime(read)
    if write_json([{**asdict(one), "at": one.at.isoformat()} for one in found], json):
        return
    for one in found:
        sign = "+" if one.cost_minor > 0 else "-"
        cost = f"{sign}{amount_text(abs(one.cost_minor), currency)}" if one.cost_minor else ""
        told = ", ".join(f"{name}: {value}" for name, value in one.after.items())
        typer.echo(
            f"{one.at:%Y-%m-%d %H:%M:%S}  {one.actor:14}  {one.what:12}  {cost:16}  {told}".rstrip()
        )
    if not found:
        typer.echo("nothing was done to this batch yet")
