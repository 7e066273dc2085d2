"""A batch that has all its answers is closed: results estimated over the whole batch, unused money back."""

import structlog

from gateway import logs
from gateway.failpoints import reach
from gateway.ids import AccountId, BatchId
from gateway.payments import ledger
from gateway.qa.batch import aggregate
from gateway.qa.port import encode
from gateway.runtime import Runtime
from gateway.steps.retry import until_settled
from gateway.steps.rulings import ruling_of, version_of
from gateway.store import batches, ledgers, rules
from gateway.store.batches import Batch
from gateway.store.db import Connection

log = structlog.get_logger()

Result = tuple[str, float]


async def close(rt: Runtime) -> int:
    """Close every running batch whose tasks are all decided; how many."""
    rows = await rt.db.rows(
        """select b.id from batch b where b.state = 'running'
           and not exists (select from task t where t.batch_id = b.id and t.gold is null and t.state = 'open')"""
    )
    for row in rows:
        with logs.bound(batch=row["id"]):
            await close_batch(rt, await rt.batches.fresh(row["id"]))
    return len(rows)


async def close_batch(rt: Runtime, batch: Batch) -> None:
    """Estimate the results over all answers, write them, give the rest of the money back: one commit."""
    answers = await rt.db.rows(
        """select t.name, a.worker_id, a.value from answer a join task t on t.id = a.task_id
           where t.batch_id = $1 and not a.void order by a.id""",
        batch.id,
    )
    golds = await rt.db.rows(
        "select name, gold from task where batch_id = $1 and gold is not null", batch.id
    )
    results = estimate(
        rt,
        batch,
        [(r["name"], str(r["worker_id"]), r["value"]) for r in answers],
        {r["name"]: r["gold"] for r in golds},
    )

    # The engine may be another one than when the batch began: what it decides by is kept under the version of now.
    async with rt.db.transaction() as db:
        rule = ruling_of(batch)
        await rules.keep(db, rule.version, rule.as_data())
    reach("close.decided")
    released = await until_settled(lambda: _write(rt, batch, results))
    reach("close.written")
    if released is not None:
        rt.bells.ring("watch", batch.id)
        log.info("batch closed", batch=batch.id, tasks=len(results), released_minor=released)


async def _write(rt: Runtime, batch: Batch, results: dict[str, Result]) -> int | None:
    """What goes back to the client, in minor units; None when another runner closed the batch."""
    async with rt.db.transaction() as db:
        row = await db.fetchrow("select state from batch where id = $1 for update", batch.id)
        if row is None or row["state"] != "running":
            return None
        await withdraw(db, batch.id, "decided")
        await db.execute(
            """update task t set value = r.value, confidence = r.confidence,
                 ruling = $6,
                 rule = case when t.rule = 'ambiguous' then t.rule else $5 end
               from unnest($2::text[], $3::text[], $4::real[]) as r(name, value, confidence)
               where t.batch_id = $1 and t.name = r.name and t.gold is null
                 and t.rule is distinct from 'person'""",
            batch.id,
            list(results),
            [value for value, _ in results.values()],
            [confidence for _, confidence in results.values()],
            batch.method,
            version_of(batch),
        )
        await batches.set_state(db, batch.id, "done")
        return await release_rest(db, batch)


def estimate(
    rt: Runtime, batch: Batch, rows: list[tuple[str, str, str]], gold: dict[str, str]
) -> dict[str, Result]:
    """Every task's value and confidence by the batch's rule, from (task, worker, answer) rows."""
    if not rows:
        return {}
    if rt.kind_of(batch.kind).IS_TEXT:
        from gateway.qa.text import aggregate as texts  # noqa: PLC0415  # rapidfuzz, for text only

        text = texts.aggregate(rows, gold, language=batch.language)
        return dict(zip(text.tasks, zip(text.value, text.confidence, strict=True), strict=True))
    answers = encode(rows, batch.option_ids)
    found = aggregate(answers, batch.method, gold or None)
    pairs = zip(found.estimate.value, (float(c) for c in found.confidence), strict=True)
    return dict(zip(answers.tasks, pairs, strict=True))


async def withdraw(db: Connection, batch: BatchId, state: str) -> None:
    """Take back every question of the batch that somebody still holds, and leave its open tasks in `state`."""
    await db.execute("select withdraw_batch($1, $2)", batch, state)


async def release_rest(db: Connection, batch: Batch) -> int:
    """What the batch set aside and did not use goes back to its client; how much, in minor units."""
    rest = await db.fetchval(
        """select coalesce(sum(case when credit = $1 then amount else -amount end), 0)::bigint
           from transfer where credit = $1 or debit = $1""",
        batch.hold_account,
    )
    if rest:
        available = await db.fetchval("select account_id from client where id = $1", batch.client)
        posted = ledger.release(batch.id, batch.client, rest, batch.currency)
        await ledgers.post(db, posted, batch.hold_account, AccountId(available))
    return rest
