"""`gateway doctor`: what is configured, what is reachable, what is missing. One line each, with the cure."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Generator, Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import aiohttp
import typer

from gateway.cli.channels import is_local
from gateway.cli.shown import age, as_json
from gateway.errors import GatewayError
from gateway.runtime import Runtime
from gateway.settings import Settings, load
from gateway.store.db import Row

_FREE_BYTES_MIN, _FREE_BYTES_FEW = 200 * 2**20, 2 * 2**30
_REACH_S = 5.0
_FLOAT_DAYS_MIN = 1.5  # of the last seven days' average
_OUTBOX_LATE_S, _PAYOUT_LATE_S = 300.0, 3600.0
_COLOURS = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "fail": typer.colors.RED}


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"  # works, but somebody should look
    FAIL = "fail"  # does not work


@dataclass(frozen=True, slots=True)
class Finding:
    """One line; `cure` is empty where nothing is wrong."""

    verdict: Verdict
    what: str
    said: str
    cure: str = ""


def ok(what: str, said: str) -> Finding:
    return Finding(Verdict.OK, what, said)


def warn(what: str, said: str, cure: str) -> Finding:
    return Finding(Verdict.WARN, what, said, cure)


def fail(what: str, said: str, cure: str = "") -> Finding:
    return Finding(Verdict.FAIL, what, said, cure)


def doctor(out: Path | None) -> None:
    """Print all findings; exit 1 when something does not work."""
    findings = list(examine())
    if not as_json([asdict(found) for found in findings], out):
        for found in findings:
            mark = typer.style(f"{found.verdict:<5}", fg=_COLOURS[found.verdict], bold=True)
            typer.echo(f"{mark} {found.what:<14} {found.said}")
            if found.cure:
                typer.echo(f"{'':<21}-> {found.cure}")
    if any(found.verdict is Verdict.FAIL for found in findings):
        raise typer.Exit(1)


def examine() -> Generator[Finding]:
    """All findings, as far as one can get."""
    try:
        settings = load()
    except GatewayError as bad:
        yield fail("settings", str(bad), "see docs/operators/settings.md")
        return
    yield ok("settings", "are valid")
    yield from _disk(settings)
    yield from _addresses(settings)
    yield from _people_and_money(settings)
    yield from _servers(settings)


def _disk(settings: Settings) -> Generator[Finding]:
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


def _addresses(settings: Settings) -> Generator[Finding]:
    url = settings.public_url
    real = sorted(name for name, kinds in _kinds(settings) if kinds != {"phone"})
    if not real:
        yield ok("channels", "the built-in phone only: nothing reaches real phones")
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
                    "its secret is short: somebody could guess the webhook's address",
                    "take 32 random characters, e.g. from: openssl rand -hex 16",
                )
    if settings.local_phone and (real or not is_local(f"//{settings.host}") or not is_local(url)):
        yield warn(
            "phone page",
            "/phone is served: whoever reaches it can be any worker",
            "leave GATEWAY_LOCAL_PHONE away where others can reach the gateway",
        )


def _kinds(settings: Settings) -> list[tuple[str, set[str]]]:
    return [
        (name, {side.kind for side in (channel.sms, channel.ussd) if side})
        for name, channel in settings.channels.items()
    ]


def _people_and_money(settings: Settings) -> Generator[Finding]:
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
                f"is to be paid by {country.payout!r}, which is not set up",
                f"add it to `providers`, or change countries.{code}.payout",
            )


def _up_runs(settings: Settings) -> bool:
    from gateway.cli.up import LOCK_FILE, is_tryout
    from gateway.servers import locks

    lock = settings.data_dir / LOCK_FILE
    return is_tryout(settings) and lock.exists() and locks.is_held(lock)


def _servers(settings: Settings) -> Generator[Finding]:
    from gateway.cli.serving import served

    own = settings.database_url is None
    said = "its own, in the data folder" if own else "the one of GATEWAY_DATABASE_URL answers"
    try:
        with served(settings) as ready:
            yield from _redis(ready)
            yield from asyncio.run(_collect(ready, said))
    except GatewayError as bad:
        yield fail("servers", str(bad))


def _redis(settings: Settings) -> Generator[Finding]:
    from rq import Worker

    from gateway.queue.runner import connect

    assert settings.redis_url
    try:
        redis = connect(settings.redis_url.get_secret_value())
        runners = len(Worker.all(connection=redis))  # pyright: ignore[reportUnknownMemberType]  # RQ's types are half told
    except GatewayError as bad:
        yield fail("Redis", str(bad))
        return
    yield ok("Redis", "answers")
    if runners:
        yield ok("runners", f"{runners} at work")
    else:
        yield warn("runners", "none: messages and payouts wait", "start one: gateway runner")


async def _collect(settings: Settings, said: str) -> list[Finding]:
    return [found async for found in _runtime(settings, said)]


async def _runtime(settings: Settings, said: str) -> AsyncGenerator[Finding]:
    from gateway.app import open_runtime
    from gateway.queue.inline import InlineBells
    from gateway.store import health

    try:
        async with open_runtime(settings, InlineBells(), connections=2) as rt:
            yield ok("PostgreSQL", said)
            yield ok("plug-ins", f"{_named(rt.channels)}; {_named(rt.providers) or 'no provider'}")
            if await health.sql_digest(rt.db) is None:
                yield fail("schema", "the database was never set up", "run: gateway migrate")
                return
            for found in [
                *await _secret(rt),
                *await _work(rt),
                *await _channel_health(rt),
                *await _operators(rt),
                *await _people(rt),
            ]:
                yield found
            for found in await _balances(rt):
                yield found
    except GatewayError as bad:
        yield fail("start", str(bad))


def _named(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


async def _secret(rt: Runtime) -> list[Finding]:
    from gateway.store import health

    sealed = await health.any_sealed_number(rt.db)
    try:
        if sealed:
            rt.vault.open(sealed)
    except GatewayError as bad:
        return [fail("secret key", str(bad))]
    return [
        ok("secret key", "opens what is stored" if sealed else "is there; nothing is sealed yet")
    ]


async def _channel_health(rt: Runtime) -> list[Finding]:
    from gateway.cli import channel_lines
    from gateway.store import channel_health

    now, findings = rt.clock.now(), list[Finding]()
    for one in await channel_health.channels(rt.db, rt.channels, now):
        what, said = f"channel {one.channel}", "; ".join(channel_lines.lines(one, now))
        if one.breaker != "closed":
            until = f"{one.until:%H:%M} UTC" if one.until else "its next try"
            said = f"is left alone until {until}: {one.reason or 'it fails'}"
            cure = "put right what the provider complains of; it is tried with one message then (gateway channels)"
            findings.append(warn(what, said, cure))
        elif channel_lines.errs(one):
            cure = "see why: gateway outbox, and the provider's own log"
            findings.append(warn(what, said, cure))
        else:
            findings.append(ok(what, said))
    return findings


async def _work(rt: Runtime) -> list[Finding]:
    from gateway.store import health

    found = await health.figures(rt.db)
    leads = await health.ticker_leads(rt.db)
    failed, late = found.inbox.get("failed", 0), found.outbox_oldest_s or 0.0
    unpaid = found.payouts_oldest_s or 0.0
    return [
        ok("ticker", "one leads")
        if leads
        else warn("ticker", "none: lost bells stay lost", "start one: gateway ticker"),
        warn("inbox", f"{failed} events failed", "look: gateway inbox list")
        if failed
        else ok("inbox", "nothing is left over"),
        warn("outbox", f"a message has waited for {age(late)}", "look: gateway outbox")
        if late > _OUTBOX_LATE_S
        else ok("outbox", f"{found.outbox.get('queued', 0)} waiting"),
        warn(
            "payouts due",
            f"one has been on its way for {age(unpaid)}",
            "does its operator answer? (below)",
        )
        if unpaid > _PAYOUT_LATE_S
        else ok("payouts due", f"{sum(found.payouts_open.values())} on their way"),
        ok(
            "work",
            f"{found.batches.get('running', 0)} batches run, {found.answers:,} answers so far",
        ),
    ]


async def _balances(rt: Runtime) -> list[Finding]:
    from gateway.cli.balances import balances

    findings = list[Finding]()
    for one in await balances(rt):
        what = f"channel {one.channel}"
        if not one.failed:
            findings.append(ok(what, f"{one.said} left"))
        elif one.refused:
            findings.append(fail(what, one.failed, "check its username and key in the settings"))
        else:
            findings.append(
                warn(what, one.failed, "messages wait meanwhile; is a firewall in the way?")
            )
    return findings


async def _people(rt: Runtime) -> list[Finding]:
    """What waits for people."""
    from gateway.store import adjustments, approvals, decisions

    waiting = {
        "approvals": (len(await approvals.waiting(rt.db)), "payouts", "gateway approvals list"),
        "appeals": (len(await adjustments.disputed(rt.db)), "appeals", "gateway ledger disputes"),
        "decisions": (len(await decisions.waiting(rt.db)), "payouts", "gateway payouts list"),
    }
    return [
        warn(what, f"{count} {things} wait for people", f"look: {look}")
        for what, (count, things, look) in waiting.items()
        if count
    ]


def _lasting(row: Row) -> Finding:
    what, a_day = f"float {row['provider']}", row["a_day"]
    said = f"{row['float']} minor units at {row['float_at']:%d/%m %H:%M}, {a_day} go out on a day"
    if row["float"] < _FLOAT_DAYS_MIN * a_day or not row["float"]:
        return warn(what, said, "top it up: what it cannot pay waits until then")
    return ok(what, said)


def _ailing(row: Row) -> Finding:
    what = f"provider {row['provider']}"
    if row["stopped_at"]:
        return warn(
            what, f"sending stopped: {row['reason']}", "it goes on when the operator answers"
        )
    if row["settling_at"]:
        return warn(
            what, "settles what was in flight before it sends", "a minute or two after a crash"
        )
    return warn(
        what,
        f"tells nothing since {row['silent_since']:%H:%M} UTC",
        "one payout is asked about each minute, all of them when it answers",
    )


async def _operators(rt: Runtime) -> list[Finding]:
    from gateway.store import floats, health, pulse

    findings = [
        warn(
            f"provider {row['provider']}",
            f"no payouts are sent until {row['until']:%H:%M}: {row['reason']}",
            "put right what the operator complains of; it is tried again then",
        )
        for row in await health.paused_providers(rt.db)
    ]
    findings += [_lasting(row) for row in await floats.lasting(rt.db)]
    findings += [
        warn(
            f"float {row['provider']}",
            f"{row['gap']:+} minor units beside our books at {row['compared_at']:%d/%m %H:%M}",
            f"import its statement (fees, top-ups), then gateway ledger float {row['provider']}",
        )
        for row in await floats.gaps(rt.db)
    ]
    findings += [_ailing(row) for row in await pulse.ailing(rt.db)]
    for name, provider in rt.settings.providers.items():
        url = str(provider.options.get("base_url", ""))
        if not url:
            continue
        try:
            # Any answer will do: this asks whether the network lets us through.
            async with rt.http.get(url, timeout=aiohttp.ClientTimeout(total=_REACH_S)):
                findings.append(ok(f"provider {name}", f"{url} answers"))
        except (aiohttp.ClientError, TimeoutError, ValueError) as bad:
            findings.append(
                fail(
                    f"provider {name}",
                    f"{url} does not answer ({bad or 'timeout'})",
                    f"check providers.{name}.options.base_url, and whether a firewall is in the way",
                )
            )
    return findings
