"""The views of a change of number.

They ask for the worker's PIN and the new number, for the new number's YES, and for the old number's
objection afterwards.
"""

from gateway.conversation.context import Context
from gateway.conversation.facts import (
    MoveDeclined,
    MoveObjected,
    NumberDoubted,
    NumberReleased,
    PinRight,
)
from gateway.conversation.people import number_change
from gateway.conversation.views.pin import asks_for_pin
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
    start_view,
    wrong_key,
    yes_or_no,
)


def move_view(talk: Context) -> ShowView:
    """Go to the first screen of changing the number.

    It is the PIN, where there is one that is not locked.
    """
    pin = talk.situation.pin
    if pin is None or not pin.known:
        return ShowView("balance", notice=talk.say("move.no_pin_menu"))
    if pin.locked:
        return ShowView(start_view(talk.situation), notice=talk.say("pin.locked"))
    return ShowView("move_pin")


def _show_number(talk: Context, _memory: Memory) -> ViewContent:
    return ViewContent(talk.say("menu.move_number"), (menu_line(talk),))


def _press_number(talk: Context, _memory: Memory, key: Key) -> ShowView:
    worker = talk.situation.worker
    assert worker is not None
    if key.name in (BACK, MENU):
        return ShowView(start_view(talk.situation))
    facts, notice = number_change.take_typed_number(talk, worker)
    if not facts:
        return ShowView("move_number", notice=notice)
    return ShowView(start_view(talk.situation), facts, notice)


def _show_new(talk: Context, _memory: Memory) -> ViewContent:
    change = talk.situation.moving
    assert change is not None
    talk = number_change.in_her_language(talk, change)
    return ViewContent(talk.say("menu.move_here"), choices(talk, "yes", "no"))


def _press_new(talk: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    change = talk.situation.moving
    assert change is not None
    talk = number_change.in_her_language(talk, change)
    match yes_or_no(talk, key):
        case True:
            no = number_change.cannot(talk, change)
            if no:
                return EndSession(no)
            return EndSession(
                talk.say("move.done", day=change.until),
                (number_change.agree_to_move(talk, change),),
            )
        case False:
            return EndSession(talk.say("move.declined"), (MoveDeclined(change.id),))
        case None:
            return wrong_key(talk, "number_new", memory)


def _show_old(talk: Context, _memory: Memory) -> ViewContent:
    change = talk.situation.moving
    assert change is not None
    talk = number_change.in_her_language(talk, change)
    if change.objected:
        return ViewContent(talk.say("menu.move_looked"), (menu_line(talk),))
    return ViewContent(talk.say("menu.move_away"), choices(talk, "not_me"))


def _press_old(talk: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    change = talk.situation.moving
    assert change is not None
    talk = number_change.in_her_language(talk, change)
    if key.name == "1" and change.may_object and not change.objected:
        return EndSession(talk.say("move.objected"), (MoveObjected(change.id),))
    if key.name in (BACK, MENU):
        return ShowView("number_old")
    return wrong_key(talk, "number_old", memory)


def _show_not_me(talk: Context, _memory: Memory) -> ViewContent:
    return ViewContent(talk.say("menu.not_me"), choices(talk, "yes", "no"))


def _press_not_me(talk: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    match yes_or_no(talk, key):
        case True if number_change.may_disown(talk):
            done = talk.say("not_me.done")
            return EndSession(done, (NumberDoubted(), NumberReleased(done)))
        case True | False:
            return ShowView(start_view(talk.situation))
        case None:
            return wrong_key(talk, "not_me", memory)


VIEWS = {
    "not_me": View(_show_not_me, _press_not_me),
    "move_pin": asks_for_pin(
        "pin.move", "move_pin", lambda _talk, _memory: ShowView("move_number", (PinRight(),))
    ),
    "move_number": View(_show_number, _press_number),
    "number_new": View(_show_new, _press_new),
    "number_old": View(_show_old, _press_old),
}
