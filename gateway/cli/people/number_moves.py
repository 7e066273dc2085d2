"""The commands `gateway moves`: changes of number that persons decide."""

import getpass
from dataclasses import asdict
from typing import Annotated

import typer

from gateway.base.bounds import INT8_MAX
from gateway.cli.json_output import Json, write_json
from gateway.cli.people.keys import KeyFile, NoKey, read_key

app = typer.Typer(
    no_args_is_help=True,
    help="Request, list and decide changes of a worker's number. Each needs two persons.",
)

MoveArgument = Annotated[
    int, typer.Argument(min=1, max=INT8_MAX, help="The change's number in `gateway moves list`.")
]
DeciderOption = Annotated[str, typer.Option(help="Your name, as added with `gateway persons add`.")]
_TOLD = {
    "noted": "noted; another person must decide the same about change {number}",
    "invited": "approved; the new number is asked for a YES now, and the old one is notified",
    "kept": "the objection is over: the new number stays, and payouts continue",
    "refused": "refused; nothing changes",
    "given_back": "the change is undone: the worker has her old number again",
}


@app.command("list")
def listed(
    everything: Annotated[
        bool, typer.Option("--all", help="List the last 200 finished ones, too.")
    ] = False,
    json: Json = None,
) -> None:
    """List the open changes, those that wait for persons first."""
    from gateway.cli.serving import with_runtime
    from gateway.steps.people.decide_number_requests import listed_line
    from gateway.steps.runtime import Runtime
    from gateway.store.people import number_moves

    async def rows(rt: Runtime) -> list[tuple[dict[str, object], str]]:
        found = await number_moves.list_moves(rt.db, everything=everything)
        return [(asdict(row), listed_line(rt, row)) for row in found]

    found = with_runtime(rows)
    sealed = ("old_sealed", "new_sealed")
    if write_json([{k: v for k, v in row.items() if k not in sealed} for row, _ in found], json):
        return
    for _, line in found:
        typer.echo(line)
    waiting = sum(bool(row["waits"]) for row, _ in found)
    typer.echo(f"{len(found)} changes of number, {waiting} wait for two persons")


@app.command("show")
def show(number: MoveArgument) -> None:
    """Show one change of number: its state, its events, and what to ask the worker first.

    The right answers to these questions are shown too. Two operators then approve or refuse the
    change.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.people.decide_number_requests import sheet

    typer.echo(with_runtime(lambda rt: sheet(rt, number)))


@app.command("request")
def request(
    worker: Annotated[
        str, typer.Argument(help="The worker's number (also the lost one), name or id.")
    ],
    new: Annotated[str, typer.Argument(help="The new number.")],
    because: Annotated[str, typer.Option(help="The reason, which is kept with the change.")],
    by: Annotated[str | None, typer.Option(help="Your name. Default: your user name.")] = None,
) -> None:
    """Request another number for a worker. Nothing changes before two persons have approved it."""
    from gateway.cli.serving import with_runtime
    from gateway.steps.people import number_requests

    who = by or getpass.getuser()
    made = with_runtime(
        lambda rt: number_requests.request_move(rt, worker, new, by=who, because=because)
    )
    typer.echo(
        f"change {made.number} waits for two persons: gateway moves show {made.number}; "
        f"notified by SMS: {made.told} numbers of controls.tell"
    )


@app.command("approve")
def approve(
    number: MoveArgument, by: DeciderOption, key_file: KeyFile = None, key: NoKey = None
) -> None:
    """Approve a change, or end an objection to one. The second person's approval decides it."""
    from gateway.cli.serving import with_runtime
    from gateway.steps.people import decide_number_requests

    hers = read_key(key_file, by)
    outcome = with_runtime(
        lambda rt: decide_number_requests.decide_number_move(rt, number, "approve", by=by, key=hers)
    )
    typer.echo(_TOLD[outcome].format(number=number))


@app.command("refuse")
def refuse(
    number: MoveArgument,
    because: Annotated[
        str,
        typer.Option(help="The reason, which is kept with the change and sent to the coordinator."),
    ],
    by: DeciderOption,
    key_file: KeyFile = None,
    key: NoKey = None,
) -> None:
    """Refuse a change.

    If it is done and the worker objected, two persons must refuse it. The worker then has the old
    number again.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.people import decide_number_requests

    hers = read_key(key_file, by)
    outcome = with_runtime(
        lambda rt: decide_number_requests.decide_number_move(
            rt, number, "refuse", by=by, key=hers, because=because
        )
    )
    typer.echo(_TOLD[outcome].format(number=number))
