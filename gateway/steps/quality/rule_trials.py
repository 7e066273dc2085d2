"""The trial of a changed rule on a batch's past answers, and its switch by an operator or client.

A rule that was never tried cannot be switched on. Both are kept: each trial with its author, cost
and changes, and each switch with its author and reason.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gateway.base.errors import Refused
from gateway.qa import rule_names
from gateway.qa.judging.overlap import DOUBLE
from gateway.qa.judging.ruling import Ruling, ruling
from gateway.qa.rows import Answer
from gateway.steps.messages.message_cost import quote
from gateway.steps.quality.comparison import compared_as
from gateway.steps.quality.rejudge import Moved, rejudge
from gateway.steps.quality.rulings import ruling_of, switch_on
from gateway.steps.repeated import first_try, keep_result
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import batches
from gateway.store.batches.batches import Batch
from gateway.store.quality import rejudging, rulings

if TYPE_CHECKING:
    from gateway.qa.trials.dry_run import DryRun

CHANGES_KEPT = 1000
_ENOUGH = 1000  # the answers over which a price is averaged, so that rounding does not matter
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class NewRule:
    """The changes to a rule; None leaves a field as it is."""

    policy: str | None = None
    confidence: float | None = None
    method: str | None = None


async def try_rule(rt: Runtime, batch_id: str, wanted: NewRule, by: str) -> dict[str, Any]:
    """Apply the current rule and the new one to the existing answers, and return the comparison.

    It names answers, their cost and that of their messages, accuracy on gold, tasks in review, and
    tasks with another value. Only the trial itself is stored.
    """
    batch = await _batch(rt, batch_id)
    if (first := first_try()) is not None:
        return first.result
    old = ruling_of(batch)
    new = _changed(old, wanted)
    if new.policy == DOUBLE and not batch.fields:
        raise Refused(
            f"double keying is for the kind entry, not for {batch.kind!r}", field="policy"
        )
    rows, gold = await rulings.past_answers(rt.db, batch_id)
    if not rows:
        raise Refused("there are no answers to try a rule on yet", status=409)
    each = await _message_minor(rt, batch)
    found, on_gold = await _dry_runs(rt, batch, rows, (old, new), gold, each)
    said: dict[str, Any] = {
        "version": new.version,
        "rule": new.as_data(),
        "tasks": found.tasks - len(gold),
        "gold": len(gold),
        "now": asdict(found.old)
        | {"accuracy": on_gold and on_gold.old.accuracy}
        | await _messages(rt, batch, found.old.answers),
        "new": asdict(found.new)
        | {"accuracy": on_gold and on_gold.new.accuracy}
        | await _messages(rt, batch, found.new.answers),
        "changed": len(found.changes),
        "changes": [asdict(change) for change in found.changes[:CHANGES_KEPT]],
    }
    async with rt.db.transaction() as db:
        await rulings.keep_ruling(db, new.version, new.as_data())
        await rulings.tried(db, batch.id, new.version, by, said)
        await keep_result(db, said)
    return said


async def _dry_runs(
    rt: Runtime,
    batch: Batch,
    rows: Sequence[Answer],
    rules: tuple[Ruling, Ruling],
    gold: Mapping[str, str],
    each_minor: float,
) -> tuple["DryRun", "DryRun | None"]:
    """Return both rules on all answers, and on gold alone, where there is some."""
    from gateway.qa.trials.dry_run import dry_run  # noqa: PLC0415  # It needs NumPy.
    from gateway.steps.quality.keying.record_trials import try_on_records  # noqa: PLC0415

    if batch.fields:
        found = await try_on_records(rt, batch, rows, rules, gold)
        return found, found if gold else None
    language = compared_as(rt.kind_of, batch)
    found = await asyncio.to_thread(dry_run, rows, *rules, None, gold, each_minor, language)
    if not gold:
        return found, None
    golden = [row for row in rows if row[0] in gold]
    return found, await asyncio.to_thread(
        dry_run, golden, *rules, gold, message_minor=each_minor, language=language
    )


async def _message_minor(rt: Runtime, batch: Batch) -> float:
    """Return the mean message cost of one answer over the routes, in the batch's own money."""
    costs = (await quote(rt, batch, _ENOUGH, _ENOUGH)).costs.get(batch.currency)
    return costs[1] / _ENOUGH if costs else 0.0


