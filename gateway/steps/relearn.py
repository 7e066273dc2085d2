"""A running batch is estimated as a whole while its answers come in: warm skills for the judge of single answers.

One answer's update is O(options) and stays in its turn; this is the slower, better look over all of them. It runs when
enough answers are new (see `score.RELEARN_AFTER`), so that all of a batch's looks together cost about as much as the last.
"""

from gateway.qa.batch import aggregate
from gateway.qa.port import encode
from gateway.qa.relearn import relearned
from gateway.qa.skill import CONSENSUS_WEIGHT, Skill
from gateway.runtime import Runtime
from gateway.steps.better import look_for_better
from gateway.steps.promote import promote
from gateway.steps.retry import until_settled
from gateway.store import skills
from gateway.store.batches import Batch
from gateway.store.db import Connection, Row


async def relearn(rt: Runtime, batch_id: str) -> int:
    """Skills of a batch's workers anew; from how many answers."""
    batch = await rt.batches.fresh(batch_id)
    before, known = await until_settled(lambda: _relearn(rt, batch))
    await look_for_better(rt, batch)
    if _rung(known) > _rung(before):
        rt.bells.ring("watch", batch_id)
    return known


def _rung(answers: int) -> int:
    """Looking for cheats costs far more than learning, and nobody is judged by it at once: at every doubling is enough
    (and at the end, see `steps.close`).

    >>> _rung(0), _rung(50), _rung(99), _rung(100)
    (0, 6, 7, 7)
    """
    return answers.bit_length()


async def _relearn(rt: Runtime, batch: Batch) -> tuple[int, int]:
    """How many answers were known before, and are now."""
    async with rt.db.transaction() as db:
        before: int = await db.fetchval(
            "select learned from batch where id = $1 for update", batch.id
        )
        rows = await skills.decided_answers(db, batch.id)
        real = [row for row in rows if row["gold"] is None]
        if real:
            shown = await _shown(rt, db, batch, rows)
            await skills.replace_taught(db, batch.id, batch.kind, shown)
            await skills.scored(db, [row["id"] for row in real if not row["scored"]])
        await skills.learned(db, batch.id, len(real))
    return before, len(real)


async def _shown(rt: Runtime, db: Connection, batch: Batch, rows: list[Row]) -> dict[int, Skill]:
    """What the answers to real questions say of their workers; gold helps to judge them, and is counted elsewhere."""
    gold = {row["name"]: row["gold"] for row in rows if row["gold"] is not None}
    triples = [(row["name"], str(row["worker_id"]), row["value"]) for row in rows]
    if rt.kind_of(batch.kind).IS_TEXT:
        return _shown_by_text(triples, gold, batch.language)
    answers = encode(triples, batch.option_ids)
    found = aggregate(answers, batch.method, gold or None)
    if batch.handling.promote_gold:
        confidence = (float(c) for c in found.confidence)
        await promote(db, batch, gold, dict(zip(answers.tasks, confidence, strict=True)))
    known = relearned(answers, found.estimate)
    for task, worker, value in triples:
        if task in gold:
            right = CONSENSUS_WEIGHT * (value == gold[task])
            was = known[worker]
            known[worker] = Skill(
                max(0.0, was.right - right), max(0.0, was.wrong - CONSENSUS_WEIGHT + right)
            )
    return {int(worker): skill for worker, skill in known.items()}


def _shown_by_text(
    triples: list[tuple[str, str, str]], gold: dict[str, str], language: str
) -> dict[int, Skill]:
    from gateway.qa.text.aggregate import aggregate as aggregate_texts  # noqa: PLC0415  # rapidfuzz, for text only
    from gateway.qa.text.near import is_near  # noqa: PLC0415
    from gateway.qa.text.normalise import normalise  # noqa: PLC0415

    found = aggregate_texts(triples, gold, language=language)
    believed = {
        task: (normalise(value, language), sure)
        for task, value, sure in zip(found.tasks, found.value, found.confidence, strict=True)
    }
    shown: dict[int, Skill] = {}
    for task, worker, value in triples:
        if task in gold:
            continue
        best, sure = believed[task]
        agreement = sure if is_near(normalise(value, language), best) else 1.0 - sure
        shown[int(worker)] = shown.get(int(worker), Skill()).after_consensus(agreement)
    return shown
