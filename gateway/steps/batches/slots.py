"""The slots of an upload's tasks: the answers wanted first, and the answers paid for at most."""

from functools import lru_cache

from gateway.base.errors import Refused
from gateway.qa.judging.overlap import (
    CONFIDENCE,
    DoubleKeying,
    DynamicOverlap,
    FixedOverlap,
    Policy,
    PricedOverlap,
    parse_policy,
)
from gateway.steps.quality.judge import weighs_predictions
from gateway.store.batches.batch_tasks import NewTask
from gateway.store.batches.batches import Batch
from gateway.tasks.intake import TaskSpec

GOLD_ANSWERS_MAX = 20
"""The most paid answers of a gold question, where enough workers may be asked."""


def gold_answers(workers: int) -> int:
    """Return the paid answers to set aside for one gold question: each worker sees it once.

    Where no worker exists yet, the later number of workers is unknown.

    >>> gold_answers(0), gold_answers(3), gold_answers(500)
    (20, 3, 20)
    """
    return min(workers, GOLD_ANSWERS_MAX) if workers else GOLD_ANSWERS_MAX


def new_task(batch: Batch, spec: TaskSpec, row: int) -> NewTask:
    """Return the task as it is stored. Raises Refused naming the row."""
    workers = spec.audience.workers if spec.audience else ()
    first, most = _slots(batch, spec, len(workers), row)
    rest: dict[str, list[object]] | None = None
    if spec.audience and (spec.audience.partners or spec.audience.languages):
        rest = {
            key: list(value)
            for key, value in (
                ("partners", spec.audience.partners),
                ("languages", spec.audience.languages),
            )
            if value
        }
    # Gold shows the skill, and work that is addressed to a worker by name is hers in any case.
    free = spec.gold is None and not workers
    return NewTask(
        name=spec.name,
        text=spec.text,
        gold=spec.gold,
        wanted=first,
        maximum=most,
        audience=rest,
        workers=workers,
        min_skill=(batch.handling.min_skill or None) if free else None,
        gold_reason=spec.gold_reason,
        own=spec.own,
        predicted=spec.predicted,
    )


def _slots(batch: Batch, spec: TaskSpec, workers: int, row: int) -> tuple[int, int]:
    """Return the answers that a task wants first, and the most that are paid for."""
    if spec.gold is not None and not batch.gold_rate:
        raise Refused(
            f"row {row}: gold is never asked in a batch whose gold_rate is 0; make the batch with one, like 0.05",
            field="gold",
            row=row,
        )
    if spec.gold is not None:
        slots = workers or GOLD_ANSWERS_MAX
        return slots, slots
    if batch.policy == "all":
        if not workers:
            raise Refused(
                f"row {row}: policy all needs audience.workers", field="audience.workers", row=row
            )
        return workers, workers
    available = workers or None
    match _policy(batch.policy, available, batch.confidence or CONFIDENCE):
        case FixedOverlap(answers):
            return answers, answers
        case (
            DynamicOverlap(_, least, most)
            | PricedOverlap(_, least, most)
            | DoubleKeying(_, least, most)
        ):
            return (1 if weighs_predictions(batch) else least), most


# The policy is equal for all tasks of an upload except those directed to workers.
@lru_cache(maxsize=256)
def _policy(text: str, available: int | None, confidence: float) -> Policy:
    return parse_policy(text, available=available, confidence=confidence)
