"""The commands `gateway approvals`, for decisions that need two persons with a key each."""

from enum import StrEnum
from typing import Annotated

import typer

from gateway.base.bounds import INT8_MAX
from gateway.cli.people.keys import KeyFile, NoKey, read_key

app = typer.Typer(
    no_args_is_help=True,
    help="Decide what needs two persons: large payouts, and reversed payouts.",
)

ApproverOption = Annotated[
    str, typer.Option(help="Your name, as added with `gateway payouts person`.")
]


class Whose(StrEnum):
    WORKER = "worker"
    HOUSE = "house"


@app.command("list")
def listed() -> None:
    """List the payouts that wait for a second person, with the list that each is on."""
    from gateway.base.money import amount_text
    from gateway.cli.serving import with_runtime
    from gateway.store.payouts import approvals as store

    rows = with_runtime(lambda rt: store.unapproved_payouts(rt.db))
    for row in rows:
        typer.echo(
            f"{row.ref}  {amount_text(row.amount, row.currency):>14}  {row.provider}  worker {row.worker}, "
            f"coordinator {row.coordinator_id or '-'}, since {row.created_at:%Y-%m-%d %H:%M}"
            f"  {'list ' + str(row.list) if row.list else 'on no list'}"
        )
    typer.echo(f"{len(rows)} payouts wait for approval")


@app.command()
def prepare(
    by: ApproverOption,
    refs: Annotated[
        list[str] | None, typer.Argument(help="These payouts. Default: all that wait.")
    ] = None,
    key_file: KeyFile = None,
    key: NoKey = None,
) -> None:
    """Put the waiting payouts on a list. Another person then approves exactly this list."""
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts import approve as step

    hers = read_key(key_file, by)
    made = with_runtime(lambda rt: step.prepare_list(rt, refs or [], by, hers))
    typer.echo(made.sheet())
    typer.echo(
        f"another person: gateway approvals approve {made.number} --code {made.code} --by NAME"
    )


@app.command()
def show(
    number: Annotated[int, typer.Argument(min=1, max=INT8_MAX, help="The list's number.")],
) -> None:
    """Print the current state of a list: totals, first payouts, the largest."""
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts import approve as step

    typer.echo(with_runtime(lambda rt: step.prepared_list(rt, number)).sheet())


@app.command()
def approve(
    number: Annotated[int, typer.Argument(min=1, max=INT8_MAX, help="The list's number.")],
    code: Annotated[str, typer.Option(help="The list's code, as `prepare` and `show` print it.")],
    by: ApproverOption,
    key_file: KeyFile = None,
    key: NoKey = None,
) -> None:
    """Approve a list that another person prepared.

    If any part of it has changed, nothing is approved.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts import approve as step

    hers = read_key(key_file, by)
    count = with_runtime(lambda rt: step.approve_as_second(rt, number, code, by, hers))
    typer.echo(f"{count} payouts are approved and will be sent")


@app.command()
def refuse(
    ref: Annotated[str, typer.Argument(help="The reference that the worker reads, e.g. P7K2QX.")],
    because: Annotated[str, typer.Option(help="The reason, which is kept with it.")],
    by: ApproverOption,
    key_file: KeyFile = None,
    key: NoKey = None,
) -> None:
    """Refuse a payout that waits for approval. Its money returns to the worker's balance.

    The worker is notified.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts import approve as step

    hers = read_key(key_file, by)
    with_runtime(lambda rt: step.refuse_payout(rt, ref, because, by, hers))
    typer.echo(f"{ref.upper()} is not sent; its money is back in the balance")


@app.command()
def reversal(
    ref: Annotated[str, typer.Argument(help="A payout that the mobile-money operator reversed.")],
    whose: Annotated[
        Whose,
        typer.Option(help="worker: back in her balance. house: she was paid in another way."),
    ],
    by: ApproverOption,
    key_file: KeyFile = None,
    key: NoKey = None,
) -> None:
    """Record who keeps the money of a reversed payout.

    It is booked when a second person records the same.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts.reversal import decide_reversal

    hers = read_key(key_file, by)
    said = with_runtime(lambda rt: decide_reversal(rt, ref, whose.value, by=by, key=hers))
    typer.echo(
        f"{said.ref}: the money now belongs to the {whose}"
        if said.confirmed
        else f"noted; a second person must decide the same about {said.ref}"
    )
