"""The commands `gateway client`, which manage clients, their keys and their money."""

from typing import Annotated

import typer

from gateway.base.ids import ClientId
from gateway.base.money import amount_text, exact_amount
from gateway.cli.serving import with_runtime
from gateway.steps.runtime import Runtime

client = typer.Typer(no_args_is_help=True, help="Manage clients, who send work and pay for it.")
keys = typer.Typer(no_args_is_help=True, help="List and revoke a client's API keys.")
client.add_typer(keys, name="keys")


@client.command("add")
def add_client(
    name: Annotated[str, typer.Argument(help="The client's name.")],
    currency: Annotated[str, typer.Option(help="The currency in which the client pays.")] = "KES",
) -> None:
    """Add a client and print its API key, once."""
    from gateway.steps.people import register

    made, key = with_runtime(lambda rt: register.add_client(rt, name, currency))
    typer.echo(f"client  {made}\nkey     {key}\nThe key is shown this once; keep it safe.")


@client.command("key")
def new_key(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id (c_...).")],
) -> None:
    """Print one more API key of a client, once."""
    from gateway.steps.people import register

    typer.echo(with_runtime(lambda rt: register.add_key(rt, ClientId(client_id))))


@keys.command("list")
def list_keys(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id (c_...).")],
) -> None:
    """List a client's API keys by their first characters. Nothing else of them is kept."""
    from gateway.steps.people import register
    from gateway.store.db import Row
    from gateway.store.people import clients

    async def found(rt: Runtime) -> list[Row]:
        # This raises Refused for an unknown client.
        await register.currency_of(rt, ClientId(client_id))
        return await clients.keys(rt.db, ClientId(client_id))

    rows = with_runtime(found)
    if not rows:
        typer.echo(f"no key yet; make one: gateway client key {client_id}")
    for row in rows:
        revoked = f"revoked {row['revoked_at']:%Y-%m-%d %H:%M}" if row["revoked_at"] else "valid"
        typer.echo(f"{row['shown']}...  made {row['created_at']:%Y-%m-%d %H:%M}  {revoked}")


@keys.command("revoke")
def revoke_key(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id (c_...).")],
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="The key's first characters, as listed.")
    ],
) -> None:
    """Revoke an API key at once."""
    from gateway.steps.people import register

    with_runtime(lambda rt: register.revoke_key(rt, ClientId(client_id), key.removesuffix("...")))
    typer.echo("revoked")


@client.command("list")
def list_clients() -> None:
    """List clients and their free money."""
    from gateway.store.people import clients

    rows = with_runtime(lambda rt: clients.with_balances(rt.db))
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

    typer.echo(with_runtime(booked))
