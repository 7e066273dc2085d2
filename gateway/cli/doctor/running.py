"""The findings about servers, runners and rows: failures, and work that waits too long."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Generator, Iterable
from datetime import UTC, datetime

from gateway.base.errors import GatewayError, OtherKey
from gateway.cli.doctor.money import money
from gateway.cli.doctor.operators import operators
from gateway.cli.doctor.verdict import CheckResult, fail, ok, warn
from gateway.cli.formatting import age
from gateway.servers import EmbeddedServers, outages
from gateway.servers.kept import KeptServer
from gateway.settings import Settings
from gateway.steps.runtime import Runtime

_OUTAGES_S = 24 * 3600.0
_NAMED = 3
_OUTBOX_LATE_S, _PAYOUT_LATE_S = 300.0, 3600.0


def servers(settings: Settings) -> Generator[CheckResult]:
    from gateway.cli.serving import must_be_there, own_servers, reading

    own = settings.database_url is None
    said = "its own, in the data folder" if own else "the one of GATEWAY_DATABASE_URL answers"
    try:
        must_be_there(settings)
        kept = own_servers(settings)
        yield from _outages(kept)
        if down := kept.down():
            yield from _down(settings, down)
            return
        with reading(settings) as ready:
            yield from _redis(ready)
            yield from asyncio.run(_collect(ready, said))
    except GatewayError as bad:
        yield fail("servers", str(bad))


def _down(settings: Settings, down: Iterable[KeptServer]) -> Generator[CheckResult]:
    from gateway.cli.serving import next_step

    for one in down:
        yield fail(one.name, f"is down (see {one.log_file})", next_step(settings))


def _outages(servers: EmbeddedServers) -> Generator[CheckResult]:
    """Yield the servers that were down in the last day and came back.

    Otherwise only a log file would show them.
    """
    for one in servers.kept:
        if found := outages.since(one.home, time.time() - _OUTAGES_S):
            at = datetime.fromtimestamp(found[-1].at, UTC)
            times = f", {len(found)} times in 24 hours" if len(found) > 1 else ""
            yield warn(
                one.name,
                f"was down at {at:%d/%m %H:%M:%S} UTC{times}: {found[-1].why}",
                f"it runs again unless another line says otherwise; for the reason see {one.log_file}",
            )


def _redis(settings: Settings) -> Generator[CheckResult]:
    from gateway.queue.runner import connect_redis, runners_at_work

    assert settings.redis_url
    try:
        redis = connect_redis(settings.redis_url.get_secret_value())
        runners = runners_at_work(redis)
    except GatewayError as bad:
        yield fail("Redis", str(bad))
        return
    yield ok("Redis", "answers")
    if runners:
        yield ok("runners", f"{runners} at work")
    else:
        yield warn("runners", "none: messages and payouts wait", "start one: gateway runner")


async def _collect(settings: Settings, said: str) -> list[CheckResult]:
    return [found async for found in _runtime(settings, said)]


async def _runtime(settings: Settings, said: str) -> AsyncGenerator[CheckResult]:
    from gateway.app import open_runtime
    from gateway.queue.inline import InlineJobQueue
    from gateway.store import health, schema

    try:
        async with open_runtime(settings, InlineJobQueue(), connections=2, read_only=True) as rt:
            yield ok("PostgreSQL", said)
            yield ok("plug-ins", f"{_named(rt.channels)}; {_named(rt.providers) or 'no provider'}")
            if await health.sql_digest(rt.db) is None:
                yield fail("schema", "the database was never set up", "run: gateway migrate")
                return
            await schema.must_be_known(rt.db)
            for found in [
                *await _secret(rt),
                *await _work(rt),
                *await _months(rt),
                *await _channel_health(rt),
                *await operators(rt),
                *await money(rt),
                *await _people(rt),
            ]:
                yield found
            for found in await _balances(rt):
                yield found
    except GatewayError as bad:
        yield fail("start", str(bad))


def _named(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


async def _secret(rt: Runtime) -> list[CheckResult]:
    from gateway.store import health

    rows = await health.sealed(rt.db)
    others = Counter[str]()
    for row in rows:
        try:
            rt.vault.open(row["sealed"])
        except OtherKey:
            others[row["what"]] += 1
    if others:
        counted = ", ".join(f"{number:,} {what}" for what, number in sorted(others.items()))
        why = f"{counted} were sealed with another GATEWAY_SECRET_KEY and wait for it"
        cure = "set the old one; events are processed then with: gateway inbox replay --all"
        return [fail("secret key", why, cure)]
    return [ok("secret key", "opens what is stored" if rows else "is there; nothing is sealed yet")]


async def _work(rt: Runtime) -> list[CheckResult]:
    from gateway.store import health

    found = await health.figures(rt.db)
    leads = await health.ticker_leads(rt.db)
    failed, late = found.inbox.get("failed", 0), found.outbox_oldest_s or 0.0
    unpaid = found.payouts_oldest_s or 0.0
    return [
        ok("ticker", "one leads")
        if leads
        else warn("ticker", "none: lost jobs stay lost", "start one: gateway ticker"),
        warn("inbox", f"{failed} events failed", "see: gateway inbox list")
        if failed
        else ok("inbox", "all events are done"),
        warn("outbox", f"a message has waited for {age(late)}", "see: gateway outbox")
        if late > _OUTBOX_LATE_S
        else ok("outbox", f"{found.outbox.get('queued', 0)} waiting"),
        warn(
            "payouts due",
            f"one has been on its way for {age(unpaid)}",
            "check whether its operator answers (below)",
        )
        if unpaid > _PAYOUT_LATE_S
        else ok("payouts due", f"{sum(found.payouts_open.values())} on their way"),
        ok(
            "work",
            f"{found.batches.get('running', 0)} batches run, {found.answers:,} answers so far",
        ),
    ]


async def _months(rt: Runtime) -> list[CheckResult]:
    from gateway.steps.housekeeping import archive
    from gateway.store.retention import months

    missing = [part["parent"] for part in await months.missing(rt.db, months.WARN_AHEAD)]
    due = await archive.due_months(rt)
    return [
        warn(
            "months",
            f"a month has no part yet: {_named(set(missing))}; its rows are caught apart",
            "check that a ticker leads and runners work (above)",
        )
        if missing
        else ok("months", "the current and the next month exist"),
        warn(
            "retention",
            f"{len(due)} months are older than the settings allow",
            "move them out: gateway archive",
        )
        if due
        else ok("retention", "nothing is older than the settings allow"),
    ]


async def _channel_health(rt: Runtime) -> list[CheckResult]:
    from gateway.cli.messages import channel_lines
    from gateway.store.messages import channel_health, outbox

    now, findings = rt.clock.now(), list[CheckResult]()
    troubled = await outbox.troubled(rt.db, now - channel_health.WINDOW)
    for one in await channel_health.channels(rt.db, rt.channels, now):
        what, said = f"channel {one.channel}", "; ".join(channel_lines.lines(one, now))
        if one.breaker != "closed":
            until = f"{one.until:%H:%M} UTC" if one.until else "its next try"
            said = f"is left alone until {until}: {one.reason or 'it fails'}"
            suspects = [row for row in troubled if row["suspect"] and row["channel"] == one.channel]
            said = "; ".join([said, *(channel_lines.trouble(rt, row) for row in suspects[:_NAMED])])
            cure = "correct the cause of the provider's complaint; then it is tried with one message (gateway channels)"
            findings.append(warn(what, said, cure))
        elif channel_lines.errs(one):
            cure = "see why: gateway outbox, and the provider's own log"
            findings.append(warn(what, said, cure))
        else:
            findings.append(ok(what, said))
    refused = [row for row in troubled if not row["suspect"]]
    if refused:
        lines = [f"{row['channel']}, {channel_lines.trouble(rt, row)}" for row in refused]
        more = f" (and {len(lines) - _NAMED} more)" if len(lines) > _NAMED else ""
        said = "; ".join(lines[:_NAMED]) + more
        findings.append(warn("messages not sent", said, "see them all: gateway outbox"))
    return findings


async def _balances(rt: Runtime) -> list[CheckResult]:
    from gateway.cli.messages.balances import balances

    findings = list[CheckResult]()
    for one in await balances(rt):
        what = f"channel {one.channel}"
        if not one.failed:
            findings.append(ok(what, f"{one.said} left"))
        elif one.refused:
            findings.append(fail(what, one.failed, "check its username and key in the settings"))
        else:
            findings.append(
                warn(what, one.failed, "messages wait meanwhile; check for a firewall in the way")
            )
    return findings


async def _people(rt: Runtime) -> list[CheckResult]:
    """Return the counts of decisions that wait for an operator."""
    from gateway.store.payouts import approvals, decisions
    from gateway.store.people import appeals, number_moves

    changes = await number_moves.list_moves(rt.db, everything=False)
    waiting = {
        "approvals": (
            len(await approvals.unapproved_payouts(rt.db)),
            "payouts",
            "gateway approvals list",
        ),
        "appeals": (len(await appeals.waiting(rt.db)), "appeals", "gateway appeals list"),
        "decisions": (
            len(await decisions.undecided_payouts(rt.db)),
            "payouts",
            "gateway payouts list",
        ),
        "numbers": (sum(row.waits for row in changes), "changes", "gateway moves list"),
    }
    return [
        warn(what, f"{count} {things} wait for an operator", f"look: {look}")
        for what, (count, things, look) in waiting.items()
        if count
    ]
