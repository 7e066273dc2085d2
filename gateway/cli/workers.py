"""`gateway worker`: who works, put down by somebody at a desk."""

from typing import Annotated

import typer

from gateway.cli.people import with_runtime
from gateway.msisdn import mask

app = typer.Typer(no_args_is_help=True, help="Workers, put down at a desk.")


@app.command("expect")
def expect(
    msisdn: Annotated[str, typer.Argument(help="The worker's phone number.")],
    name: Annotated[str, typer.Argument(help="The worker's name; stands in greetings.")] = "",
    language: Annotated[str | None, typer.Option(help="en, sw, fr, ... until changed.")] = None,
    partner: Annotated[str | None, typer.Option(help="The code of the centre.")] = None,
) -> None:
    """Put down somebody whom you tell how to join. Nothing is sent: the worker's own JOIN or YES begins it.

    Work can be made out to this number before; the answer to JOIN then brings the first question.
    """
    from gateway.steps import admit

    new = with_runtime(
        lambda rt: admit.expect_worker(
            rt, msisdn, rt.settings.sms_channel, partner, name=name, language=language
        )
    )
    code = f"JOIN {partner.upper()}" if partner else "YES"
    typer.echo(f"{mask(msisdn)} joins by texting: {code}" if new else f"{mask(msisdn)} is known")


@app.command("zone")
def zone(
    msisdn: Annotated[str, typer.Argument(help="The worker's phone number.")],
    named: Annotated[
        str, typer.Argument(metavar="ZONE", help="Africa/Lubumbashi, Lubumbashi, or country.")
    ],
) -> None:
    """Say where a worker lives: at night nothing is sent there unasked. Numbers tell the zone by themselves where they can."""
    from gateway.steps import admit

    typer.echo(f"{mask(msisdn)}: {with_runtime(lambda rt: admit.set_zone(rt, msisdn, named))}")
