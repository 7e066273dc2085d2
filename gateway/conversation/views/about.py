"""The views of a worker's optional statement about herself. Every screen can be left empty."""

from gateway.conversation.context import Context
from gateway.conversation.facts import AboutTold, AboutWithdrawn
from gateway.conversation.people.about import birth_year, shown
from gateway.conversation.views.view import (
    BACK,
    MENU,
    Key,
    Memory,
    ShowView,
    View,
    ViewContent,
    choices,
    wrong_key,
)

_GENDERS = {"1": "woman", "2": "man", "3": "other", "4": ""}


def _show_gender(context: Context, _memory: Memory) -> ViewContent:
    keys = ("woman", "man", "other", "rather_not", "forget_me")
    return ViewContent(context.say("menu.about"), choices(context, *keys))


def _press_gender(context: Context, memory: Memory, key: Key) -> ShowView:
    if key.name in (BACK, MENU):
        return ShowView("home")
    if key.name == "5":
        return ShowView("home", (AboutWithdrawn(),), context.say("about.deleted"))
    if key.name not in _GENDERS:
        return wrong_key(context, "about", memory)
    return ShowView("about_year", memory={"gender": _GENDERS[key.name]})


def _show_year(context: Context, memory: Memory) -> ViewContent:
    lines = (f"{BACK} {context.say('key.rather_not')}",)
    return ViewContent(context.say("menu.about_year"), lines, dict(memory))


def _press_year(context: Context, memory: Memory, key: Key) -> ShowView:
    if key.name == MENU:
        return ShowView("home")
    year = birth_year(key.name)
    if year is None and key.name != BACK:
        return wrong_key(context, "about_year", memory)
    return ShowView("about_refugee", memory={**memory, "year": str(year or "")})


def _show_refugee(context: Context, memory: Memory) -> ViewContent:
    keys = ("yes", "no", "rather_not")
    return ViewContent(context.say("menu.about_refugee"), choices(context, *keys), dict(memory))


def _press_refugee(context: Context, memory: Memory, key: Key) -> ShowView:
    if key.name in (BACK, MENU):
        return ShowView("home")
    if key.name not in ("1", "2", "3"):
        return wrong_key(context, "about_refugee", memory)
    year = memory.get("year", "")
    told = AboutTold(
        memory.get("gender") or None,
        int(year) if year else None,
        {"1": True, "2": False}.get(key.name),
    )
    if told == AboutTold():
        return ShowView("home")
    return ShowView("home", (told,), context.say("about.kept", statement=shown(told)))


VIEWS = {
    "about": View(_show_gender, _press_gender),
    "about_year": View(_show_year, _press_year),
    "about_refugee": View(_show_refugee, _press_refugee),
}
