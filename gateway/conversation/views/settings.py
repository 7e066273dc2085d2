"""The views beside the work: language, help, and stopping."""

from gateway.conversation.context import Context
from gateway.conversation.facts import LanguageChosen, Stopped
from gateway.conversation.views.onboarding import language_choices, language_chosen
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
    yes_or_no,
)
from gateway.conversation.views.work import typed_after_all


def _show_language(context: Context, _memory: Memory) -> ViewContent:
    return ViewContent(
        context.say("menu.join_language"), (*language_choices(context), menu_line(context))
    )


def _press_language(context: Context, memory: Memory, key: Key) -> ShowView:
    if key.name in (BACK, MENU):
        return ShowView("home")
    chosen = language_chosen(context, key)
    if chosen is None:
        return wrong_key(context, "language", memory)
    return ShowView("home", (LanguageChosen(chosen),))


def _show_help(context: Context, _memory: Memory) -> ViewContent:
    lines = (*choices(context, "learn", "about"), menu_line(context))
    return ViewContent(context.say("menu.help"), lines)


def _press_help(context: Context, memory: Memory, key: Key) -> ShowView:
    if key.name == "1":
        return ShowView("learn")
    if key.name == "2":
        return ShowView("about")
    return ShowView("home") if key.name in (BACK, MENU) else wrong_key(context, "help", memory)


def _show_stop(context: Context, memory: Memory) -> ViewContent:
    """Ask before stopping.

    Where words were asked for, the word may have been the answer.
    """
    keys = ("yes", "no", "my_answer" if "said" in memory else "new_here")
    return ViewContent(context.say("menu.stop"), choices(context, *keys), dict(memory))


def _press_stop(context: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    if key.name in (BACK, MENU):
        return ShowView("home")
    if key.name == "3" and "said" in memory:
        return typed_after_all(context, memory)
    if key.name == "3":
        return ShowView("not_me")
    match yes_or_no(context, key):
        case True:
            return EndSession(context.say("menu.stop_done"), (Stopped(),))
        case False:
            return ShowView("home")
        case None:
            return wrong_key(context, "stop", memory)


VIEWS = {
    "language": View(_show_language, _press_language),
    "help": View(_show_help, _press_help),
    "stop": View(_show_stop, _press_stop),
}
