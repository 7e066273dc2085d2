"""The views of a worker in a lesson: its first screen, and one screen per step."""

from gateway.conversation.context import Context
from gateway.conversation.facts import LessonMoved
from gateway.conversation.situation import Need
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
    wrong_key,
)
from gateway.conversation.work.asking import option_lines
from gateway.conversation.work.lessons import (
    answered,
    begin_text,
    end_text,
    feedback,
    head_text,
    read_reply,
    step_text,
)
from gateway.tasks.lessons.lesson import ASKS, LessonProgress

_LESSON = frozenset({Need.LESSON})


def _show_learn(context: Context, _memory: Memory) -> ViewContent:
    """Offer the lesson, or say why there is none."""
    progress = context.situation.lesson
    if progress is None:
        return ViewContent(context.say(context.situation.no_lesson), (menu_line(context),))
    lines = (*choices(context, "go_on"), menu_line(context))
    return ViewContent(begin_text(context, progress), lines)


def _press_learn(context: Context, memory: Memory, key: Key) -> ShowView:
    progress = context.situation.lesson
    if key.name in (BACK, MENU):
        return ShowView("home")
    if progress is None or key.name != "1":
        return wrong_key(context, "learn", memory)
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


def _press_answer(
    context: Context, progress: LessonProgress, memory: Memory, key: Key
) -> ShowView | EndSession:
    reading = read_reply(context, progress, key.said)
    if reading.value is None:
        return wrong_key(context, "lesson", memory)
    moved = answered(context, progress, reading.value, key.said)
    told = feedback(context, progress, moved)
    if moved.state == "open":
        return ShowView("lesson", (moved,), told)
    return ShowView("home", (moved,), f"{told} {end_text(context, moved)}")


VIEWS = {
    "learn": View(_show_learn, _press_learn, shows=_LESSON, takes=_LESSON),
    "lesson": View(_show_lesson, _press_lesson, shows=_LESSON, takes=_LESSON),
}
