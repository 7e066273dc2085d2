"""The gold budget of a batch before it starts: the gold that its present workers will use up."""

from gateway.qa.confidence.certificate import GOLD_MIN
from gateway.qa.skills.gold_budget import GoldBudget, WorkersOfSkill, gold_budget
from gateway.store.batches.batches import Batch
from gateway.store.batches.pace import SkillGroup


def gold_needed(
    batch: Batch,
    golds: int,
    crowd: list[SkillGroup],
    answers: float,
    certified: int = GOLD_MIN,
) -> GoldBudget:
    """Return the gold budget of a batch that needs `answers` answers to real questions."""
    groups = [WorkersOfSkill(one.workers, one.skill, one.gold) for one in crowd]
    return gold_budget(
        golds,
        groups,
        round(answers),
        rate=batch.gold_rate,
        entry_gold=batch.handling.entry_gold,
        certified=certified,
    )
