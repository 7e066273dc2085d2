"""The commands `gateway worker`: find a worker, explain her state, and prepare her joining."""

from dataclasses import asdict
from typing import Annotated

import typer

from gateway.base.msisdn import mask
from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import with_runtime

app = typer.Typer(
    no_args_is_help=True,
    help="Find a worker, see why she was not paid, or register one.",
)


WorkerArgument = Annotated[
    str, typer.Argument(help="A phone number, a name or a part of it, or a worker's id.")
]


@app.command("find")
def find(said: WorkerArgument, json: Json = None) -> None:
    """List the workers with a number, a name or an id."""
    from gateway.steps.people import find_worker

    found = with_runtime(lambda rt: find_worker.find(rt, said))
    if write_json([asdict(one) for one in found], json):
        return
    for one in found:
        typer.echo(
            f"{one.id:>6}  {one.name} {one.number}  {one.state}  {one.language}  balance {one.balance}  "
            f"coordinator {one.coordinator}, partner {one.partner}"
        )


@app.command("show")
def show(said: WorkerArgument, json: Json = None) -> None:
    """Show why a worker was or was not paid.

    The page has her state, balance, payouts with reasons, messages, question and pauses.
    """
    from gateway.steps.people import find_worker

    story = with_runtime(lambda rt: find_worker.show(rt, said))
    if write_json(asdict(story), json):
        return
    typer.echo("\n".join(story.facts))
    typer.echo("Paid?")
    for line in story.answers:
        typer.echo(f"  {line}")
    for title, lines in story.sections.items():
        typer.echo(f"{title}:" if lines else f"{title}: none")
        for line in lines:
            typer.echo(f"  {line}")


@app.command("expect")
def expect(
    msisdn: Annotated[str, typer.Argument(help="The worker's phone number.")],
    name: Annotated[str, typer.Argument(help="The worker's name, which greetings use.")] = "",
    language: Annotated[
        str | None, typer.Option(help="en, sw, fr, ... until the worker changes it.")
    ] = None,
    partner: Annotated[str | None, typer.Option(help="The code of the centre.")] = None,
) -> None:
    """Register a person whom you invite outside the gateway.

    Nothing is sent: the worker's own JOIN or YES begins it. Work can be addressed to this number
    before. The answer to JOIN then brings the first question.
    """
    from gateway.steps.people import register

    new = with_runtime(
        lambda rt: register.expect_worker(
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
    """Set a worker's time zone, since nothing is sent unasked at night.

    Most numbers reveal the time zone by themselves.
    """
    from gateway.steps.people import register

    typer.echo(f"{mask(msisdn)}: {with_runtime(lambda rt: register.set_zone(rt, msisdn, named))}")
