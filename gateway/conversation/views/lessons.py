"""The views of a worker in a lesson: its first screen, and one screen per step."""

import json
from collections.abc import Mapping

from gateway.conversation.context import Context
from gateway.conversation.facts import CardsShown, LessonMoved
from gateway.conversation.situation import Need
from gateway.conversation.views.record import field_screen
from gateway.conversation.views.view import (
    BACK,
    MENU,
    EndSession,
    Key,
    Memory,
    ShowView,
    View,
    ViewContent,
    choices,
    menu_line,
    require,
    wrong_key,
)
from gateway.conversation.work.asking import option_lines
from gateway.conversation.work.cards import card
from gateway.conversation.work.keying import problem, record_kind, shown
from gateway.conversation.work.lessons import (
    answered,
    begin_text,
    chosen_lesson,
    end_text,
    feedback,
    head_text,
    lesson_lines,
    read_reply,
    step_text,
    unclear_text,
)
from gateway.tasks.entry.values import record_value
from gateway.tasks.lessons.lesson import ASKS, LessonProgress
from gateway.tasks.question import Field, Question

_LESSON = frozenset({Need.LESSON})
_LIST = frozenset({Need.LESSONS})
_CARD = frozenset({Need.CARD})


def _show_learn(context: Context, _memory: Memory) -> ViewContent:
    """Offer the lesson, or say why there is none."""
    progress = context.situation.lesson
    lines = (*choices(context, "go_on", "all_lessons", "card"), menu_line(context))
    if progress is None:
        return ViewContent(context.say(context.situation.no_lesson), lines[1:])
    return ViewContent(begin_text(context, progress), lines)


def _press_learn(context: Context, memory: Memory, key: Key) -> ShowView:
    progress = context.situation.lesson
    if key.name in (BACK, MENU):
        return ShowView("home")
    if key.name == "2":
        return ShowView("all_lessons")
    if key.name == "3":
        require(context.situation, _CARD)
        view = context.situation.card
        return ShowView("card", (CardsShown(view.mine),) if view and view.mine else ())
    if progress is None or key.name != "1":
        return wrong_key(context, "learn", memory)
    return ShowView("lesson", (LessonMoved(progress, progress.step, progress.score),))


def _show_card(context: Context, _memory: Memory) -> ViewContent:
    """Show her skill cards, to be copied onto paper, or why there is none yet."""
    return ViewContent(card(context).reply or "", (menu_line(context),))


def _press_card(context: Context, memory: Memory, key: Key) -> ShowView:
    return ShowView("home") if key.name in (BACK, MENU) else wrong_key(context, "card", memory)


def _show_all(context: Context, _memory: Memory) -> ViewContent:
    """Show all lessons. The number of one begins it."""
    return ViewContent("\n".join(lesson_lines(context)), (menu_line(context),))


def _press_all(context: Context, memory: Memory, key: Key) -> ShowView:
    if key.name in (BACK, MENU):
        return ShowView("home")
    progress = chosen_lesson(context, key.name)
    if progress is None:
        return wrong_key(context, "all_lessons", memory)
    return ShowView("lesson", (LessonMoved(progress, progress.step, progress.score),))


def _show_lesson(context: Context, memory: Memory) -> ViewContent:
    progress = context.situation.lesson
    if progress is None:
        return ViewContent(context.say(context.situation.no_lesson), (menu_line(context),))
    kept = {"step": str(progress.step)}
    if progress.item.part not in ASKS:
        lines = (*choices(context, "go_on"), menu_line(context))
        return ViewContent(step_text(context, progress), lines, kept)
    question = progress.lesson.question(progress.step)
    if question.fields:
        return _show_field(context, progress, memory)
    hint = context.kind(question).SCREEN_HINT
    parts = (
        head_text(context, progress),
        question.instructions,
        question.text,
        context.say(hint) if hint else "",
    )
    lines = (*option_lines(question, context.language), menu_line(context))
    return ViewContent("\n".join(filter(None, parts)), lines, kept)


def _press_lesson(context: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    progress = context.situation.lesson
    if key.name == MENU:
        return ShowView("home")
    if progress is None or str(progress.step) != memory.get("step"):
        return ShowView("learn")
    if progress.item.part not in ASKS:
        if key.name != "1":
            return wrong_key(context, "lesson", memory)
        return ShowView("lesson", (LessonMoved(progress, progress.step + 1, progress.score),))
    return _press_answer(context, progress, memory, key)


def _show_field(context: Context, progress: LessonProgress, memory: Memory) -> ViewContent:
    """Return the screen of one field of a record. What was typed is kept with the session."""
    question, typed = progress.lesson.question(progress.step), _typed(memory)
    body, options = field_screen(context, question, _next_field(question, typed))
    text = f"{head_text(context, progress)} {body}"
    kept = {"step": str(progress.step), "typed": json.dumps(typed)}
    return ViewContent(text, (*options, menu_line(context)), kept)


def _next_field(question: Question, typed: Mapping[str, str]) -> Field:
    return next(one for one in question.fields if one.name not in typed)


def _typed(memory: Memory) -> dict[str, str]:
    """Return the fields of a lesson's record that were typed on the screens before."""
    found: dict[str, str] = json.loads(memory.get("typed", "{}"))
    return found


def _press_field(
    context: Context, progress: LessonProgress, memory: Memory, key: Key
) -> ShowView | EndSession:
    question, typed = progress.lesson.question(progress.step), _typed(memory)
    field = _next_field(question, typed)
    found = record_kind(context, question).read_field(key.said, field, context.language)
    if found.value is None:
        told = problem(context, question, field, found)
        return ShowView("lesson", notice=told, memory=dict(memory))
    typed[field.name] = found.value
    if len(typed) < len(question.fields):
        notice = shown(context, question, field, found.value)
        return ShowView("lesson", notice=notice, memory={"typed": json.dumps(typed)})
    value = record_value(typed, question.fields)
    return _after_answer(context, progress, answered(context, progress, value, key.said))


def _press_answer(
    context: Context, progress: LessonProgress, memory: Memory, key: Key
) -> ShowView | EndSession:
    if progress.lesson.fields:
        return _press_field(context, progress, memory, key)
    reading = read_reply(context, progress, key.said)
    if reading.value is None and progress.lesson.options:
        return wrong_key(context, "lesson", memory)
    if reading.value is None:
        told = unclear_text(context, progress, reading)
        return ShowView("lesson", notice=told, memory=dict(memory))
    return _after_answer(context, progress, answered(context, progress, reading.value, key.said))


def _after_answer(
    context: Context, progress: LessonProgress, moved: LessonMoved
) -> ShowView | EndSession:
    told = feedback(context, progress, moved)
    if moved.state == "open":
        return ShowView("lesson", (moved,), told)
    return ShowView("home", (moved,), f"{told} {end_text(context, moved)}")


VIEWS = {
    "learn": View(_show_learn, _press_learn, shows=_LESSON, takes=_LESSON),
    "card": View(_show_card, _press_card, shows=_CARD),
    "all_lessons": View(_show_all, _press_all, shows=_LIST, takes=_LIST | _LESSON),
    "lesson": View(_show_lesson, _press_lesson, shows=_LESSON, takes=_LESSON),
}
