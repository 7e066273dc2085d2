"""The views of senders who are not at work: strangers, coordinators, and other workers.

These workers are invited, stopped or removed.
"""

from gateway.conversation.context import Context, blank_name, money
from gateway.conversation.facts import Agreed, Joined, Restarted, Stopped
from gateway.conversation.parsed_sms import code_known
from gateway.conversation.people import coordinators
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


def _offered(talk: Context) -> list[str]:
    codes = talk.situation.languages or sorted(talk.books)
    return [code for code in codes if code in talk.books][:_KEYS_MAX]


def language_choices(talk: Context) -> tuple[str, ...]:
    """Return the languages of the country, in their own words.

    Any other language can be chosen with LANG.
    """
    return tuple(
        f"{n} {talk.books[code].say('language.name')}"
        for n, code in enumerate(_offered(talk), start=1)
    )


def language_chosen(talk: Context, key: Key) -> str | None:
    codes = _offered(talk)
    index = int(key.name) if key.name.isdecimal() and len(key.name) == 1 else 0
    return codes[index - 1] if 1 <= index <= len(codes) else None


def _show_stranger(talk: Context, _memory: Memory) -> ViewContent:
    return ViewContent(talk.say("menu.stranger"), choices(talk, "join"))


def _show_coordinator(talk: Context, _memory: Memory) -> ViewContent:
    assert talk.situation.coordinator is not None
    counts = coordinators.status(talk, talk.situation.coordinator)
    return ViewContent(f"{counts}\n{talk.say('menu.coordinator')}", choices(talk, "join_worker"))


def _press_stranger(talk: Context, memory: Memory, key: Key) -> ShowView:
    if key.name == "1":
        return ShowView("join_language")
    return wrong_key(talk, start_view(talk.situation), memory)


def _show_language(talk: Context, _memory: Memory) -> ViewContent:
    return ViewContent(talk.say("menu.join_language"), language_choices(talk))


def _press_language(talk: Context, memory: Memory, key: Key) -> ShowView:
    chosen = language_chosen(talk, key)
    if chosen is None:
        return wrong_key(talk, "join_language", memory)
    return ShowView("join_code", memory={"language": chosen})


def _show_code(talk: Context, memory: Memory) -> ViewContent:
    return ViewContent(
        talk.say("menu.join_code"), (f"{BACK} {talk.say('key.no_code')}",), dict(memory)
    )


def _press_code(talk: Context, memory: Memory, key: Key) -> ShowView:
    if key.name == BACK:
        return ShowView("join_consent", memory={"language": talk.language})
    code = code_known(key.said, talk.situation.partner_codes)
    if code is None:
        return ShowView("join_code", notice=talk.say("menu.unknown_code"), memory=dict(memory))
    return ShowView("join_consent", memory={"language": talk.language, "code": code})


def _show_consent(talk: Context, memory: Memory) -> ViewContent:
    return ViewContent(talk.say("menu.consent"), choices(talk, "yes", "no"), dict(memory))


def _press_consent(talk: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    match yes_or_no(talk, key):
        case True:
            fact = Joined(memory.get("code"), talk.language, agreed=True)
            return ShowView("home", (fact,), memory={"language": talk.language})
        case False:
            return EndSession(talk.say("menu.declined"))
        case None:
            return wrong_key(talk, "join_consent", memory)


def _show_invited(talk: Context, _memory: Memory) -> ViewContent:
    return ViewContent(talk.say("menu.consent"), choices(talk, "yes", "no"))


def _press_invited(talk: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    match yes_or_no(talk, key):
        case True:
            assert talk.situation.worker is not None
            name = blank_name(talk.situation.worker.name)
            return to_work(talk, (Agreed(),), talk.say("menu.welcome", name=name))
        case False:
            return EndSession(talk.say("menu.declined"), (Stopped(),))
        case None:
            return wrong_key(talk, "invited", memory)


def _show_stopped(talk: Context, _memory: Memory) -> ViewContent:
    assert talk.situation.worker is not None
    body = talk.say("menu.stopped", amount=money(talk.situation.worker))
    return ViewContent(body, choices(talk, "start", "cash", "balance", "new_here"))


def _press_stopped(talk: Context, memory: Memory, key: Key) -> ShowView:
    assert talk.situation.worker is not None
    match key.name:
        case "1":
            back = talk.say("start.back", name=blank_name(talk.situation.worker.name))
            return ShowView("home", (Restarted(),), back)
        case "2":
            return ShowView("cash")
        case "3":
            return ShowView("balance")
        case "4":
            return ShowView("not_me")
        case _:
            return wrong_key(talk, "stopped", memory)


def _show_removed(talk: Context, _memory: Memory) -> ViewContent:
    assert talk.situation.worker is not None
    body = talk.say("menu.removed", amount=money(talk.situation.worker))
    return ViewContent(body, choices(talk, "join", "cash", "new_here"))


def _press_removed(talk: Context, memory: Memory, key: Key) -> ShowView:
    match key.name:
        case "1":
            return ShowView("join_language")
        case "2":
            return ShowView("cash")
        case "3":
            return ShowView("not_me")
        case _:
            return wrong_key(talk, "removed", memory)


VIEWS = {
    "stranger": View(_show_stranger, _press_stranger),
    "coordinator": View(_show_coordinator, _press_stranger),
    "join_language": View(_show_language, _press_language),
    "join_code": View(_show_code, _press_code),
    "join_consent": View(_show_consent, _press_consent),
    "invited": View(_show_invited, _press_invited),
    "stopped": View(_show_stopped, _press_stopped),
    "removed": View(_show_removed, _press_removed),
}
