"""What a client's texts cost on the air, told at upload and in the quote: which need a second segment, and a cheaper wording with its
diff. Nothing is changed: whoever wrote a text decides."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.conversation.asking import options_text
from gateway.phrases.septets import BASIC, SMS_SEPTETS
from gateway.runtime import Runtime
from gateway.sms.economy import cheaper
from gateway.sms.segments import Count, count
from gateway.steps.questions import question_of
from gateway.store import batches
from gateway.store.batches import Batch
from gateway.tasks.intake import TaskSpec

SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class Advice:
    """A task whose question is more than one plain SMS. `row`: 1 = the first of the upload. `weight`: of the whole
    question. `suggestion`, `diff`: a text that makes it cheaper, None when there is none; `segments`: with that text.
    `loses_letters`: letters lose their marks, so a speaker should read it. `kept`: characters that nothing can replace
    and that make it UCS-2."""

    row: int
    task: str
    weight: Count
    segments: int
    suggestion: str | None
    diff: str | None
    loses_letters: bool
    kept: str


async def advise_all(rt: Runtime, batch: Batch) -> tuple[list[Advice], int]:
    """The same over all tasks there are, for the quote; `row` counts through all uploads."""
    texts = await batches.texts(rt.db, batch.id)
    return advise(rt, batch, [TaskSpec(name, text, None, None) for name, text in texts])


def advise(rt: Runtime, batch: Batch, specs: Sequence[TaskSpec]) -> tuple[list[Advice], int]:
    """The first of the tasks that cost more than one segment, or need UCS-2; and how many there are."""
    languages = batch.languages or (rt.settings.countries[rt.settings.region].language,)
    # Of several languages none has the say about letters; the marks that mean nothing may still be changed.
    language = languages[0] if len(languages) == 1 else None
    before, after = _around(batch, languages[0])
    plain = BASIC.issuperset(before + after)
    room = SMS_SEPTETS - len(before) - len(after)
    heavy = [
        (row, spec)
        for row, spec in enumerate(specs, 1)
        if not (plain and len(spec.text) <= room and BASIC.issuperset(spec.text))
    ]
    found = [(row, spec, count(before + spec.text + after)) for row, spec in heavy]
    found = [f for f in found if f[2].segments > 1 or f[2].encoding == "UCS2"]
    return [
        _advice(row, spec, weight, language, (before, after))
        for row, spec, weight in found[:SHOWN_MAX]
    ], len(found)


def _around(batch: Batch, language: str) -> tuple[str, str]:
    """What stands before and after a task's text in the shortest question of its own."""
    options = options_text(question_of(batch, 0, 0, ""), language)
    return f"{batch.instructions}\n", f"\n{options}" if options else ""


def _advice(
    row: int, spec: TaskSpec, weight: Count, language: str | None, around: tuple[str, str]
) -> Advice:
    found = cheaper(spec.text, language, around)
    better = found if found and found.segments_saved > 0 else None
    return Advice(
        row=row,
        task=spec.name,
        weight=weight,
        segments=better.after.segments if better else weight.segments,
        suggestion=better.text if better else None,
        diff=better.diff() if better else None,
        loses_letters=better.loses_letters if better else False,
        kept=found.kept if found else "",
    )
