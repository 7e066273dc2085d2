"""`gateway outbox`: what waits to be sent, and how long it has waited."""

from dataclasses import asdict
from pathlib import Path

from gateway.cli.people import with_runtime
from gateway.cli.shown import age, as_json
from gateway.runtime import Runtime
from gateway.sms.prices import MICRO
from gateway.store import health, outbox
from gateway.store.db import Row


def show(out: Path | None) -> None:
    async def read(rt: Runtime) -> tuple[health.Figures, list[Row], list[Row], float]:
        figures, rows = await health.figures(rt.db), await outbox.waiting(rt.db)
        return figures, rows, await outbox.bills(rt.db), rt.clock.now().timestamp()

    figures, rows, bills, now = with_runtime(read)
    told = asdict(figures)
    waiting = [dict(row) for row in rows]
    if as_json(
        {
            "states": told["outbox"],
            "oldest_s": told["outbox_oldest_s"],
            "waiting": waiting,
            "cost": [dict(row) for row in bills],
        },
        out,
    ):
        return
    states = ", ".join(f"{number:,} {state}" for state, number in sorted(figures.outbox.items()))
    print(f"messages  {states or 'none yet'}")
    for row in rows:
        oldest = (
            f", the oldest due {age(max(0.0, now - row['oldest'].timestamp()))} ago"
            if row["oldest"]
            else ""
        )
        print(
            f"{row['channel']:<16} {row['queued']:>7,} queued {row['sending']:>5,} under way "
            f"{row['unknown']:>5,} unknown{oldest}"
        )
        if row["last_success_at"]:
            print(
                f"{'':<16} last taken {age(max(0.0, now - row['last_success_at'].timestamp()))} ago"
            )
        if row["breaker"] != "closed":
            print(
                f"{'':<16} breaker {row['breaker']}, tried {row['until']:%H:%M:%S} UTC: {row['reason']}"
            )
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
            "unknown: the provider's answer was lost; a delivery report, or the provider when asked, may still tell. "
            "Questions and replies are sent again after a minute, news about money never."
        )
