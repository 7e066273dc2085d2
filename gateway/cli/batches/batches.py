"""The command `gateway client batches`, which shows the progress of a client's batches.

It also shows the heavy work on them.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from gateway.cli.batches.proof import client
from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import with_runtime

__all__ = ["client"]


def doing(background: Mapping[str, Any] | None) -> str:
    """Return the heavy work in progress and its progress as text.

    >>> doing({"doing": "storing", "done": 45_000, "of": 100_000})
    'storing 45,000 of 100,000'
    >>> doing({"doing": "closing", "done": 0, "of": None}), doing(None)
    ('closing', '')
    """
    if background is None:
        return ""
    if background["of"] is None:
        return str(background["doing"])
    return f"{background['doing']} {background['done']:,} of {background['of']:,}"


@client.command("batches")
def batches_of(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id (c_...).")],
    json: Json = None,
) -> None:
    """List a client's batches, newest first, with tasks done and heavy work in progress.

    Heavy work is storing, learning, closing or publishing.
    """
    from gateway.base.ids import ClientId
    from gateway.steps.people import register
    from gateway.steps.runtime import Runtime
    from gateway.store.batches import listed_batches
    from gateway.store.db import Row

    async def listed(rt: Runtime) -> list[Row]:
        # This raises Refused for an unknown client.
        await register.currency_of(rt, ClientId(client_id))
        return await listed_batches.all_of_client(rt.db, ClientId(client_id))

    rows = with_runtime(listed)
    shown = ("id", "name", "state", "tasks", "tasks_done", "tasks_review", "answers", "background")
    if write_json([{key: row[key] for key in shown} for row in rows], json):
        return
    for row in rows:
        far = f"{row['tasks_done']:,} of {row['tasks']:,} tasks done"
        typer.echo(
            f"{row['id']}  {row['state']:9}  {far:30}  {doing(row['background']):32}  {row['name']}".rstrip()
        )
    if not rows:
        typer.echo("no batches yet")
