"""The search of a batch for answers that were not read or were copied, and for leaked gold.

Its findings go to an operator with the evidence (see `store.quality.findings`). They change no
worker's work and money.
"""

from collections import defaultdict

from gateway.qa.cheating import findings as signs_of
from gateway.qa.gold_leak import Seen, leaks
from gateway.qa.observed import Observation, Observed
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.quality import findings
from gateway.store.quality.findings import AnswerDeed, FindingRecord

FIRST_SHOWINGS = 5  # showings of a gold task after which it may have been passed on


async def watch(rt: Runtime, batch_id: str) -> int:
    """Record the findings that deserve a look, and return their number."""
    batch = await rt.batches.fresh(batch_id)
    rows = await findings.deeds(rt.db, batch_id)
    found = _worn_gold(batch, rows)
    if batch.options and rows:  # The signs are about the places of options.
        found += _signs(batch, rows)
    async with rt.db.transaction() as db:
        for one in found:
            await findings.record(db, one)
    return len(found)


def _signs(batch: Batch, rows: list[AnswerDeed]) -> list[FindingRecord]:
    deeds = [_deed(batch, row) for row in rows]
    ties = {
        str(row.worker_id): {
            name: str(tie)
            for name, tie in (("partner", row.partner_id), ("enrolled by", row.coordinator_id))
            if tie is not None
        }
        for row in rows
    }
    seen = Observed(deeds, [o.id for o in batch.options], ties)
    return [
        FindingRecord(
            one.rule,
            f"batch:{batch.id}:workers:{','.join(one.workers)}",
            {"sentence": one.sentence, "chance": one.chance, **one.evidence},
            worker=int(one.workers[0]),
            batch=batch.id,
        )
        for one in signs_of(seen)
    ]


def _deed(batch: Batch, row: AnswerDeed) -> Observation:
    """Return an answer with its key on this worker's own menu."""
    worker = row.worker_id
    order = tuple(o.id for o in batch.options_for(worker))
    key = order.index(row.value) if row.value in order else -1
    at = row.created_at.timestamp()
    return Observation(str(row.task_id), str(worker), row.value, key, order, at)


def _worn_gold(batch: Batch, rows: list[AnswerDeed]) -> list[FindingRecord]:
    """Return gold that later workers know much better than the first ones did: it was passed on."""
    shown: defaultdict[int, list[bool]] = defaultdict(list)
    for row in rows:
        if row.right is not None:
            shown[row.task_id].append(row.right)
    tested = {
        str(task): (
            Seen(sum(rights[FIRST_SHOWINGS:]), len(rights) - FIRST_SHOWINGS),
            Seen(sum(rights[:FIRST_SHOWINGS]), FIRST_SHOWINGS),
        )
        for task, rights in shown.items()
        if len(rights) > FIRST_SHOWINGS
    }
    return [
        FindingRecord(
            "leaked_gold",
            f"task:{leak.who}",
            {
                "first_right": leak.fresh.right,
                "first_seen": leak.fresh.seen,
                "later_right": leak.old.right,
                "later_seen": leak.old.seen,
                "chance": leak.chance,
            },
            batch=batch.id,
        )
        for leak in leaks(tested)
    ]
