"""Questions as the conversation sees them, built from rows: the one held, and packs of several."""

from collections import ChainMap
from collections.abc import Mapping
from typing import Any

from gateway.base.ids import AssignmentId, TaskId
from gateway.conversation.facts import Answered
from gateway.conversation.situation import HeldQuestion, PackItem
from gateway.steps.quality.shown_options import options_for
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.db import Row
from gateway.tasks.question import Question


def question_of(batch: Batch, worker: int, task: int, text: str) -> Question:
    """Return a task as this worker meets it."""
    return Question(
        task=TaskId(task),
        batch=batch.id,
        kind=batch.kind,
        text=text,
        instructions=batch.instructions,
        options=options_for(batch, worker),
        price_minor=batch.price_minor,
        currency=batch.currency,
    )


def held_question(row: Row, batch: Batch) -> HeldQuestion:
    """Return the question that the worker holds."""
    return HeldQuestion(
        assignment=AssignmentId(row["held_assignment"]),
        question=question_of(batch, row["worker_id"], row["held_task"], row["held_text"]),
        lapsed=row["held_state"] == "expired",
        open=row["held_open"],
    )


async def pack_of(rt: Runtime, row: Row) -> tuple[PackItem, ...]:
    """Return the numbered questions of the worker's last messages."""
    found: list[dict[str, Any]] = row["pack"] or []
    if not found:
        return ()
    batch = await rt.batches.get(found[0]["batch"])
    return tuple(
        PackItem(
            number=each["number"],
            held=HeldQuestion(
                assignment=AssignmentId(each["assignment"]),
                question=question_of(batch, row["worker_id"], each["task"], each["text"]),
                lapsed=each["state"] == "expired",
                open=each["open"],
            ),
            answered=each["state"] == "answered",
            last=each["last"],
        )
        for each in found
    )


def more_of(row: Row, batch: Batch) -> tuple[Question, ...]:
    """Return the questions that could follow the next question in the same message.

    Where the next question is gold, the real question that it precedes is among them.
    """
    found = [(row["next_task"], row["next_text"])] if row["gold_task"] else []
    found += [(each["task"], each["text"]) for each in row["more"] or ()]
    return tuple(question_of(batch, row["worker_id"], task, text) for task, text in found)


def as_held(row: Row, fact: Answered) -> Row:
    """Return `row` with the answered question as the held one, where it is one of several."""
    if row["held_assignment"] == fact.assignment:
        return row
    each: dict[str, Any] = next(p for p in row["pack"] if p["assignment"] == fact.assignment)
    held: Mapping[str, Any] = {
        "held_gold": each["gold"],
        "held_state": each["state"],
        "held_answered": each["answered"],
        "held_wanted": each["wanted"],
        "held_maximum": each["maximum"],
        "vote_values": each["values"],
        "vote_rights": each["rights"],
        "vote_wrongs": each["wrongs"],
    }
    return ChainMap(dict(held), dict(row))
