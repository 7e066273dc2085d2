"""How a channel is doing, in words: what `gateway channels` and `gateway outbox` print, and `gateway doctor` warns of."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from gateway.cli.shown import age
from gateway.errors import OtherKey
from gateway.msisdn import mask
from gateway.runtime import Runtime
from gateway.store.channel_health import ChannelHealth
from gateway.store.db import Row

# From this share of messages that did not arrive, and this many of them, somebody should look.
ERRORS_WARN, FAILED_WARN = 0.2, 5


def lines(one: ChannelHealth, now: datetime) -> list[str]:
    """One fact a line: breaker, last in and out, what waits, what nobody knows, errors."""
    said = [
        f"{one.queued:,} queued, {one.sending:,} under way, {one.unknown:,} unknown"
        + (f"; {_due(one.oldest, now)}" if one.oldest else ""),
        f"last in {_ago(one.last_in, now)}, last out {_ago(one.last_out, now)}",
        rate(one),
    ]
    if one.breaker != "closed":
        until = f", tried {one.until:%H:%M:%S} UTC" if one.until else ""
        said.append(f"breaker {one.breaker}{until}: {one.reason or 'it fails'}")
    elif one.failures:
        said.append(f"breaker closed, but it failed {one.failures} times in a row: {one.reason}")
    else:
        said.append("breaker closed: it works")
    if one.events_failed:
        said.append(f"{one.events_failed:,} events could not be processed: gateway inbox list")
    return said


def rate(one: ChannelHealth) -> str:
    """How much of the last hour's messages did not arrive."""
    if one.error_rate is None:
        return "nothing sent in the last hour"
    return f"errors {one.error_rate:.0%} ({one.failed:,} of {one.told:,} in the last hour)"


def errs(one: ChannelHealth) -> bool:
    """Whether so much does not arrive that somebody should look."""
    return one.failed >= FAILED_WARN and (one.error_rate or 0.0) >= ERRORS_WARN


def figures(one: ChannelHealth, now: datetime) -> Mapping[str, Any]:
    """The same for programs."""
    return {**asdict(one), "oldest_s": one.oldest_s(now), "error_rate": one.error_rate}


def _due(oldest: datetime, now: datetime) -> str:
    """When the first of those that wait is, or was, to go."""
    late_s = (now - oldest).total_seconds()
    return (
        f"the oldest due {age(late_s)} ago" if late_s >= 0 else f"the first due in {age(-late_s)}"
    )


def _ago(when: datetime | None, now: datetime) -> str:
    return f"{age(max(0.0, (now - when).total_seconds()))} ago" if when else "never"


def trouble(rt: Runtime, row: Row) -> str:
    """Return one line about a message that could not be sent: number masked, and the reason."""
    try:
        number = mask(rt.vault.open(row["to_sealed"]))
    except OtherKey:
        number = "a number sealed with another key"
    why = row["reason"] or "no reason given"
    ended = "opened the breaker" if row["suspect"] else row["state"].replace("_", " ")
    return f"message {row['id']} to {number} ({row['purpose']}): {ended}: {why}"
