"""The promotion of certain results to gold for other workers, where the client allows it.

The bank of gold so grows with the batch. It costs nothing more: the new gold takes the paid slots
that its task did not need. `gateway.qa.judging.promotion` names the objections to a promotion.
"""

from collections import Counter
from collections.abc import Mapping

from gateway.qa.judging.promotion import Bank, PromotionCandidate, objections
from gateway.qa.skills.gold import Standing, standing
from gateway.store.batches.batches import Batch
from gateway.store.db import Connection
from gateway.store.quality import gold
from gateway.store.quality.gold import TaskToPromote


async def promote(
    db: Connection, batch: Batch, known: Mapping[str, str], sure: Mapping[str, float]
) -> int:
    """Promote the results that may be promoted, and return their number.

    `known` is the gold by task, and `sure` the calibrated confidence by task.
    """
    promoted = sum(name.endswith("~gold") for name in known)
    values, given = Counter(known.values()), len(known) - promoted
    made = 0
    for row in await gold.candidates(db, batch.id, batch.kind):
        bank = Bank(given, promoted + made, dict(values))
        if objections(_candidate(row, sure.get(row.name, 0.0)), bank):
            continue
        await gold.promote(db, row.id)
        values[row.value] += 1
        made += 1
    return made


def _candidate(row: TaskToPromote, confidence: float) -> PromotionCandidate:
    behind = [
        (partner, standing(right, wrong))
        for value, partner, right, wrong in zip(
            row.values, row.partners, row.rights, row.wrongs, strict=True
        )
        if value == row.value
    ]
    return PromotionCandidate(
        value=row.value,
        confidence=confidence,
        answers=row.answered,
        dissenting=row.answered - len(behind),
        trusted=sum(stands is Standing.TRUSTED for _, stands in behind),
        partners=len({partner for partner, _ in behind if partner is not None}),
        appealed=row.contested,
    )
