"""`gateway outbox`: what waits to be sent, and how long it has waited."""

from dataclasses import asdict
from pathlib import Path

from gateway.cli.people import with_runtime
from gateway.cli.shown import age, as_json
from gateway.runtime import Runtime
from gateway.store import health, outbox
from gateway.store.db import Row


def show(out: Path | None) -> None:
    async def read(rt: Runtime) -> tuple[health.Figures, list[Row], float]:
        figures = await health.figures(rt.db)
        return figures, await outbox.waiting(rt.db), rt.clock.now().timestamp()

    figures, rows, now = with_runtime(read)
    told = asdict(figures)
    waiting = [dict(row) for row in rows]
    if as_json(
        {"states": told["outbox"], "oldest_s": told["outbox_oldest_s"], "waiting": waiting}, out
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
    if figures.outbox.get("unknown"):
        print(
            "unknown: the provider's answer was lost; a delivery report may still tell. They are not sent again."
        )
