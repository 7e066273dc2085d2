"""The views of a worker's week: her figures, and her answers that were found wrong."""

from gateway.conversation.context import Context
from gateway.conversation.explained import AnswerInQuestion
from gateway.conversation.facts import Appealed, WeeklyChosen
from gateway.conversation.money.answer_text import answer_text, looker_key
from gateway.conversation.money.week_text import week_on_request
from gateway.conversation.situation import Need
from gateway.conversation.views.view import (
    BACK,
    MENU,
    Key,
    Memory,
    ShowView,
    View,
    ViewContent,
    choices,
    chosen,
    menu_line,
    start_view,
    wrong_key,
)

_WEEK = frozenset({Need.WEEK})


def _lines(context: Context) -> tuple[str, ...]:
    """Return the choices of the week, by the names of their phrases."""
    week = context.situation.week
    return ("wrong_answers", "week_on" if week and week.off else "week_off")


def _show_week(context: Context, _memory: Memory) -> ViewContent:
    week = context.situation.week
    body = week_on_request(context, week) if week else ""
    return ViewContent(body, (*choices(context, *_lines(context)), menu_line(context)))


def _press_week(context: Context, memory: Memory, key: Key) -> ShowView:
    if key.name in (BACK, MENU):
        return ShowView(start_view(context.situation))
    match chosen(_lines(context), key):
        case None:
            return wrong_key(context, "week", memory)
        case "wrong_answers":
            return ShowView("wrong")
        case line:
            start, on = start_view(context.situation), line == "week_on"
            return ShowView(
                start, (WeeklyChosen(on=on),), context.say(f"week.{'on' if on else 'off'}")
            )


def _one(context: Context, memory: Memory) -> tuple[int, AnswerInQuestion | None]:
    """Return the answer on the screen and its place among those that were found wrong."""
    found = context.situation.week.wrong if context.situation.week else ()
    said = memory.get("at", "0")
    at = int(said) if said.isdecimal() else 0
    return at, found[at] if at < len(found) else None


def _wrong_lines(context: Context, at: int, one: AnswerInQuestion) -> tuple[str, ...]:
    found = context.situation.week.wrong if context.situation.week else ()
    appeal = ("appeal",) if one.appeal == "may" else ()
    return (*appeal, *(("next_one",) if at + 1 < len(found) else ()))


def _show_wrong(context: Context, memory: Memory) -> ViewContent:
    at, one = _one(context, memory)
    worker = context.situation.worker
    if one is None or worker is None:
        return ViewContent(context.say("menu.none_wrong"), (menu_line(context),))
    lines = choices(context, *_wrong_lines(context, at, one))
    # The reference stands for the answer, in case that another one is the newest by the next key.
    return ViewContent(
        answer_text(context, worker, one),
        (*lines, menu_line(context)),
        {"at": str(at), "ref": one.ref},
    )


def _press_wrong(context: Context, memory: Memory, key: Key) -> ShowView:
    if key.name in (BACK, MENU):
        return ShowView(start_view(context.situation))
    at, one = _one(context, memory)
    if one is None:
        return wrong_key(context, "wrong", memory)
    if one.ref != memory.get("ref"):
        return ShowView("wrong", notice=context.say("notice.changed"))
    match chosen(_wrong_lines(context, at, one), key):
        case "appeal":
            fact = Appealed(one.ref, one.answer_id, one.handler)
            who = context.say(looker_key(one.looker))
            told = context.say("appeal.taken", ref=one.ref, who=who, day=one.day)
            return ShowView(start_view(context.situation), (fact,), told)
        case "next_one":
            return ShowView("wrong", memory={"at": str(at + 1)})
        case _:
            return wrong_key(context, "wrong", memory)


VIEWS = {
    "week": View(_show_week, _press_week, shows=_WEEK, takes=_WEEK),
    "wrong": View(_show_wrong, _press_wrong, shows=_WEEK, takes=_WEEK),
}
