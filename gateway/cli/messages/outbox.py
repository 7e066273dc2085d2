"""The command `gateway outbox`, which shows the waiting messages and their waiting times."""

from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from gateway.cli.json_output import write_json
from gateway.cli.messages import channel_lines
from gateway.cli.serving import with_runtime
from gateway.sms.prices import MICRO
from gateway.steps.runtime import Runtime
from gateway.store import health
from gateway.store.db import Row
from gateway.store.messages import channel_health, outbox
from gateway.store.messages.channel_health import ChannelHealth

_TROUBLE = timedelta(days=1)


def show(out: Path | None) -> None:
    async def read(
        rt: Runtime,
    ) -> tuple[health.HealthFigures, list[ChannelHealth], list[Row], int, list[str], datetime]:
        now = rt.clock.now()
        troubled = [
            f"{row['channel']}: {channel_lines.trouble(rt, row)}"
            for row in await outbox.troubled(rt.db, now - _TROUBLE)
        ]
        rows = await channel_health.channels(rt.db, (), now)
        locked = await outbox.waiting_for_key(rt.db)
        return await health.figures(rt.db), rows, await outbox.bills(rt.db), locked, troubled, now

    figures, rows, bills, locked, troubled, now = with_runtime(read)
    told = asdict(figures)
    waiting = [channel_lines.figures(row, now) for row in rows]
    if write_json(
        {
            "states": told["outbox"],
            "oldest_s": told["outbox_oldest_s"],
            "waiting": waiting,
            "cost": [dict(row) for row in bills],
            "other_key": locked,
            "not_sent": troubled,
        },
        out,
    ):
        return
    states = ", ".join(f"{number:,} {state}" for state, number in sorted(figures.outbox.items()))
    print(f"messages  {states or 'none yet'}")
    for row in rows:
        first, *more = channel_lines.lines(row, now)
        print(f"{row.channel:<16} {first}")
        for line in more:
            print(f"{'':<16} {line}")
    for line in troubled:
        print(f"not sent  {line}")
    for row in bills:
        place = " ".join(filter(None, (row["channel"], row["country"], row["network"])))
        cost = (
            f"{row['micro'] / MICRO:,.4f} {row['currency']}"
            if row["currency"]
            else "no price known"
        )
        print(
            f"cost  {place:<24} {row['messages']:>8,} messages {row['segments']:>8,} segments  {cost}"
        )
    if figures.outbox.get("unknown"):
        print(
            "unknown: the provider's answer was lost; a delivery report or a query may still settle it. "
            "Questions and replies are sent again after a minute, news about money never."
        )
    if locked:
        print(
            f"{locked:,} were {outbox.OTHER_KEY}, and go out once that key is set (gateway doctor)"
        )
