"""The findings about the settings and this machine, before any server is asked."""

import shutil
import socket
from collections.abc import Generator
from ipaddress import ip_address

from gateway.base.net.addresses import PermittedAddresses
from gateway.cli.doctor.verdict import CheckResult, fail, ok, warn
from gateway.cli.messages.addresses import is_local
from gateway.settings import Settings
from gateway.settings.outgoing import called, host_and_port

_FREE_BYTES_MIN, _FREE_BYTES_FEW = 200 * 2**20, 2 * 2**30


def disk(settings: Settings) -> Generator[CheckResult]:
    folder = settings.data_dir.absolute()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free
    said = f"{settings.data_dir}, {free / 2**30:.1f} GB free"
    if free < _FREE_BYTES_MIN:
        yield fail("data folder", said, "free some space, or set GATEWAY_DATA_DIR to another disk")
    elif free < _FREE_BYTES_FEW:
        yield warn("data folder", said, "free some space soon: a full disk stops the database")
    else:
        yield ok("data folder", said)


def addresses(settings: Settings) -> Generator[CheckResult]:
    url = settings.public_url
    real = sorted(name for name, kinds in _kinds(settings) if kinds != {"phone"})
    if not real:
        yield ok("channels", "only the built-in phone: nothing reaches real phones")
    else:
        yield ok("channels", f"{', '.join(settings.channels)} (addresses: gateway channels)")
        if is_local(url):
            yield fail(
                "public address",
                f"{url} is this machine only, so {real[0]} cannot reach it",
                "set GATEWAY_PUBLIC_URL to the https address that providers reach",
            )
        elif not url.startswith("https://"):
            yield warn(
                "public address",
                f"{url} is not encrypted: the secrets in it travel openly",
                "put a server with a certificate in front, and set GATEWAY_PUBLIC_URL to https://...",
            )
        else:
            yield ok("public address", url)
        for name in real:
            if len(settings.channels[name].secret.get_secret_value()) < 16:  # noqa: PLR2004  # characters
                yield warn(
                    f"channel {name}",
                    "its secret is short: a stranger could guess the webhook's address",
                    "take 32 random characters, e.g. from: openssl rand -hex 16",
                )
    if settings.local_phone and (real or not is_local(f"//{settings.host}") or not is_local(url)):
        yield warn(
            "phone page",
            "/phone is served: every visitor can act as any worker",
            "unset GATEWAY_LOCAL_PHONE if others can reach the gateway",
        )


def calls(settings: Settings) -> Generator[CheckResult]:
    """Report addresses to call whose names lead to private addresses that are not permitted."""
    permitted = PermittedAddresses.read(settings.private_addresses)
    for setting, url in called(settings.channels, settings.providers):
        host, port = host_and_port(url)
        try:
            found = {str(info[4][0]) for info in socket.getaddrinfo(host, port)}
        except OSError as unknown:
            yield warn(
                setting, f"{host} is not found: {unknown}", "check the name, and this machine's DNS"
            )
            continue
        inside = sorted(a for a in found if not permitted.allows(ip_address(a), port, host))
        if inside:
            yield fail(
                setting,
                f"{host} is {', '.join(inside)}, a private address: calls are refused",
                f'if that is intended: private_addresses = ["{host}:{port}"]',
            )


def _kinds(settings: Settings) -> list[tuple[str, set[str]]]:
    return [
        (name, {side.kind for side in (channel.sms, channel.ussd) if side})
        for name, channel in settings.channels.items()
    ]


def people_and_money(settings: Settings) -> Generator[CheckResult]:
    if not settings.providers and _up_runs(settings):
        yield ok("payouts", "simulated, by the `gateway up` that runs here")
    elif not settings.providers:
        yield warn(
            "payouts",
            "no payout provider: workers earn, but cannot cash out",
            "set `providers` (config/production.example.toml shows one)",
        )
    home = settings.countries.get(settings.region)
    if home is None:
        yield fail(
            "region", f"{settings.region} is not in `countries`", "add it, or set GATEWAY_REGION"
        )
    for code, country in sorted(settings.countries.items()):
        if settings.providers and country.payout and country.payout not in settings.providers:
            yield warn(
                f"country {code}",
                f"is paid by {country.payout!r}, which is not set up",
                f"add it to `providers`, or change countries.{code}.payout",
            )


def _up_runs(settings: Settings) -> bool:
    from gateway.cli.serving import is_up
    from gateway.settings.tryout import is_tryout

    return is_tryout(settings) and is_up(settings.data_dir)
