"""The results of stages, in the form in which the next stage and the reassembly take them."""

from collections.abc import Sequence

from gateway.qa.judging.overlap import CONFIDENCE
from gateway.qa.keying.records import fields_of
from gateway.steps.quality.keying.keyed_fields import PERSON, field_results
from gateway.steps.runtime import Runtime
from gateway.store.batches import projects
from gateway.store.batches.batches import Batch
from gateway.store.batches.projects import ProjectStage, StageResult
from gateway.tasks.projects.outcomes import OPEN, FieldOutcome, StageOutcome


async def stage_outcomes(
    rt: Runtime, stages: Sequence[ProjectStage]
) -> dict[str, dict[str, StageOutcome]]:
    """Return the results of stages by their names, as far as there are any."""
    found = dict[str, dict[str, StageOutcome]]()
    for stage in stages:
        batch = await rt.batches.fresh(stage.batch)
        results = projects.stage_results(rt.db, batch, batch.confidence or CONFIDENCE)
        found[stage.name] = {
            each.task: StageOutcome(
                each.value,
                each.confidence,
                each.state,
                each.answers,
                _fields(rt, batch, each) if batch.fields else {},
            )
            async for each in results
        }
    return found


def _fields(rt: Runtime, batch: Batch, result: StageResult) -> dict[str, FieldOutcome]:
    """Return the fields of a record, each with the values that workers keyed."""
    entries = list(zip(result.workers, result.answers, strict=True))
    by_person = result.rule == PERSON
    found = field_results(rt, batch, result.value, entries, result.skills, by_person=by_person)
    keyed = [fields_of(answer) for answer in result.answers]
    return {
        name: FieldOutcome(
            value=one["value"],
            confidence=one["confidence"],
            settled=one["settled"] or OPEN,
            entries=tuple(record[name] for record in keyed if name in record),
        )
        for name, one in found.items()
    }
