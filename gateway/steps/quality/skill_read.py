"""The skill of a worker, from the row that a turn reads."""

from gateway.qa.skills.gold import entry_gold_for
from gateway.qa.skills.skill import Skill
from gateway.store.batches.batches import Batch
from gateway.store.turns.situation import TurnRow


def trial_of(row: TurnRow, kind: str) -> tuple[int, float]:
    """Return the gold answers since the worker's present trial at a kind began, and her drift."""
    kinds = row.kinds or []
    if kind not in kinds:
        return 0, 0.0
    at = kinds.index(kind)
    return row.trials[at], row.drifts[at]


def is_entry(row: TurnRow, batch: Batch, pending: int = 0) -> bool:
    """Return whether gold is entry gold for this worker. A skill card takes the place of most.

    `pending` is the number of gold answers that this very turn counts.
    """
    kinds = row.kinds or []
    carded = batch.kind in kinds and row.cardeds[kinds.index(batch.kind)]
    needed = entry_gold_for(batch.handling.entry_gold, carded=carded)
    return trial_of(row, batch.kind)[0] + pending < needed


def skill_of(row: TurnRow, kind: str) -> tuple[Skill, int, int]:
    """Return the worker's skill at a kind, the number of her answers, and of those to gold."""
    kinds = row.kinds or []
    if kind not in kinds:
        return Skill(), 0, 0
    at = kinds.index(kind)
    skill = Skill(row.rights[at], row.wrongs[at])
    return skill, row.answers[at], row.golds_right[at] + row.golds_wrong[at]
