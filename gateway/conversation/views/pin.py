"""The views of a worker's PIN: choosing it, changing it, and asking for it before money is sent.

The typed PIN is never in the memory, never shown and never kept. `Situation.pin` only says whether
it was right.
"""

from collections.abc import Callable

from gateway.base.money import amount_text
from gateway.conversation.context import Context
from gateway.conversation.facts import PayAsked, PinChosen, PinRight, PinWrong
from gateway.conversation.money import cash_out
from gateway.conversation.situation import Need
from gateway.conversation.views.view import (
    BACK,
    MENU,
    Key,
    Memory,
    ShowView,
    View,
    ViewContent,
    menu_line,
    start_view,
)

SECRET = frozenset({"pin_old", "pin_new", "pin_again", "pin_pay", "move_pin"})
"""The views whose next key is a PIN. Every store of typed keys must leave it out."""


_PIN = frozenset({Need.PIN})


def _show(key: str, takes: frozenset[Need] = _PIN) -> View:
    def show(context: Context, memory: Memory) -> ViewContent:
        return ViewContent(context.say(key), (menu_line(context),), dict(memory))

    return View(show, _PRESS[key], takes=takes)


def asks_for_pin(phrase: str, view: str, then: Callable[[Context, Memory], ShowView]) -> View:
    """Return a view that asks for the PIN and goes on with `then` where it is right."""

    def show(context: Context, memory: Memory) -> ViewContent:
        return ViewContent(context.say(phrase), (menu_line(context),), dict(memory))

    def press(context: Context, memory: Memory, key: Key) -> ShowView:
        if key.name in (BACK, MENU):
            return ShowView(start_view(context.situation))
        return then(context, memory) if _right(context) else _wrong(context, view, memory)

    return View(show, press, takes=_PIN)


def _press_old(context: Context, memory: Memory, key: Key) -> ShowView:
    if key.name in (BACK, MENU):
        return ShowView(start_view(context.situation))
    return (
        ShowView("pin_new", (PinRight(),))
        if _right(context)
        else _wrong(context, "pin_old", memory)
    )


def _press_new(context: Context, memory: Memory, key: Key) -> ShowView:
    if key.name in (BACK, MENU):
        return ShowView(start_view(context.situation))
    pin = context.situation.pin
    if pin is None or not pin.typed_hash:
        return ShowView("pin_new", notice=context.say("pin.weak"))
    return ShowView("pin_again", memory={"hash": pin.typed_hash})


def _press_again(context: Context, memory: Memory, key: Key) -> ShowView:
    if key.name in (BACK, MENU):
        return ShowView(start_view(context.situation))
    if not _right(context):
        return ShowView("pin_new", notice=context.say("pin.differs"))
    chosen = PinChosen(memory["hash"])
    return ShowView(start_view(context.situation), (chosen,), context.say("pin.set"))


def _press_pay(context: Context, memory: Memory, key: Key) -> ShowView:
    worker = context.situation.worker
    assert worker is not None
    start = start_view(context.situation)
    if key.name in (BACK, MENU):
        return ShowView(start, notice=context.say("menu.not_sent"))
    if not _right(context):
        return _wrong(context, "pin_pay", memory)
    decided = cash_out.decide_cash_out(context, worker, int(memory["amount"]))
    if not isinstance(decided, PayAsked):
        return ShowView("cash", (PinRight(),), context.say("menu.not_sent"))
    sent = amount_text(decided.amount_minor, worker.currency)
    asked = context.say("menu.cash_asked", amount=sent, ref=decided.ref)
    return ShowView(start, (PinRight(), decided), asked)


def _right(context: Context) -> bool:
    pin = context.situation.pin
    return pin is not None and not pin.locked and pin.typed_right


def _wrong(context: Context, view: str, memory: Memory) -> ShowView:
    """Show the same screen again after a wrong PIN. The third wrong one locks it."""
    pin = context.situation.pin
    left = pin.tries_left - 1 if pin else 0
    if left <= 0:
        return ShowView(start_view(context.situation), (PinWrong(),), context.say("pin.locked"))
    return ShowView(view, (PinWrong(),), context.say("pin.wrong", left=left), dict(memory))


_PRESS = {
    "pin.old": _press_old,
    "pin.new": _press_new,
    "pin.again": _press_again,
    "pin.pay": _press_pay,
}
VIEWS = {
    "pin_old": _show("pin.old"),
    "pin_new": _show("pin.new"),
    "pin_again": _show("pin.again"),
    "pin_pay": _show("pin.pay", _PIN | {Need.CASH}),
}
