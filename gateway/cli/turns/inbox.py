"""The commands `gateway inbox`: events that could not be processed, and another try."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from gateway.base.bounds import INT8_MAX
from gateway.base.errors import GatewayError, OtherKey, Refused
from gateway.base.forms import open_envelope
from gateway.cli.formatting import age
from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import with_runtime
from gateway.steps.runtime import Runtime
from gateway.store.db import Row
from gateway.store.turns import inbox

app = typer.Typer(
    no_args_is_help=True,
    help="Inspect events that could not be processed, and try them again.",
)
_SHOWN_MAX = 1000


@app.command("list")
def list_events(
    limit: Annotated[int, typer.Option(min=1, help="The most events to list, newest first.")] = 50,
    json: Json = None,
) -> None:
    """List the open events, newest first.

    Those of the last week that are done with a remark follow.
    """
    rows, remarked, now = with_runtime(lambda rt: _read(rt, limit))
    if write_json([dict(row) for row in [*rows, *remarked]], json):
        return
    if not rows:
        print("all events are done")
    _print(rows, now)
    if remarked:
        print("\ndone, with a remark (gateway inbox dismiss removes it from the list)")
        _print(remarked, now)


@app.command("show")
def show(
    event: Annotated[int, typer.Argument(min=1, max=INT8_MAX, help="The number in the list.")],
) -> None:
    """Show one event as it came.

    It may hold a phone number, so beware of other readers of your screen.
    """

    async def read(rt: Runtime) -> tuple[Row, str]:
        row = await _one(rt, event)
        try:
            content_type, body = open_envelope(_body(rt, row))
        except OtherKey as why:
            return row, f"it cannot be read: {why}"
        shown = body.decode(errors="backslashreplace")
        return row, f"{content_type}\n\n{shown}" if content_type else shown

    row, body = with_runtime(read)
    for name in ("id", "channel", "kind", "state", "tries", "error", "created_at", "done_at"):
        print(f"{name:<11} {row[name] if row[name] is not None else '-'}")
    print(f"\n{body[:_SHOWN_MAX]}")


@app.command("replay")
def replay(
    event: Annotated[
        int | None, typer.Argument(min=1, max=INT8_MAX, help="The number in the list.")
    ] = None,
    all_failed: Annotated[
        bool, typer.Option("--all", help="All failed events that can be replayed, oldest first.")
    ] = False,
) -> None:
    """Process an event once more, as if it came now.

    Effects that it already had are not repeated.
    """
    if (event is None) is not all_failed:
        raise Refused("say which event, or --all")
    done, failed = with_runtime(lambda rt: _replay(rt, event))
    print(f"{done} processed, {len(failed)} not")
    for number, why in failed:
        print(f"{number:>8}  {why}")
    if failed:
        raise typer.Exit(1)


@app.command("dismiss")
def dismiss(
    event: Annotated[int, typer.Argument(min=1, max=INT8_MAX, help="The number in the list.")],
) -> None:
    """Mark an event as done without processing it, when it needs no action."""

    async def dismissed(rt: Runtime) -> None:
        row = await _one(rt, event)
        await inbox.done(rt.db, row["channel"], row["kind"], row["event_id"])

    with_runtime(dismissed)
    print(f"{event} is dismissed; its body stays in the database")


def _print(rows: Sequence[Row], now: float) -> None:
    for row in rows:
        waited = age(now - row["created_at"].timestamp())
        print(
            f"{row['id']:>8}  {row['state']:<8} {row['channel']:<14} {row['kind']:<12} {waited:>7} ago  "
            f"{row['error'] or ''}"
        )


async def _read(rt: Runtime, limit: int) -> tuple[list[Row], list[Row], float]:
    left = await inbox.not_done(rt.db, limit)
    return left, await inbox.remarked(rt.db), rt.clock.now().timestamp()


async def _one(rt: Runtime, event: int) -> Row:
    row = await inbox.stored_event(rt.db, event)
    if row is None:
        raise Refused(f"no event {event}; see: gateway inbox list", status=404)
    return row


def _body(rt: Runtime, row: Row) -> bytes:
    return rt.vault.open_body(row["body_sealed"]) if row["body_sealed"] else b""


async def _replay(rt: Runtime, event: int | None) -> tuple[int, list[tuple[int, str]]]:
    """Return the number of processed events, and the others with their reason."""
    if event is not None:
        numbers = [event]
    else:
        rows = await inbox.not_done(rt.db, 10_000)
        numbers = sorted(row["id"] for row in rows if row["state"] == "failed")
    done, failed = 0, list[tuple[int, str]]()
    for number in numbers:
        try:
            await _again(rt, await _one(rt, number))
        except GatewayError as bad:
            failed.append((number, str(bad)))
        else:
            done += 1
    return done, failed


async def _again(rt: Runtime, row: Mapping[str, Any]) -> None:
    """Process one event in the same way as the webhook."""
    from gateway.steps.turns import events

    name, kind = row["channel"], row["kind"]
    if row["state"] == "done":
        raise Refused("is done already")
    channel = rt.channels.get(name)
    if channel is None or kind not in events.KINDS:
        raise Refused(_WHY_NOT.get(kind, f"no channel {name!r} is set up"))
    body = _body(rt, row)
    own = events.own_id(rt, channel, kind, body, row["event_id"])
    new = await events.process_event(rt, channel, kind, body, own)
    # `hear` keeps an event that it cannot process as failed and raises nothing, so check whether it
    # is done.
    if own and new and not await inbox.is_done(rt.db, name, kind, own):
        raise Refused("could not be processed this time either; see: gateway inbox show")
    # An event that could not even be read was kept under a digest, and is the one being replayed.
    await inbox.done(rt.db, name, kind, row["event_id"])


_WHY_NOT = {
    "session-end": "the end of a session no longer has an effect (gateway inbox dismiss)",
    "payout": "the gateway asks the operator about the payout again automatically (gateway inbox dismiss)",
}
