"""The reading of one USSD key: what it does, and the next screen.

The view on which a worker stands comes back with her next key, but it may be stale. The worker may
have stopped by SMS, been removed, or lost the question meanwhile. So each state allows its own
views only. From any other view the worker is taken to where she stands now, and the key does
nothing.
"""

from gateway.conversation.context import Context, KindOf, Phrasebooks
from gateway.conversation.facts import MenuTurn, MoveDeclined, NumberStopped, Screen, Stopped
from gateway.conversation.parsed_sms import says_stop
from gateway.conversation.situation import Situation
from gateway.conversation.views import (
    about,
    arrival,
    lessons,
    money,
    moving,
    onboarding,
    pin,
    settings,
    week,
    work,
)
from gateway.conversation.views.view import (
    EndSession,
    Key,
    Memory,
    ShowView,
    View,
    require,
    start_view,
)
from gateway.phrases.hearing import clean, fold

VIEWS: dict[str, View] = {
    **onboarding.VIEWS,
    **work.VIEWS,
    **money.VIEWS,
    **week.VIEWS,
    **settings.VIEWS,
    **about.VIEWS,
    **pin.VIEWS,
    **moving.VIEWS,
    **lessons.VIEWS,
    **arrival.VIEWS,
}
ENDED = "end"

_JOINING = frozenset({"join_language", "join_code", "join_consent"})
_MOVING = frozenset({"move_pin", "move_number"})
_ALLOWED = {
    "number_new": frozenset({"number_new"}),
    "number_old": frozenset({"number_old"}),
    "stranger": _JOINING | {"stranger"},
    "coordinator": _JOINING | {"coordinator"},
    "invited": frozenset({"invited"}),
    "home": frozenset(
        {
            *work.VIEWS,
            *money.VIEWS,
            *week.VIEWS,
            *settings.VIEWS,
            *arrival.VIEWS,
            *about.VIEWS,
            *pin.VIEWS,
            *lessons.VIEWS,
            *_MOVING,
            "not_me",
        }
    ),
    "stopped": frozenset({"stopped", *money.VIEWS, *week.VIEWS, *pin.VIEWS, *_MOVING, "not_me"}),
    "removed": _JOINING | {"removed", "cash", "pin_pay", "not_me"},
}
# Multi-tap typists and small screens make these of the keys 1, 0 and 00.
_LOOKALIKES = {"l": "1", "i": "1", "o": "0", "oo": "00"}


def menu(
    situation: Situation,
    view: str,
    memory: Memory,
    said: str | None,
    books: Phrasebooks,
    kind_of: KindOf,
) -> MenuTurn:
    """Return the facts and the next screen of one key.

    `said` is None when the worker has just dialled. Raises Lacking when a view needs data that was
    not looked up yet.
    """
    context = _in_chosen_language(Context(situation, books, kind_of), memory)
    start = start_view(situation)
    if start == "stranger" and situation.foreign:
        return _ended(EndSession(context.say("join.other_country")))
    if said is None:
        asks = start == "home" and situation.arrival is not None
        return _shown(context, ShowView("arrival" if asks else start))
    # STOP may be the very answer there, so the view asks back.
    typing = view == "question" and _asks_for_text(context)
    if not typing and says_stop(said, context.book, books):
        return _stopped(context)
    if view not in _ALLOWED[start]:
        return _shown(context, ShowView(start))
    folded = fold(said)
    key = Key(_LOOKALIKES.get(folded, folded), clean(said))
    require(situation, VIEWS[view].takes)
    outcome = VIEWS[view].press(context, memory, key)
    return _ended(outcome) if isinstance(outcome, EndSession) else _shown(context, outcome)


def _shown(context: Context, go: ShowView) -> MenuTurn:
    """Return the screen of the next view, as it is after the facts are written."""
    after = _in_chosen_language(context.after(go.facts), go.memory)
    require(context.situation, VIEWS[go.view].shows)
    shown = VIEWS[go.view].show(after, go.memory)
    return MenuTurn(
        go.facts,
        Screen(go.notice, shown.body, shown.choices, choices_first=go.wrong),
        go.view,
        {**shown.memory},
    )


def _asks_for_text(context: Context) -> bool:
    held = context.situation.held
    return held is not None and context.kind(held.question).TAKES_WORDS


def _ended(end: EndSession) -> MenuTurn:
    return MenuTurn(end.facts, Screen("", end.text, (), end=True), ENDED)


def _stopped(context: Context) -> MenuTurn:
    """Answer STOP typed on any screen."""
    change = context.situation.moving
    if change and change.is_new:
        return _ended(
            EndSession(context.say("menu.goodbye"), (MoveDeclined(change.id, stop=True),))
        )
    if change and change.is_done and context.situation.worker is None:
        return _ended(EndSession(context.say("menu.goodbye"), (NumberStopped(),)))
    if context.situation.worker is None:
        return _ended(EndSession(context.say("menu.goodbye")))
    return _ended(EndSession(context.say("menu.stop_done"), (Stopped(),)))


def _in_chosen_language(context: Context, memory: Memory) -> Context:
    """Return the context in the language of the memory for a stranger, which has no row yet."""
    chosen = memory.get("language", "")
    worker = context.situation.worker
    joining = worker is None or worker.state == "removed"
    return context.in_language(chosen) if joining and chosen in context.books else context
