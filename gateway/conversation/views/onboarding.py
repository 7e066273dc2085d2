"""The views of senders who are not at work: strangers, coordinators, and other workers.

These workers are invited, stopped or removed.
"""

from gateway.conversation.context import Context, blank_name, money, question_to_show
from gateway.conversation.facts import Agreed, Joined, Restarted, Stopped
from gateway.conversation.parsed_sms import code_known
from gateway.conversation.people import coordinators
from gateway.conversation.situation import Need
from gateway.conversation.views.view import (
    BACK,
    EndSession,
    Key,
    Memory,
    ShowView,
    View,
    ViewContent,
    choices,
    start_view,
    wrong_key,
    yes_or_no,
)
from gateway.conversation.views.work import to_work

_KEYS_MAX = 9  # A language is chosen with one key.


def _offered(context: Context) -> list[str]:
    codes = context.situation.languages or sorted(context.books)
    return [code for code in codes if code in context.books][:_KEYS_MAX]


def language_choices(context: Context) -> tuple[str, ...]:
    """Return the languages of the country, in their own words.

    Any other language can be chosen with LANG.
    """
    return tuple(
        f"{n} {context.books[code].say('language.name')}"
        for n, code in enumerate(_offered(context), start=1)
    )


def language_chosen(context: Context, key: Key) -> str | None:
    codes = _offered(context)
    index = int(key.name) if key.name.isdecimal() and len(key.name) == 1 else 0
    return codes[index - 1] if 1 <= index <= len(codes) else None


def _show_stranger(context: Context, _memory: Memory) -> ViewContent:
    return ViewContent(context.say("menu.stranger"), choices(context, "join"))


def _show_coordinator(context: Context, _memory: Memory) -> ViewContent:
    assert context.situation.coordinator is not None
    counts = coordinators.status(context, context.situation.coordinator)
    return ViewContent(
        f"{counts}\n{context.say('menu.coordinator')}", choices(context, "join_worker")
    )


def _press_stranger(context: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    if key.name == "1":
        return _closing(context) or ShowView("join_language")
    return wrong_key(context, start_view(context.situation), memory)


def _show_language(context: Context, _memory: Memory) -> ViewContent:
    return ViewContent(context.say("menu.join_language"), language_choices(context))


def _press_language(context: Context, memory: Memory, key: Key) -> ShowView:
    chosen = language_chosen(context, key)
    if chosen is None:
        return wrong_key(context, "join_language", memory)
    return ShowView("join_code", memory={"language": chosen})


def _show_code(context: Context, memory: Memory) -> ViewContent:
    return ViewContent(
        context.say("menu.join_code"), (f"{BACK} {context.say('key.no_code')}",), dict(memory)
    )


def _press_code(context: Context, memory: Memory, key: Key) -> ShowView:
    if key.name == BACK:
        return ShowView("join_consent", memory={"language": context.language})
    code = code_known(key.said, context.situation.partner_codes)
    if code is None:
        return ShowView("join_code", notice=context.say("menu.unknown_code"), memory=dict(memory))
    return ShowView("join_consent", memory={"language": context.language, "code": code})


def _show_consent(context: Context, memory: Memory) -> ViewContent:
    return ViewContent(context.say("menu.consent"), choices(context, "yes", "no"), dict(memory))


def _press_consent(context: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    match yes_or_no(context, key):
        case True if ended := _closing(context):
            return ended
        case True:
            fact = Joined(memory.get("code"), context.language, agreed=True)
            return ShowView("home", (fact,), memory={"language": context.language})
        case False:
            return EndSession(context.say("menu.declined"))
        case None:
            return wrong_key(context, "join_consent", memory)


def _show_invited(context: Context, _memory: Memory) -> ViewContent:
    return ViewContent(context.say("menu.consent"), choices(context, "yes", "no"))


def _press_invited(context: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    match yes_or_no(context, key):
        case True if ended := _closing(context):
            return ended
        case True:
            assert context.situation.worker is not None
            name = blank_name(context.situation.worker.name)
            welcome = context.say("menu.welcome", name=name)
            if question_to_show(context.situation) is None:
                return ShowView("about", (Agreed(),), welcome)
            return to_work(context, (Agreed(),), welcome)
        case False:
            return EndSession(context.say("menu.declined"), (Stopped(),))
        case None:
            return wrong_key(context, "invited", memory)


def _show_stopped(context: Context, _memory: Memory) -> ViewContent:
    assert context.situation.worker is not None
    body = context.say("menu.stopped", amount=money(context.situation.worker))
    return ViewContent(body, choices(context, "start", "cash", "balance", "new_here"))


def _press_stopped(context: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    assert context.situation.worker is not None
    match key.name:
        case "1" if ended := _closing(context):
            return ended
        case "1":
            back = context.say("start.back", name=blank_name(context.situation.worker.name))
            return ShowView("home", (Restarted(),), back)
        case "2":
            return ShowView("cash")
        case "3":
            return ShowView("balance")
        case "4":
            return ShowView("not_me")
        case _:
            return wrong_key(context, "stopped", memory)


def _show_removed(context: Context, _memory: Memory) -> ViewContent:
    assert context.situation.worker is not None
    body = context.say("menu.removed", amount=money(context.situation.worker))
    return ViewContent(body, choices(context, "join", "cash", "new_here"))


def _press_removed(context: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    match key.name:
        case "1" if ended := _closing(context):
            return ended
        case "1":
            return ShowView("join_language")
        case "2":
            return ShowView("cash")
        case "3":
            return ShowView("not_me")
        case _:
            return wrong_key(context, "removed", memory)


def _closing(context: Context) -> EndSession | None:
    """Return the last screen of a sender who would join a gateway that winds down."""
    return EndSession(context.say("closing.no_join")) if context.situation.winding_down else None


_CLOSING = frozenset({Need.CLOSING})
VIEWS = {
    "stranger": View(_show_stranger, _press_stranger, takes=_CLOSING),
    "coordinator": View(_show_coordinator, _press_stranger, takes=_CLOSING),
    "join_language": View(_show_language, _press_language),
    "join_code": View(_show_code, _press_code, takes=frozenset({Need.CODES})),
    "join_consent": View(_show_consent, _press_consent, takes=_CLOSING),
    "invited": View(_show_invited, _press_invited, takes=_CLOSING),
    "stopped": View(_show_stopped, _press_stopped, takes=_CLOSING),
    "removed": View(_show_removed, _press_removed, takes=_CLOSING),
}