async def _messages(rt: Runtime, batch: Batch, answers: int) -> dict[str, object]:
    """Return the expected message cost of `answers` answers, computed as in the batch's quote."""
    said = await quote(rt, batch, answers, answers)
    return {
        "segments": said.segments_expected,
        "messages_minor": {currency: cost for currency, (_, cost, _) in said.costs.items()},
        "unpriced": list(said.unpriced),
    }


def _changed(old: Ruling, wanted: NewRule) -> Ruling:
    changes: Mapping[str, object] = {
        name: value for name, value in asdict(wanted).items() if value is not None
    }
    if not changes:
        raise Refused("say what is to change: policy, confidence or method", field="policy")
    if wanted.method is not None and wanted.method not in rule_names():
        raise Refused(
            f"no method {wanted.method!r}; there is: {', '.join(rule_names())}", field="method"
        )
    if "all" in (old.policy, wanted.policy):
        raise Refused(
            "'all' asks every worker in each task's audience: no rule decides", field="policy"
        )
    return old.changed(**changes)


async def switch(rt: Runtime, batch_id: str, version: str, by: str, reason: str) -> list[Moved]:
    """Switch a batch to this rule, and return the tasks whose state changed.

    Its open tasks are judged by the rule at once.
    """
    batch = await _batch(rt, batch_id)
    if first_try() is not None:
        return await _judge_open(rt, batch_id)
    if version == ruling_of(batch).version:
        raise Refused(f"rule {version} is on already", status=409)
    found = await rulings.trial(rt.db, batch_id, version)
    if found is None:
        raise Refused(
            f"rule {version} was never tried on this batch: gateway qa dry-run --batch {batch_id}",
            status=409,
        )
    rule = ruling(found.data)
    if rule.version != version or rule.options != batch.option_ids:
        raise Refused(
            "the options or the engine have changed since this rule was tried: try it again",
            status=409,
        )
    await until_settled(lambda: _switch(rt, batch, rule, by, reason, found.found))
    return await _judge_open(rt, batch_id)


async def _switch(
    rt: Runtime, batch: Batch, rule: Ruling, by: str, reason: str, trial: dict[str, object]
) -> None:
    async with rt.db.transaction() as db:
        state = await rulings.set_rule(db, batch.id, rule.policy, rule.confidence, rule.method)
        if state not in ("running", "paused"):
            raise Refused(f"the batch is {state}: a rule can be switched while it runs", status=409)
        await switch_on(db, batch.id, rule, by=by, reason=reason, trial=trial)
        await keep_result(db)


async def _judge_open(rt: Runtime, batch_id: str) -> list[Moved]:
    """Judge the open tasks, some at a time, so that no phone waits for all of them.

    A task missed by a crash is judged with its next answer.
    """
    batch = await rt.batches.fresh(batch_id)
    moved: list[Moved] = []
    last = 0

    async def some() -> int:
        async with rt.db.transaction() as db:
            rows = await rejudging.open_tasks(db, batch_id, last, _AT_ONCE)
            found = await rejudge(rt, db, batch, rows, running=True)
        moved.extend(found)
        return rows[-1].id if rows else 0

    while at := await until_settled(some):
        last = at
    rt.jobs.enqueue("assign")
    rt.jobs.enqueue("close")
    return moved


async def _batch(rt: Runtime, batch_id: str) -> Batch:
    if await batches.currency_of(rt.db, batch_id) is None:
        raise Refused(f"no batch {batch_id!r}", status=404)
    return await rt.batches.fresh(batch_id)
