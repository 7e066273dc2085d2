"""The correction of an option's label while the batch runs; the option's id and all money stay.

Answers given under the wrong words are kept where the old label was only badly put. Where it said
something else (`misled`), the answers that chose the option, of workers who read that label, no
longer decide anything. They were paid and stay on record. Their tasks are judged by the other
answers and asked again as far as slots were set aside; in a batch that is over they go to review.
Questions that a worker holds are asked again. Gold that was missed because of the option counts as
right for its workers. A worker who meant the option but could not find it cannot be identified: her
choice stays.
"""

from dataclasses import dataclass, replace

from gateway.base.errors import Refused
from gateway.steps.quality.corrections.correct_gold import (
    Diff,
    decisions_after,
    diff_of,
    followed,
    results_of,
    skills_after,
)
from gateway.steps.repeated import first_try, keep_result
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.quality import gold
from gateway.tasks.question import FALLBACK_LANGUAGE, Option
from gateway.tasks.rotation import may_rotate


@dataclass(frozen=True, slots=True)
class NewLabel:
    """The correction of a label.

    From now on, workers of `language` (ISO 639-1) read `label` for `option`. `misled` says that the
    old label said something else; otherwise it was only badly put.
    """

    batch: str
    option: str
    label: str
    by: str
    reason: str
    language: str = FALLBACK_LANGUAGE
    misled: bool = False


async def correct_label(rt: Runtime, said: NewLabel) -> Diff:
    """Correct a label and return the diff that was kept.

    It names answers that are void, changed results, tasks asked again, and workers who are back.
    Raises Refused where the option or the label is invalid.
    """
    batch = await rt.batches.fresh(said.batch)
    if (first := first_try()) is not None:
        return await _told(rt, batch, said, first.result)
    old = next((option for option in batch.options if option.id == said.option), None)
    if old is None:
        known = ", ".join(option.id for option in batch.options)
        raise Refused(f"the options of this batch are: {known}", field="option", status=404)
    if old.labels.get(said.language, old.id) == said.label:
        raise Refused(f"{said.option!r} has this label already", field="label", status=409)
    new = Option(old.id, {**old.labels, said.language: said.label})
    options = tuple(new if option.id == old.id else option for option in batch.options)
    rt.kind_of(batch.kind).options(options)
    if batch.handling.rotate and not may_rotate(options):
        raise Refused(
            f"{said.label!r} could be read as a key, and this batch turns its options",
            field="label",
        )
    now = replace(batch, options=options)
    correction = await until_settled(lambda: _correct(rt, now, old, said))
    return await _told(rt, batch, said, correction)


async def _told(rt: Runtime, batch: Batch, said: NewLabel, correction: int) -> Diff:
    """Apply the consequences of a label that is committed, and return all that it changed."""
    await rt.batches.fresh(batch.id)
    if said.misled:
        # This follows the commit of the new words, so that no worker is asked with the old ones any
        # more.
        await until_settled(lambda: _ask_anew(rt, batch))
    return await followed(rt, batch, correction)


async def _correct(rt: Runtime, batch: Batch, old: Option, said: NewLabel) -> int:
    async with rt.db.transaction() as db:
        running = await gold.begin_correction(db, batch.id)
        before = await results_of(rt, db, batch)
        others = [language for language in old.labels if language != said.language]
        only = [] if said.language == FALLBACK_LANGUAGE else [said.language]
        misled = await gold.misled(db, batch.id, old.id, only, others) if said.misled else []
        missed = [row for row in misled if row.gold is not None]
        await gold.flip_correctness(db, [row.id for row in missed])
        await gold.make_void(db, [row.id for row in misled])
        decisions = await decisions_after(rt, db, batch, before)
        # Workers' answers wait for these rows, so they come last.
        back = await skills_after(rt, db, batch, missed)
        diff = diff_of(missed, back, decisions, {"by": "void", "argument": old.id, "after": 0})
        diff["void"] = len(misled)
        was = old.labels.get(said.language, old.label(said.language))
        about = f"{old.id} ({said.language}): "
        kept = await gold.keep_correction(
            db, batch.id, None, about + was, about + said.label, said.by, said.reason, diff
        )
        await gold.lock_batch(db, batch.id, running=running)
        options = [{"id": o.id, "labels": dict(o.labels)} for o in batch.options]
        await gold.set_options(db, batch.id, options)
        await keep_result(db, kept)
    return kept


async def _ask_anew(rt: Runtime, batch: Batch) -> None:
    async with rt.db.transaction() as db:
        await gold.ask_anew(db, batch.id)
