"""The skill of a worker, from the row that a turn reads."""

from gateway.qa.skills.skill import Skill
from gateway.store.turns.situation import TurnRow


def trial_of(row: TurnRow, kind: str) -> tuple[int, float]:
    """Return the gold answers since the worker's present trial at a kind began, and her drift."""
    kinds = row.kinds or []
    if kind not in kinds:
        return 0, 0.0
    at = kinds.index(kind)
    return row.trials[at], row.drifts[at]


def skill_of(row: TurnRow, kind: str) -> tuple[Skill, int, int]:
    """Return the worker's skill at a kind, the number of her answers, and of those to gold."""
    kinds = row.kinds or []
    if kind not in kinds:
        return Skill(), 0, 0
    at = kinds.index(kind)
    skill = Skill(row.rights[at], row.wrongs[at])
    return skill, row.answers[at], row.golds_right[at] + row.golds_wrong[at]
