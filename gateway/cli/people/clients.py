"""The commands `gateway client`, which manage clients, their keys and their money."""

from dataclasses import asdict
from typing import Annotated

import typer

from gateway.base.ids import ClientId
from gateway.base.money import amount_text, exact_amount
from gateway.base.scopes import ALL
from gateway.cli.json_output import Json, write_json
from gateway.cli.run.crowd.books import TestBooks, with_books
from gateway.cli.serving import with_runtime
from gateway.steps.runtime import Runtime
from gateway.store.people.api_keys import ListedKey

client = typer.Typer(no_args_is_help=True, help="Manage clients, who send work and pay for it.")
keys = typer.Typer(no_args_is_help=True, help="Add, list and revoke a client's API keys.")
client.add_typer(keys, name="key")


@client.command("add")
def add_client(
    name: Annotated[str, typer.Argument(help="The client's name.")],
    currency: Annotated[str, typer.Option(help="The currency in which the client pays.")] = "KES",
    test: Annotated[
        bool,
        typer.Option(
            "--test", help="Make a test key: simulated workers, and money that is not real."
        ),
    ] = False,
) -> None:
    """Add a client and print its API key, once."""
    from gateway.steps.people import register

    if test:
        from gateway.cli.run.crowd.serve_test_gateway import with_test_runtime

        made, key = with_test_runtime(lambda rt: register.add_test_client(rt, name, currency))
        typer.echo(f"client  {made}\nkey     {key}\nThe key is shown this once; keep it safe.")
        typer.echo("`gateway up` serves test keys by itself; elsewhere run: gateway test-gateway")
        return
    made, key = with_runtime(lambda rt: register.add_client(rt, name, currency))
    typer.echo(f"client  {made}\nkey     {key}\nThe key is shown this once; keep it safe.")


@keys.command("add")
def add_key(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id (c_...).")],
    name: Annotated[str, typer.Option(help="What the key is for, e.g. dashboard.")] = "",
    scopes: Annotated[
        str, typer.Option(help="Comma-separated, e.g. batches:read,results:read.")
    ] = "all",
    days: Annotated[
        int | None, typer.Option(help="Days until it expires. Without it, it does not.")
    ] = None,
    test: TestBooks = False,
) -> None:
    """Print one more API key of a client, once."""
    from gateway.steps.people import api_keys

    wanted = api_keys.WantedKey(name, scopes, days)
    typer.echo(with_books(lambda rt: api_keys.add_key(rt, ClientId(client_id), wanted), test=test))


@keys.command("list")
def list_keys(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id (c_...).")],
    json: Json = None,
    test: TestBooks = False,
) -> None:
    """List a client's API keys: name, scopes, expiry, last use. The keys are not kept."""
    from gateway.steps.people import api_keys

    found = with_books(lambda rt: api_keys.list_keys(rt, ClientId(client_id)), test=test)
    if write_json([asdict(key) for key in found], json):
        return
    if not found:
        typer.echo(f"no key yet; make one: gateway client key add {client_id}")
    for key in found:
        typer.echo(_line_of(key))


def _line_of(key: ListedKey) -> str:
    """Return the line about a key in the list."""
    state = f"expires {key.expires_at:%Y-%m-%d}" if key.expires_at else "does not expire"
    if key.revoked_at:
        state = f"revoked {key.revoked_at:%Y-%m-%d %H:%M}"
    used = f"used {key.used_at:%Y-%m-%d %H:%M}" if key.used_at else "never used"
    scopes = "all scopes" if ALL in key.scopes else ",".join(key.scopes)
    named = f"  {key.name}" if key.name else ""
    made = f"made {key.created_at:%Y-%m-%d %H:%M}"
    return f"{key.shown}...{key.last_four}{named}  {scopes}  {made}  {state}  {used}"


@keys.command("revoke")
def revoke_key(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id (c_...).")],
    key: Annotated[
        str,
        typer.Argument(metavar="KEY", help="Its first 8 or last 4 characters, or its name."),
    ],
    test: TestBooks = False,
) -> None:
    """Revoke an API key at once."""
    from gateway.steps.people import api_keys

    named = key.partition("...")[0] or key
    with_books(lambda rt: api_keys.revoke_key(rt, ClientId(client_id), named), test=test)
    typer.echo("revoked")


@client.command("list")
def list_clients(test: TestBooks = False) -> None:
    """List clients and their free money."""
    from gateway.store.people import clients

    rows = with_books(lambda rt: clients.with_balances(rt.db), test=test)
    if not rows:
        typer.echo("no clients yet; add one: gateway client add NAME")
    for row in rows:
        typer.echo(
            f"{row['id']}  {amount_text(row['balance'], row['currency']):>16}  {row['name']}"
        )


@client.command("top-up")
def top_up(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id (c_...).")],
    amount: Annotated[str, typer.Argument(help="In major units, e.g. 5000.00")],
    ref: Annotated[str, typer.Option(help="The bank's reference. A repeated one counts once.")],
    test: TestBooks = False,
) -> None:
    """Book money that arrived from a client."""
    from gateway.steps.people import register

    async def booked(rt: Runtime) -> str:
        currency = await register.currency_of(rt, ClientId(client_id))
        minor = exact_amount(amount, currency)
        new = await register.top_up(rt, ClientId(client_id), ref, minor)
        return (
            f"booked {amount_text(minor, currency)}"
            if new
            else f"{ref} was booked before; nothing changed"
        )

    typer.echo(with_books(booked, test=test))
