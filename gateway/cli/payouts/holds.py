"""The commands `gateway holds`: list payouts that a control delays, and release them."""

from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True, help="List and release payouts that wait for a limit or a check."
)


@app.command("list")
def listed() -> None:
    """List the delayed payouts, with the reason and the end of the delay."""
    from gateway.base.money import amount_text
    from gateway.cli.serving import with_runtime
    from gateway.store.payouts import holds

    rows = with_runtime(lambda rt: holds.held_payouts(rt.db))
    if not rows:
        typer.echo("no payout is held")
    for row in rows:
        end = "released automatically" if row["ends"] else "checked again"
        typer.echo(
            f"{row['ref']}  {amount_text(row['amount'], row['currency']):>14}  worker {row['worker']}, "
            f"coordinator {row['coordinator_id'] or '-'}  {row['control']}: {end} {row['until']:%Y-%m-%d %H:%M} UTC"
        )


@app.command()
def release(
    ref: Annotated[str, typer.Argument(help="The payout's reference.")],
    who: Annotated[
        str, typer.Option(help="The name of the person who looked, which is kept with it.")
    ],
) -> None:
    """End the holds that delay a payout, so that it is sent now.

    A hold that one operator alone cannot end (after a change of number or an objection) stays. The
    command is refused when no other hold delays the payout.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts import controls

    released = with_runtime(lambda rt: controls.release(rt, ref.upper(), who))
    if released.still:
        typer.echo(
            f"{released.ended} hold(s) ended; {ref.upper()} still waits because {released.still}"
        )
    else:
        typer.echo(f"{ref.upper()} is released")
