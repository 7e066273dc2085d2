"""The command `gateway fairness`, which shows how evenly work and earnings are distributed."""

from typing import TYPE_CHECKING

import typer

from gateway.cli.json_output import Json, write_json

if TYPE_CHECKING:
    from gateway.store.turns.evenness import RecentEarnings

_WORKERS_MAX = 100_000
_WAITING_MAX = 500


def fairness(json: Json = None) -> None:
    """Show the Gini coefficient of recent earnings, and the idle workers for whom work waits.

    A Gini coefficient of 0 means that all earned the same. Workers who chose to work less raise it.
    """
    from gateway.base.money import amount_text
    from gateway.cli.serving import with_runtime
    from gateway.steps.messages import contact_hours
    from gateway.steps.runtime import Runtime
    from gateway.store.turns import evenness, idle_workers
    from gateway.workers.pay.evenness import gini

    async def found(rt: Runtime) -> "tuple[list[RecentEarnings], int]":
        now, rules = rt.clock.now(), contact_hours.contact_rules(rt)
        waiting = await idle_workers.waiting(rt.db, rules, now, _WAITING_MAX)
        return await evenness.recent_earnings(rt.db, now, _WORKERS_MAX), waiting

    earnings, waiting = with_runtime(found)
    shown = [
        {
            "currency": each.currency,
            "workers": len(each.earned),
            "gini": round(gini(each.earned), 3),
            "median_minor": sorted(each.earned)[len(each.earned) // 2],
            "yielding": each.yielding,
        }
        for each in earnings
    ]
    if write_json({"earnings": shown, "idle_with_work_waiting": waiting}, json):
        return
    for each in shown:
        typer.echo(
            f"{each['currency']}  {each['workers']} workers who answered lately, Gini {each['gini']:.3f}, "
            f"median {amount_text(int(each['median_minor']), str(each['currency']))}, {each['yielding']} yield to others now"
        )
    if not shown:
        typer.echo("no worker has answered lately")
    typer.echo(f"{waiting} idle workers for whom work waits")
