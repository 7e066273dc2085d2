"""The state of a channel in words, for the commands `channels`, `outbox` and `doctor`."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from gateway.base.errors import OtherKey
from gateway.base.msisdn import mask
from gateway.cli.formatting import age
from gateway.steps.runtime import Runtime
from gateway.store.db import Row
from gateway.store.messages.channel_health import ChannelHealth

# An operator must look from this share and this number of messages that did not arrive.
ERRORS_WARN, FAILED_WARN = 0.2, 5


def lines(one: ChannelHealth, now: datetime) -> list[str]:
    """Return one line per fact: breaker, last in and out, waiting and unknown messages, errors."""
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
    """Return the share of the last hour's messages that did not arrive, as text."""
    if one.error_rate is None:
        return "nothing sent in the last hour"
    return f"errors {one.error_rate:.0%} ({one.failed:,} of {one.told:,} in the last hour)"


def errs(one: ChannelHealth) -> bool:
    """Return whether the share of undelivered messages is high enough to warn an operator."""
    return one.failed >= FAILED_WARN and (one.error_rate or 0.0) >= ERRORS_WARN


def figures(one: ChannelHealth, now: datetime) -> Mapping[str, Any]:
    """Return the state of a channel as figures, for programs."""
    return {**asdict(one), "oldest_s": one.oldest_s(now), "error_rate": one.error_rate}


def _due(oldest: datetime, now: datetime) -> str:
    """Return the time when the first waiting message is or was due, as text."""
    late_s = (now - oldest).total_seconds()
    return (
        f"the oldest due {age(late_s)} ago" if late_s >= 0 else f"the first due in {age(-late_s)}"
    )


def _ago(when: datetime | None, now: datetime) -> str:
    return f"{age(max(0.0, (now - when).total_seconds()))} ago" if when else "never"


def trouble(rt: Runtime, row: Row) -> str:
    """Return one line about a message that could not be sent: its masked number, and the reason."""
    try:
        number = mask(rt.vault.open(row["to_sealed"]))
    except OtherKey:
        number = "a number sealed with another key"
    why = row["reason"] or "no reason given"
    ended = "opened the breaker" if row["suspect"] else row["state"].replace("_", " ")
    return f"message {row['id']} to {number} ({row['purpose']}): {ended}: {why}"
