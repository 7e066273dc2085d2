"""The command `gateway channels`: the addresses for providers, and each channel's state."""

import asyncio
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from gateway import settings as settings_room
from gateway.base import plugins
from gateway.base.clock import SystemClock
from gateway.base.errors import GatewayError
from gateway.cli.json_output import Json, write_json
from gateway.cli.messages import channel_lines
from gateway.cli.messages.addresses import base_url, is_local, public_url
from gateway.payments import providers
from gateway.settings import LOCAL_CHANNEL, ChannelSettings, Settings
from gateway.sms import channels as sms_channels
from gateway.store.messages.channel_health import ChannelHealth
from gateway.ussd import channels as ussd_channels

app = typer.Typer(
    help="Show the addresses for each provider's dashboard, and the state of each channel."
)

# These are the terms of the dashboards. A channel declares further addresses (`hooks`).
_SMS = (("sms", "incoming messages"), ("receipt", "delivery reports"))
_USSD = (("ussd", "USSD callback"), ("session-end", "USSD end of session notices"))


@dataclass(frozen=True, slots=True)
class Hook:
    """An address to paste: `url` belongs where the dashboard of `channel` asks for `what`."""

    channel: str
    kind: str
    what: str
    url: str


def hooks(settings: Settings) -> list[Hook]:
    """Return every address that providers must know.

    The secrets in them are shown, because the operator needs them.
    """
    return [
        Hook(name, kind, what, f"{base_url(settings, name, channel)}/{path}")
        for name, channel in settings.channels.items()
        for kind, path, what in _sides(channel)
    ]


def payout_hooks(settings: Settings) -> list[Hook]:
    """Return the addresses for payout operators that have one address for all payouts.

    These are the providers with a `secret`.
    """
    found = list[Hook]()
    for name, provider in settings.providers.items():
        if provider.secret is None:
            continue
        url = f"{public_url(settings)}/hooks/o/{name}/{provider.secret.get_secret_value()}"
        found.append(Hook(name, provider.kind, "results of payouts", url))
        if _asks_first(provider.kind):
            found.append(Hook(name, provider.kind, "validation (before it pays)", f"{url}/validate"))  # fmt: skip
    return found


def _asks_first(kind: str) -> bool:
    """Return whether a provider of this kind asks the gateway before it pays.

    See `gateway.payments.port.Validates`.
    """
    module = plugins.load(providers, kind)
    return any(hasattr(each, "parse_validation") for each in vars(module).values())


def _sides(channel: ChannelSettings) -> list[tuple[str, str, str]]:
    found = list[tuple[str, str, str]]()
    for side, folder, usual in (
        (channel.sms, sms_channels, _SMS),
        (channel.ussd, ussd_channels, _USSD),
    ):
        if side:
            more = plugins.hooks(plugins.load(folder, side.kind), side.options)
            found += [(side.kind, *each) for each in (*usual, *more)]
    return found


@app.callback(invoke_without_command=True)
def channels(context: typer.Context, json: Json = None) -> None:
    """List the exact addresses to paste into providers' dashboards, and each channel's state."""
    if context.invoked_subcommand is None:
        show(settings_room.load(), json)


@app.command("kannel-conf")
def kannel_conf(
    name: Annotated[str, typer.Argument(help="The channel's name in the settings.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Write it here, readable by its owner only. Default: print it."),
    ] = None,
    spool: Annotated[
        str, typer.Option(help="Folder where Kannel keeps its messages.")
    ] = "/var/spool/kannel",
    logs: Annotated[
        str, typer.Option(help="Folder where Kannel writes its warnings.")
    ] = "/var/log/kannel",
    admin_port: Annotated[int, typer.Option(help="Port of bearerbox's admin pages.")] = 13000,
    box_port: Annotated[int, typer.Option(help="Port between the two boxes.")] = 13001,
    retry_s: Annotated[
        int, typer.Option(min=1, help="Seconds between two tries to deliver a message.")
    ] = 10,
) -> None:
    """Make a kannel.conf that loses nothing and cuts nothing, for a channel of kind kannel."""
    from gateway.cli.messages import kannel_conf as command

    command.show(
        settings_room.load(),
        name,
        out=out,
        folders=command.KannelFolders(spool, logs),
        admin_port=admin_port,
        box_port=box_port,
        retry_s=retry_s,
    )


def show(settings: Settings, out: Path | None) -> None:
    found, pays = hooks(settings), payout_hooks(settings)
    health, why_not = _health(settings)
    listed = [asdict(hook) for hook in (*found, *pays)]
    now = SystemClock().now()
    figures = [channel_lines.figures(one, now) for one in health.values()]
    if write_json({"addresses": listed, "health": figures}, out):
        return
    for name in settings.channels:
        print(f"{name}")
        for hook in found:
            if hook.channel == name:
                print(f"  {hook.what:<28} {hook.url}")
        for line in channel_lines.lines(health[name], now) if name in health else ():
            print(f"  {line}")
    for name in dict.fromkeys(hook.channel for hook in pays):
        print(f"{name} (payouts)")
        for hook in pays:
            if hook.channel == name:
                print(f"  {hook.what:<28} {hook.url}")
    if why_not:
        print(f"\nTheir state is not known: {why_not}")
    _say_what_else_matters(settings)


def _say_what_else_matters(settings: Settings) -> None:
    if LOCAL_CHANNEL["phone"] in settings.channels.values() and not settings.local_phone:
        print(
            "\nThe built-in phone is served with GATEWAY_LOCAL_PHONE=true only (gateway up, trying out)."
        )
    print(
        "\nKeep them secret: with an address a stranger can send messages in the name of any worker."
    )
    bare = [name for name, one in settings.providers.items() if one.secret is None]
    if bare:
        print(f"{', '.join(bare)}: no address is needed, because each payment brings its own.")
    if is_local(public_url(settings)):
        print(
            f"{public_url(settings)} is this machine only; set GATEWAY_PUBLIC_URL to the address "
            "providers reach it by."
        )


def _health(settings: Settings) -> tuple[dict[str, ChannelHealth], str]:
    """Return the health of each channel, or the reason why it is not known.

    This changes nothing: no database is made or migrated for it.
    """
    from gateway.cli.serving import is_there, reading

    if settings.database_url is None and not is_there(settings.data_dir):
        return {}, "nothing has run here yet"
    try:
        with reading(settings, redis=False) as ready:
            rows = asyncio.run(_read(ready))
    except GatewayError as bad:
        return {}, str(bad)
    if rows is None:
        return {}, "the database was never set up, or by another version; run: gateway migrate"
    return {one.channel: one for one in rows}, ""


async def _read(settings: Settings) -> list[ChannelHealth] | None:
    """Return the health of each channel, or None if the tables are not those of this version."""
    from gateway.app import open_runtime
    from gateway.queue.inline import InlineJobQueue
    from gateway.store import health, schema
    from gateway.store.messages import channel_health

    async with open_runtime(settings, InlineJobQueue(), connections=2, read_only=True) as rt:
        if await health.sql_digest(rt.db) != schema.sql_digest():
            return None
        return await channel_health.channels(rt.db, rt.channels, rt.clock.now())
