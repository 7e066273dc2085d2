"""The command `gateway batch quote`: what a batch will cost, and when it will be ready."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.batches.quality import app
from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import with_runtime

if TYPE_CHECKING:
    from gateway.steps.batches.quote import Quote
    from gateway.steps.batches.quoting.ready_when import ReadyForecast
    from gateway.steps.runtime import Runtime

__all__ = ["app"]


@app.command("quote")
def quote_of(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id (b_...).")],
    json: Json = None,
) -> None:
    """Show what a batch will cost, when it will be ready, and which gold it needs."""
    from gateway.steps.batches.quote import quote

    async def quoted(rt: "Runtime") -> "Quote":
        return await quote(rt, (await rt.batches.get(batch)).client, batch)

    found = with_runtime(quoted)
    if write_json(_report(found), json):
        return
    for line in _lines(found):
        typer.echo(line)


def _report(found: "Quote") -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "tasks": found.tasks,
        "golds": found.golds,
        "least_minor": found.least_minor,
        "expected_minor": found.expected_minor,
        "most_minor": found.most_minor,
        "currency": found.currency,
        "workers": found.workers,
        "workers_able": found.workers_able,
        "workers_reachable": found.workers_reachable,
        "workers_needed": found.workers_needed,
        "can_finish": found.can_finish,
        "why_not": found.why_not,
        "answers_expected": found.answers_expected,
        "answers_maximum": found.answers_maximum,
        "ready": shown_times(found.ready),
        "gold": {
            "there": found.gold.there,
            "answers": found.gold.answers,
            "advised": found.gold.advised,
            "more": found.gold.more,
            "why": found.gold.why,
        },
        "promise": asdict(found.promise.plan) if found.promise else None,
    }


def _lines(found: "Quote") -> list[str]:
    from gateway.base.money import amount_text

    amounts = [
        amount_text(minor, found.currency)
        for minor in (found.least_minor, found.expected_minor, found.most_minor)
    ]
    promise = [f"right    {found.promise.plan.reason}"] if found.promise else []
    promise += [f"         {one}" for one in found.promise.plan.helps] if found.promise else []
    return [
        f"cost     {amounts[0]} at least, {amounts[1]} expected, {amounts[2]} at most",
        f"answers  {found.answers_expected:,} expected, {found.answers_maximum:,} at most with gold",
        f"workers  {found.workers:,} may be asked, {found.workers_reachable:,} reached, {found.workers_needed} needed",
        found.why_not or "it can be finished with the present workers",
        in_words(found.ready),
        f"gold     {found.gold.there} there, {found.gold.more} more advised: {found.gold.why}",
        *promise,
    ]


def shown_times(ready: "ReadyForecast") -> dict[str, Any]:
    """Return a forecast as data."""
    times = ready.times
    return {
        "earliest": times.earliest.isoformat() if times else None,
        "likely": times.likely.isoformat() if times else None,
        "latest": times.latest.isoformat() if times and times.latest else None,
        "basis": ready.basis.value,
        "reason": ready.reason,
    }


def in_words(ready: "ReadyForecast") -> str:
    """Return a forecast as one line."""
    times = ready.times
    if times is None:
        return f"ready    not known: {ready.reason}"
    latest = f"{times.latest:%Y-%m-%d %H:%M}" if times.latest else "later than in a year"
    return (
        f"ready    {times.likely:%Y-%m-%d %H:%M} UTC, between {times.earliest:%Y-%m-%d %H:%M} and "
        f"{latest} with 80 % likelihood ({ready.reason})"
    )
