"""The commands `gateway findings`: observations of the formulas, for an operator to judge."""

import getpass
from dataclasses import asdict
from typing import Annotated

import typer

from gateway.base.bounds import INT8_MAX
from gateway.base.errors import Refused
from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import of_batch, with_runtime

app = typer.Typer(
    no_args_is_help=True,
    help="List and close findings. A finding alone has no consequence for a worker.",
)

_Number = Annotated[
    int, typer.Argument(min=1, max=INT8_MAX, metavar="FINDING", help="The number in the list.")
]


@app.command("list")
def listed(
    *,
    closed: Annotated[bool, typer.Option("--closed", help="List the closed findings.")] = False,
    batch: Annotated[str | None, typer.Option(help="Limit the list to this batch (b_...).")] = None,
    json: Json = None,
) -> None:
    """List the open findings, newest first."""
    from gateway.store.quality import findings

    state = "closed" if closed else "open"
    rows = with_runtime(
        lambda rt: (
            of_batch(rt, batch, findings.list_findings(rt.db, state=state, batch=batch))
            if batch
            else findings.list_findings(rt.db, state=state, batch=batch)
        )
    )
    if write_json([asdict(row) for row in rows], json):
        return
    for row in rows:
        typer.echo(
            f"{row.id:5}  {row.created_at:%Y-%m-%d %H:%M}  {row.kind:16} {row.subject}"
            f"{'  ' + row.partner if row.partner else ''}"
        )
    if not rows:
        typer.echo("no finding is open")


@app.command("show")
def shown(finding: _Number, json: Json = None) -> None:
    """Show one finding with its evidence."""
    from gateway.store.quality import findings

    row = with_runtime(lambda rt: findings.show_finding(rt.db, finding))
    if row is None:
        raise Refused(f"no finding {finding}; see: gateway findings list", status=404)
    if write_json(asdict(row), json):
        return
    typer.echo(f"{row.kind}  {row.subject}  {row.state}")
    for name, value in row.evidence.items():
        typer.echo(f"  {name}: {value}")
    if row.outcome:
        typer.echo(f"closed by {row.closed_by}: {row.outcome}")


@app.command("close")
def close(
    finding: _Number,
    outcome: Annotated[
        str, typer.Argument(metavar="OUTCOME", help="The result of your look, in words.")
    ],
    by: Annotated[
        str | None, typer.Option(help="Your name. Default: the user of this shell.")
    ] = None,
) -> None:
    """Close a finding after a person has looked at it."""
    from gateway.store.quality import findings

    who = by or getpass.getuser()
    if not with_runtime(lambda rt: findings.close_finding(rt.db, finding, who, outcome)):
        raise Refused(f"no open finding {finding}; see: gateway findings list", status=404)
