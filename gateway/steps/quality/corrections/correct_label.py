"""An option's label was wrong: the words are corrected while the batch runs; its id stays, and so does all money.

What was answered under the wrong words is kept where the person says that they were only badly put. Where they said something
else (`misled`), the answers that chose the option, of workers who read that label, decide nothing any more: they were paid
and stay on record, their tasks are judged by the other answers and asked again as far as slots were set aside (in a batch that
is over, a person looks), questions that somebody holds are asked anew, and gold missed on the option's account counts as right for
who missed it. Who meant the option but
could not find it cannot be known: what such workers chose instead stays.
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
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.quality import gold
from gateway.tasks.question import FALLBACK_LANGUAGE, Option
from gateway.tasks.rotation import may_rotate


@dataclass(frozen=True, slots=True)
class NewLabel:
    """What a person says: workers of `language` (ISO 639-1) read `label` for `option` from now on, and why.

    `misled`: the old label said something else; without, it was only badly put.
    """

    batch: str
    option: str
    label: str
    by: str
    reason: str
    language: str = FALLBACK_LANGUAGE
    misled: bool = False


async def correct_label(rt: Runtime, said: NewLabel) -> Diff:
    """Correct a label; the diff that was kept: answers that are void, changed results, tasks asked again, workers who are
    back. Raises Refused where the option or the label cannot be."""
    batch = await rt.batches.fresh(said.batch)
    old = next((option for option in batch.options if option.id == said.option), None)
    if old is None:
        known = ", ".join(option.id for option in batch.options)
        raise Refused(f"the options of this batch are: {known}", field="option", status=404)
    if old.labels.get(said.language, old.id) == said.label:
        raise Refused(f"{said.option!r} is called so already", field="label", status=409)
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
    await rt.batches.fresh(batch.id)
    if said.misled:
        # Behind the commit of the new words: nobody is asked with the old ones any more.
        await until_settled(lambda: _ask_anew(rt, batch))
    return await followed(rt, batch, correction)


async def _correct(rt: Runtime, batch: Batch, old: Option, said: NewLabel) -> int:
    async with rt.db.transaction() as db:
        running = await gold.begin_correction(db, batch.id)
        before = await results_of(rt, db, batch)
        others = [language for language in old.labels if language != said.language]
        only = [] if said.language == FALLBACK_LANGUAGE else [said.language]
        misled = await gold.misled(db, batch.id, old.id, only, others) if said.misled else []
        missed = [row for row in misled if row["gold"] is not None]
        await gold.turn(db, [row["id"] for row in missed])
        await gold.make_void(db, [row["id"] for row in misled])
        decisions = await decisions_after(rt, db, batch, before)
        # Workers' answers wait for these rows: they come last.
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
    return kept


async def _ask_anew(rt: Runtime, batch: Batch) -> None:
    async with rt.db.transaction() as db:
        await gold.ask_anew(db, batch.id)
