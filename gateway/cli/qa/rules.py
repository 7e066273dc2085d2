"""The commands `gateway qa rules`, `dry-run --batch` and `switch`, for the rules of a live batch.

A rule is tried on the batch's past answers and then switched on.
"""

import getpass
from dataclasses import asdict
from typing import Annotated, Any

import typer

from gateway.base.money import amount_text
from gateway.cli.qa.files import JsonFile, one_line_errors, write_json

BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id (b_...).")]
_By = Annotated[str | None, typer.Option(help="Your name. Default: the user of this shell.")]
CHANGES_SHOWN = 20


def rules(batch: BatchId, json_file: JsonFile = None) -> None:
    """List the rules that decided a batch, with times and reasons, and the tried rules."""
    from gateway.cli.serving import of_batch, with_runtime
    from gateway.steps.runtime import Runtime
    from gateway.store.quality import rulings as store

    async def found(rt: Runtime) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        used = [asdict(row) for row in await of_batch(rt, batch, store.of_batch(rt.db, batch))]
        return used, [asdict(row) for row in await store.trials(rt.db, batch)]

    with one_line_errors("rules"):
        used, tried = with_runtime(found)
        if json_file:
            write_json(json_file, {"used": used, "tried": tried})
            return
        for row in used:
            typer.echo(
                f"{row['at']:%Y-%m-%d %H:%M}  {row['version']}  {_setting(row['data'])}  decided {row['decided']:,}  "
                f"by {row['by']}: {row['reason']}"
            )
        for row in tried:
            said = row["found"]
            typer.echo(
                f"{row['at']:%Y-%m-%d %H:%M}  {row['version']}  {_setting(said['rule'])}  tried by {row['by']}: "
                f"{said['changed']:,} of {said['tasks']:,} tasks another value"
            )
        if not used:
            typer.echo("this batch has not started")


def try_live(
    batch: str,
    policy: str | None,
    confidence: float | None,
    method: str | None,
    json_file: str | None,
) -> None:
    """Try a changed rule on the answers of a live batch.

    The trial is recorded, and nothing changes.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.quality.rule_trials import NewRule, try_rule

    wanted, by = NewRule(policy, confidence, method), getpass.getuser()
    said = with_runtime(lambda rt: try_rule(rt, batch, wanted, by))
    if json_file:
        write_json(json_file, said)
        return
    typer.echo(f"{said['tasks']:,} tasks and {said['gold']:,} gold, answers as they came")
    for name in ("now", "new"):
        one = said[name]
        accuracy = (
            "no gold" if one["accuracy"] is None else f"{100 * one['accuracy']:.1f} % of gold right"
        )
        short = f", {one['short']:,} would have asked for more" if one["short"] else ""
        typer.echo(
            f"  {name}  {one['version']}  {one['answers']:,} answers, {one['cost_minor']:,.0f} minor units, "
            f"{_messages(one)}, {accuracy}, {one['review']:,} to a person{short}"
        )
    typer.echo(f"{said['changed']:,} tasks would have another value")
    for change in said["changes"][:CHANGES_SHOWN]:
        typer.echo(f"  {change['task']}: {change['was']} -> {change['becomes']}")
    typer.echo(f"to switch it on: gateway qa switch {batch} {said['version']} --reason '...'")


def switch(
    batch: BatchId,
    version: Annotated[
        str, typer.Argument(metavar="VERSION", help="The version that the dry run printed.")
    ],
    reason: Annotated[str, typer.Option(help="The reason, which is kept with the change.")],
    by: _By = None,
    json_file: JsonFile = None,
) -> None:
    """Decide a running batch by a rule that was tried. Its open tasks are judged by it at once."""
    from gateway.cli.serving import with_runtime
    from gateway.steps.quality import rule_trials

    with one_line_errors("switch"):
        who = by or getpass.getuser()
        moved = with_runtime(lambda rt: rule_trials.switch(rt, batch, version, who, reason))
        if json_file:
            write_json(json_file, {"version": version, "moved": moved})
            return
        typer.echo(f"rule {version} is on; {len(moved):,} open tasks are decided by it")
        for one in moved[:CHANGES_SHOWN]:
            typer.echo(f"  {one['task']}: {one['becomes']}")


def _messages(one: dict[str, Any]) -> str:
    """Return a text like `about 34 segments (KES 27.20)`.

    It has no price if a country is missing in the price lists.
    """
    costs = [amount_text(minor, currency) for currency, minor in one["messages_minor"].items()]
    costs += [f"no price for {region}" for region in one["unpriced"]]
    return f"about {one['segments']:,} segments" + (f" ({', '.join(costs)})" if costs else "")


def _setting(rule: dict[str, Any]) -> str:
    return f"{rule['policy']}, confidence {rule['confidence']:g}, {rule['method']}"
