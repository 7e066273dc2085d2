"""The lesson of a worker: the one that she is in, the one that LEARN begins, and each reply."""

from gateway.conversation.facts import LessonMoved
from gateway.conversation.situation import Situation
from gateway.steps.runtime import Runtime
from gateway.store.db import Write
from gateway.store.quality import lessons
from gateway.store.turns.situation import TurnRow
from gateway.tasks.lessons.lesson import LessonProgress
from gateway.tasks.lessons.offer import ListedLesson, listed, offered, progress_of


def lesson_by_sms(rt: Runtime, row: TurnRow) -> LessonProgress | None:
    """Return the lesson that an SMS answers, as it was read with the event."""
    return progress_of(lessons.stored_run(row.lesson), rt.lessons) if row.lesson else None


async def look_up_lesson(rt: Runtime, row: TurnRow, situation: Situation) -> Situation:
    """Add the lesson that LEARN begins or goes on with, or the reason why there is none."""
    if situation.lesson is not None or situation.worker is None:
        return situation
    found = offered(await lessons.standing_of(rt.db, row.worker), rt.lessons)
    if isinstance(found, str):
        return situation.changed(no_lesson=found)
    return situation.changed(lesson=found)


async def all_lessons(rt: Runtime, row: TurnRow) -> tuple[ListedLesson, ...]:
    """Return all lessons in a worker's language, with those that she has passed."""
    return listed(await lessons.standing_of(rt.db, row.worker), rt.lessons)


def lesson_writes(row: TurnRow, fact: LessonMoved, via: str) -> list[Write]:
    """Return the writes of one reply in a lesson."""
    answer = None if fact.right is None else (fact.said, fact.value, fact.right)
    left = fact.state == "left"
    moved = lessons.move_lesson(
        row.worker,
        fact.progress,
        step=fact.step,
        score=fact.score,
        state="open" if left else fact.state,
        via="none" if left else via,
        answer=answer,
    )
    return [moved]
