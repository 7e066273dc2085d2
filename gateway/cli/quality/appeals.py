"""The commands `gateway appeals`: what workers do not agree with, who looks, and the decision."""

import getpass
from typing import Annotated

import typer

from gateway.base.errors import Refused
from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import with_runtime

app = typer.Typer(
    no_args_is_help=True, help="List, show and decide the appeals of workers about their answers."
)

_Ref = Annotated[str, typer.Argument(metavar="REF", help="The reference of the appeal.")]


@app.command("list")
def listed(
    *,
    decided: Annotated[bool, typer.Option("--decided", help="List the decided appeals.")] = False,
    json: Json = None,
) -> None:
    """List the appeals that wait, overdue ones first, with who looks and the deadline."""
    from gateway.steps.people.appeals.listing import appeal_line, as_data
    from gateway.store.people import appeals

    rows = with_runtime(lambda rt: appeals.decided(rt.db) if decided else appeals.waiting(rt.db))
    if write_json([as_data(row) for row in rows], json):
        return
    for row in rows:
        typer.echo(appeal_line(row))
    if not rows:
        typer.echo("no appeal was decided yet" if decided else "no appeal waits")


@app.command("show")
def shown(ref: _Ref, json: Json = None) -> None:
    """Show an appeal: question, answers, who decided before, who looks, and what happened."""
    from gateway.steps.people.appeals.listing import appeal_lines, as_data, event_line
    from gateway.steps.runtime import Runtime
    from gateway.store.people import appeals
    from gateway.store.people.appeals import Appeal, AppealEvent

    async def found(rt: Runtime) -> tuple[Appeal, list[AppealEvent]]:
        row = await appeals.by_ref(rt.db, ref.upper())
        if row is None:
            raise Refused(f"no appeal {ref}; list them with: gateway appeals list", status=404)
        return row, await appeals.events(rt.db, row.id)

    row, events = with_runtime(found)
    told = [
        {"event": e.event, "who": e.who, "reason": e.reason, "at": e.at.isoformat()} for e in events
    ]
    if write_json({**as_data(row), "events": told}, json):
        return
    for line in (*appeal_lines(row), *map(event_line, events)):
        typer.echo(line)


@app.command("decide")
def decide(
    ref: _Ref,
    *,
    worker_right: Annotated[
        bool,
        typer.Option(
            "--worker-right/--stands",
            help="Her answer counts as right from now on, or what was decided stands.",
        ),
    ],
    reason: Annotated[str, typer.Option(help="The reason, which is kept with the appeal.")],
    by: Annotated[
        str | None,
        typer.Option(
            help="Your name, or a coordinator's phone number. Default: the user of this shell."
        ),
    ] = None,
    json: Json = None,
) -> None:
    """Decide an appeal. Truth, money, skill and results follow, and the worker is told.

    No person decides an appeal against a decision of her own.
    """
    from gateway.steps.people.appeals.decide import AppealDecision, decide_appeal
    from gateway.steps.people.appeals.listing import as_data

    said = AppealDecision(ref, worker_right, by or getpass.getuser(), reason)
    row = with_runtime(lambda rt: decide_appeal(rt, said))
    if write_json(as_data(row), json):
        return
    outcome = "the worker was right" if worker_right else "what was decided stands"
    typer.echo(f"{row.ref}: {outcome}, says {row.decider}")
    if row.settled_at is None:
        typer.echo("its results are being published: what follows is written in a minute")
