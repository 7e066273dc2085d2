"""The commands `gateway coordinator`.

They add coordinators, who enrol workers by SMS, and limit and end their work.
"""

import getpass
import sys
from typing import Annotated

import typer

from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import with_runtime

app = typer.Typer(
    no_args_is_help=True, help="Manage coordinators, who enrol and look after workers."
)

NumberArgument = Annotated[str, typer.Argument(help="The coordinator's phone number.")]
Because = Annotated[
    str, typer.Option("--because", help="The reason, which is kept with the coordinator.")
]
NameOption = Annotated[
    str | None, typer.Option("--by", help="Your name. Default: the user of this shell.")
]


@app.command("add")
def add(
    msisdn: NumberArgument,
    name: Annotated[
        str, typer.Argument(help="The coordinator's name, which workers read in their invitation.")
    ],
    language: Annotated[str, typer.Option(help="en, sw, fr, ...")] = "en",
    partner: Annotated[
        str | None, typer.Option(help="The code of the coordinator's centre.")
    ] = None,
    by: NameOption = None,
) -> None:
    """Add a coordinator, or admit one again.

    The commands ADD, REMOVE and STATUS then work for her.
    """
    from gateway.steps.people import register

    with_runtime(
        lambda rt: register.add_coordinator(rt, msisdn, name, language, partner, _author(by))
    )
    typer.echo(f"{name} can now text: ADD <number> <name> [language] [partner]")
    typer.echo(
        "For UNLOCK and for many invitations the coordinator needs a PIN: gateway coordinator pin NUMBER"
    )


@app.command("list")
def listed(json: Json = None) -> None:
    """List coordinators with their state, workers, recent invitations, PIN, links and last change.

    Invitations are those of the last 24 hours.
    """
    from gateway.steps.people.find_worker import number_tail
    from gateway.steps.runtime import Runtime
    from gateway.store.people import coordinators

    async def rows(rt: Runtime) -> list[dict[str, object]]:
        found = await coordinators.list_coordinators(rt.db)
        told = [{**row, "number": number_tail(rt, row["msisdn_sealed"])} for row in found]
        return [{k: v for k, v in one.items() if k != "msisdn_sealed"} for one in told]

    found = with_runtime(rows)
    if write_json(found, json):
        return
    for one in found:
        pin = ("locked" if one["wrong"] == 3 else "yes") if one["has_pin"] else "no"  # noqa: PLR2004
        last = f"{one['event']} by {one['by_whom']}" if one["event"] else "-"
        because = f": {one['reason']}" if one["reason"] else ""
        typer.echo(
            f"{one['id']:>4}  {one['name']} {one['number']}  {str(one['state']).replace('_', ' ')}  "
            f"partner {one['partner'] or '-'}  {one['workers']} workers, {one['invited']} invited in 24 h, "
            f"PIN {pin}, {one['links']} links  last: {last}{because}"
        )
    typer.echo(f"{len(found)} coordinators")


@app.command("disable")
def disable(
    msisdn: NumberArgument,
    because: Because,
    to: Annotated[
        str | None, typer.Option(help="The number of the coordinator who takes over the workers.")
    ] = None,
    partner: Annotated[
        str | None, typer.Option(help="The code of the centre that takes over the workers.")
    ] = None,
    by: NameOption = None,
) -> None:
    """End a coordinator's work. Her workers are kept, and move to --to or --partner if given."""
    from gateway.steps.people import coordinators

    moved = with_runtime(
        lambda rt: coordinators.disable(
            rt, msisdn, by=_author(by), because=because, to=to, partner=partner
        )
    )
    typer.echo(
        f"disabled: the coordinator's SMS commands and links no longer work; {moved} workers "
        "have a new coordinator or partner"
    )


@app.command("cut-off")
def cut_off(msisdn: NumberArgument, because: Because, by: NameOption = None) -> None:
    """End a coordinator's SMS commands and console links at once, for example after a theft."""
    from gateway.steps.people import coordinators

    links = with_runtime(
        lambda rt: coordinators.cut_off(rt, msisdn, by=_author(by), because=because)
    )
    typer.echo(
        f"cut off: the coordinator's SMS commands no longer work, and {links} links were revoked. "
        "Her workers stay; gateway coordinator add with the same number admits her again, "
        "with a new PIN"
    )


@app.command("pin")
def pin(msisdn: NumberArgument, by: NameOption = None) -> None:
    """Give a coordinator a PIN, which she types herself, twice and unseen.

    It can also be given on standard input, but never as an argument.
    """
    from gateway.steps.people import coordinators

    typed = (
        typer.prompt("PIN (4 to 6 digits)", hide_input=True, confirmation_prompt=True)
        if sys.stdin.isatty()
        else sys.stdin.readline(100).strip()
    )
    with_runtime(lambda rt: coordinators.set_pin(rt, msisdn, typed, by=_author(by)))
    typer.echo("set; it is typed behind a command, like: UNLOCK +254712345678 PIN ....")


@app.command("link")
def link(msisdn: NumberArgument, by: NameOption = None) -> None:
    """Print a link to a coordinator's page, with her workers and the findings.

    It is valid for a week.
    """
    from gateway.steps.people.console_links import link_for

    typer.echo(with_runtime(lambda rt: link_for(rt, msisdn, _author(by))))


@app.command("links")
def links(json: Json = None) -> None:
    """List every link to a coordinator's page, and whether it is still valid."""
    from gateway.store.people import coordinators

    rows = with_runtime(lambda rt: coordinators.links(rt.db))
    if write_json([dict(row) for row in rows], json):
        return
    for row in rows:
        ended = (
            f"revoked {row['revoked_at']:%Y-%m-%d %H:%M}: {row['revoked_because']}"
            if row["revoked_at"]
            else f"until {row['until']:%Y-%m-%d %H:%M}"
        )
        typer.echo(
            f"{row['id']:>4}  {row['name']}  made {row['created_at']:%Y-%m-%d %H:%M}  {ended}"
        )


@app.command("revoke-link")
def revoke_link(
    number: Annotated[
        int, typer.Argument(help="The link's number in `gateway coordinator links`.")
    ],
    because: Because,
    by: NameOption = None,
) -> None:
    """Revoke a link at once."""
    from gateway.steps.people import coordinators

    with_runtime(lambda rt: coordinators.revoke_link(rt, number, by=_author(by), because=because))
    typer.echo(f"link {number} no longer works")


def _author(by: str | None) -> str:
    return by or getpass.getuser()
