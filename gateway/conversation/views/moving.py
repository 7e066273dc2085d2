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
from gateway.conversation.situation import Need
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


def move_view(context: Context) -> ShowView:
    """Go to the first screen of changing the number.

    It is the PIN, where there is one that is not locked.
    """
    pin = context.situation.pin
    if pin is None or not pin.known:
        return ShowView("balance", notice=context.say("move.no_pin_menu"))
    if pin.locked:
        return ShowView(start_view(context.situation), notice=context.say("pin.locked"))
    return ShowView("move_pin")


def _show_number(context: Context, _memory: Memory) -> ViewContent:
    return ViewContent(context.say("menu.move_number"), (menu_line(context),))


def _press_number(context: Context, _memory: Memory, key: Key) -> ShowView:
    worker = context.situation.worker
    assert worker is not None
    if key.name in (BACK, MENU):
        return ShowView(start_view(context.situation))
    facts, notice = number_change.take_typed_number(context, worker)
    if not facts:
        return ShowView("move_number", notice=notice)
    return ShowView(start_view(context.situation), facts, notice)


def _show_new(context: Context, _memory: Memory) -> ViewContent:
    change = context.situation.moving
    assert change is not None
    context = number_change.in_her_language(context, change)
    return ViewContent(context.say("menu.move_here"), choices(context, "yes", "no"))


def _press_new(context: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    change = context.situation.moving
    assert change is not None
    context = number_change.in_her_language(context, change)
    match yes_or_no(context, key):
        case True:
            no = number_change.cannot(context, change)
            if no:
                return EndSession(no)
            return EndSession(
                context.say("move.done", day=change.until),
                (number_change.agree_to_move(context, change),),
            )
        case False:
            return EndSession(context.say("move.declined"), (MoveDeclined(change.id),))
        case None:
            return wrong_key(context, "number_new", memory)


def _show_old(context: Context, _memory: Memory) -> ViewContent:
    change = context.situation.moving
    assert change is not None
    context = number_change.in_her_language(context, change)
    if change.objected:
        return ViewContent(context.say("menu.move_looked"), (menu_line(context),))
    return ViewContent(context.say("menu.move_away"), choices(context, "not_me"))


def _press_old(context: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    change = context.situation.moving
    assert change is not None
    context = number_change.in_her_language(context, change)
    if key.name == "1" and change.may_object and not change.objected:
        return EndSession(context.say("move.objected"), (MoveObjected(change.id),))
    if key.name in (BACK, MENU):
        return ShowView("number_old")
    return wrong_key(context, "number_old", memory)


def _show_not_me(context: Context, _memory: Memory) -> ViewContent:
    return ViewContent(context.say("menu.not_me"), choices(context, "yes", "no"))


def _press_not_me(context: Context, memory: Memory, key: Key) -> ShowView | EndSession:
    match yes_or_no(context, key):
        case True if number_change.may_disown(context):
            done = context.say("not_me.done")
            return EndSession(done, (NumberDoubted(), NumberReleased(done)))
        case True | False:
            return ShowView(start_view(context.situation))
        case None:
            return wrong_key(context, "not_me", memory)


VIEWS = {
    "not_me": View(_show_not_me, _press_not_me),
    "move_pin": asks_for_pin(
        "pin.move", "move_pin", lambda _talk, _memory: ShowView("move_number", (PinRight(),))
    ),
    "move_number": View(_show_number, _press_number, takes=frozenset({Need.MOVE})),
    "number_new": View(_show_new, _press_new),
    "number_old": View(_show_old, _press_old),
}
