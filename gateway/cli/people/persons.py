"""The commands `gateway persons`: the persons that may decide about money, and their keys.

The keys are never on a command line.
"""

from typing import Annotated

import typer

from gateway.cli.json_output import Json, write_json
from gateway.cli.people.keys import KeyFile, NoKey, read_key

app = typer.Typer(
    no_args_is_help=True,
    help="Manage the persons who decide about money, two per decision. Their keys expire.",
)

Name = Annotated[str, typer.Argument(help="The person's name.")]
Voucher = Annotated[str, typer.Option("--by", help="The existing person who vouches for this one.")]


@app.command("list")
def listed(json: Json = None) -> None:
    """List persons with their state, the end of their keys, and their last change.

    The last change is shown with its author and reason.
    """
    from gateway.cli.serving import with_runtime
    from gateway.store.people import persons

    rows = with_runtime(lambda rt: persons.list_persons(rt.db))
    if write_json([dict(row) for row in rows], json):
        return
    for row in rows:
        last = f"{row['event']} {row['at']:%Y-%m-%d %H:%M}" if row["event"] else "added before 0.1"
        by = f" by {row['by']}" if row["by"] else ""
        because = f": {row['reason']}" if row["reason"] else ""
        typer.echo(
            f"{row['name']:<20} {row['state']:<9} key until {row['expires_at']:%Y-%m-%d}  {last}{by}{because}"
        )
    typer.echo(f"{sum(row['state'] == 'valid' for row in rows)} of {len(rows)} persons may decide")


@app.command("add")
def add(name: Name, by: Voucher = "", key_file: KeyFile = None, key: NoKey = None) -> None:
    """Add a person, vouched for by an existing one, and print the key once."""
    from gateway.cli.serving import with_runtime
    from gateway.steps.people import persons

    voucher_key = read_key(key_file, by) if by else ""
    made = with_runtime(lambda rt: persons.add_person(rt, name, by, voucher_key))
    _shown(made.key, name)
    if not made.vouched:
        typer.echo(
            "No person vouched for this one, because none could (it is one of the first two, or none is left). "
            "From now on an existing person's key is needed (--by)."
        )
    _told(made.told)


@app.command("rekey")
def rekey(name: Name, by: Voucher = "", key_file: KeyFile = None, key: NoKey = None) -> None:
    """Give a person a new key and a new term. The old key is void.

    A person may vouch for herself while her key is valid.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.people import persons

    voucher_key = read_key(key_file, by) if by else ""
    made = with_runtime(lambda rt: persons.rekey_person(rt, name, by, voucher_key))
    _shown(made.key, name)
    _told(made.told)


@app.command("disable")
def disable(
    name: Name,
    by: Voucher,
    because: Annotated[str, typer.Option(help="The reason, which is kept with the person.")],
    key_file: KeyFile = None,
    key: NoKey = None,
) -> None:
    """Withdraw a person's authority at once.

    Lists and decisions that wait for a second person lose this person's approval, too.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.people import persons

    hers = read_key(key_file, by)
    told = with_runtime(lambda rt: persons.disable_person(rt, name, because, by, hers))
    typer.echo(
        f"{name} may no longer decide; decisions that only this person had made do not count"
    )
    _told(told)


def _shown(key: str, name: str) -> None:
    typer.echo(f"key  {key}\nThe key is shown this once; it signs for {name}.")


def _told(told: int) -> None:
    typer.echo(
        f"notified by SMS: {told} numbers of controls.tell"
        if told
        else "No outside person is notified: set controls.tell to their phone numbers (docs/operators/settings.md)."
    )
