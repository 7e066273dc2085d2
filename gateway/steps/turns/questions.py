"""Questions as the conversation sees them, built from rows: the one held, and packs of several."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from gateway.base.ids import AssignmentId, TaskId
from gateway.conversation.facts import Answered
from gateway.conversation.situation import HeldQuestion, PackItem, Teaching
from gateway.conversation.work.asking import barest
from gateway.gsm.segments import Capacity
from gateway.qa.skills.gold import entry_gold_for
from gateway.steps.quality.comparison import compared_as
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.turns.situation import TurnRow
from gateway.tasks.entry.fields import asked_of
from gateway.tasks.question import Question

_SURELY_UNITS = 60  # the characters of any alphabet that one SMS holds beside a short option or two


def question_of(
    batch: Batch, worker: int, task: int, text: str, record: Mapping[str, Any] | None = None
) -> Question:
    """Return a task as this worker meets it.

    `record` has the fields of a record that she is asked for, if not all, those that she has typed,
    and the price that she was told, if the batch's was raised since, as in `assignment.record`.
    """
    known = record or {}
    return Question(
        task=TaskId(task),
        batch=batch.id,
        kind=batch.kind,
        text=text,
        instructions=batch.instructions,
        options=batch.options_for(worker),
        price_minor=batch.told_price_minor(record),
        currency=batch.currency,
        fields=asked_of(batch.fields, known.get("asked")) if batch.fields else (),
        typed=known.get("typed", {}),
        said=known.get("said", ""),
    )


def record_of(row: TurnRow, which: Literal["held", "next", "dialled"]) -> Mapping[str, Any] | None:
    """Return what is kept with one of the row's questions, as in `assignment.record`."""
    return row.record[which] if row.record else None


def fits_sms(capacity: Capacity, batch: Batch, text: str, language: str) -> bool:
    """Return True if the shortest question about `text` fits one SMS of the channel."""
    if (
        capacity.alphabet == "any"
        and len(text) + len(batch.instructions) < _SURELY_UNITS
        and not batch.options
    ):
        return True
    return capacity.carries(barest(question_of(batch, 0, 0, text), language))


def is_entry(row: TurnRow, batch: Batch, pending: int = 0) -> bool:
    """Return whether gold is entry gold for this worker. A skill card takes the place of most.

    `pending` is the number of gold answers that this very turn counts.
    """
    known = row.skill_at(batch.kind)
    return known.trial + pending < entry_gold_for(batch.handling.entry_gold, carded=known.carded)


def teaching(
    rt: Runtime, row: TurnRow, batch: Batch, truth: str | None, reason: str | None
) -> Teaching | None:
    """Return what a worker is told after her answer to a question, or None.

    Only entry gold teaches: the check questions before her skill is known.
    """
    if truth is None or not is_entry(row, batch):
        return None
    return Teaching(truth, reason or "", compared_as(rt.kind_of, batch), batch.handling.same)


def held_question(rt: Runtime, row: TurnRow, batch: Batch) -> HeldQuestion:
    """Return the question that the worker holds."""
    assert row.held_assignment is not None
    assert row.held_task is not None
    return HeldQuestion(
        assignment=AssignmentId(row.held_assignment),
        question=question_of(
            batch, row.worker, row.held_task, row.held_text, record_of(row, "held")
        ),
        lapsed=row.held_state == "expired",
        open=row.held_open,
        teaching=teaching(rt, row, batch, row.held_gold, row.held_reason),
    )


async def pack_of(rt: Runtime, row: TurnRow) -> tuple[PackItem, ...]:
    """Return the numbered questions of the worker's last messages."""
    found = row.pack
    if not found:
        return ()
    batch = await rt.batches.get(found[0]["batch"], found[0].get("revision", 0))
    return tuple(
        PackItem(
            number=each["number"],
            held=HeldQuestion(
                assignment=AssignmentId(each["assignment"]),
                question=question_of(batch, row.worker, each["task"], each["text"], _told(each)),
                lapsed=each["state"] == "expired",
                open=each["open"],
                teaching=teaching(rt, row, batch, each["gold"], each["reason"]),
            ),
            answered=each["state"] == "answered",
            last=each["last"],
        )
        for each in found
    )


def _told(each: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return {"price": each["price"]} if "price" in each else None


def more_of(row: TurnRow, batch: Batch) -> tuple[Question, ...]:
    """Return the questions that could follow the next question in the same message.

    Where the next question is gold, the real question that it precedes is among them.
    """
    found = [(row.next_task, row.next_text)] if row.gold_task and row.next_task else []
    found += [(each["task"], each["text"]) for each in row.more or ()]
    return tuple(question_of(batch, row.worker, task, text) for task, text in found)


def as_held(row: TurnRow, fact: Answered) -> TurnRow:
    """Return `row` with the answered question as the held one, where it is one of several."""
    if row.held_assignment == fact.assignment:
        return row
    each = next(p for p in row.pack or () if p["assignment"] == fact.assignment)
    return replace(
        row,
        held_gold=each["gold"],
        held_state=each["state"],
        held_answered=each["answered"],
        held_wanted=each["wanted"],
        held_maximum=each["maximum"],
        record={"held": _told(each), "next": None, "dialled": None},
        vote_values=each["values"],
        vote_rights=each["rights"],
        vote_wrongs=each["wrongs"],
    )
