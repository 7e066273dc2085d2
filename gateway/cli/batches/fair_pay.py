"""The commands `gateway batch`: the pay of a batch's workers, and the permission to start it."""

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.json_output import Json, write_json
from gateway.cli.people.keys import KeyFile, NoKey, read_key

if TYPE_CHECKING:
    from gateway.store.batches.batch_pay import ShownPay

app = typer.Typer(
    no_args_is_help=True, help="Show what a batch pays per hour, and allow it below the floor."
)

_WAITING_MAX = 500
BatchArgument = Annotated[
    str, typer.Argument(metavar="BATCH", help="The batch's id (b_...).", show_default=False)
]


@app.command("allow-below-floor")
def allow_below_floor(
    batch: BatchArgument,
    because: Annotated[str, typer.Option(help="The reason, which is kept with the batch.")],
    by: Annotated[str, typer.Option(help="Your name, as added with `gateway payouts person`.")],
    key_file: KeyFile = None,
    key: NoKey = None,
) -> None:
    """Allow a draft to start although it pays less than the living-wage floor.

    Nothing is then topped up at its end.
    """
    from gateway.base.money import amount_text
    from gateway.cli.serving import with_runtime
    from gateway.steps.batches.fair_pay import floor as step

    hers = read_key(key_file, by)
    pay = with_runtime(lambda rt: step.allow_below_floor(rt, batch, because, by=by, key=hers))
    found = pay.quote.floor
    if found is None:
        typer.echo("it may start; no floor applies to it")
        return
    typer.echo(
        f"it may start; it pays about {pay.quote.hourly_minor / found.hourly_minor:.0%} of the floor"
        f" of {found.country} per hour ({amount_text(found.hourly_minor, pay.currency)})"
    )


@app.command("pay")
def pay_of(batch: BatchArgument, json: Json = None) -> None:
    """Show what a started batch pays per hour: expected, measured, and topped up."""
    from dataclasses import asdict

    from gateway.base.errors import Refused
    from gateway.cli.serving import with_runtime
    from gateway.steps.messages import contact_hours
    from gateway.steps.runtime import Runtime
    from gateway.store.batches import batch_pay
    from gateway.store.turns import idle_workers

    async def found(rt: Runtime) -> "tuple[ShownPay, int]":
        pay = await batch_pay.shown(rt.db, batch)
        if pay is None:
            raise Refused(f"there is no batch {batch!r} that has started")
        rules, now = contact_hours.contact_rules(rt), rt.clock.now()
        return pay, await idle_workers.waiting(rt.db, rules, now, _WAITING_MAX)

    pay, idle = with_runtime(found)
    if not write_json({**asdict(pay), "idle_with_work_waiting": idle}, json):
        for line in _lines(pay):
            typer.echo(line)
        typer.echo(f"idle       {idle} workers for whom work of any batch waits")


def _lines(pay: "ShownPay") -> list[str]:
    from gateway.base.money import amount_text

    def text(minor: int | None) -> str:
        return "-" if minor is None else amount_text(minor, pay.currency)

    floor = f"floor      {text(pay.floor_minor)} an hour ({pay.floor_country or 'none'})"
    lines = [floor, f"expected   {pay.expected_s:.0f} seconds per answer"]
    if pay.allowed:
        lines.append(f"allowed below the floor: {pay.allowed}")
    if pay.answers is None or pay.seconds is None:
        return [*lines, "measured   not yet: the batch is not closed"]
    return [
        *lines,
        f"measured   {pay.answers} answers of {pay.workers} workers in {pay.seconds / 3600:.1f} hours",
        f"           median {text(pay.median_minor)}, p10 {text(pay.p10_minor)} an hour; Gini {pay.gini or 0:.2f}",
        f"topped up  {text(pay.topped_up_minor)} of {text(pay.reserve_minor)} that were set aside",
    ]
