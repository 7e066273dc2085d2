"""The views of a worker's PIN: choosing it, changing it, and asking for it before money is sent.

The typed PIN is never in the memory, never shown and never kept. `Situation.pin` only says whether
it was right.
"""

from collections.abc import Callable

from gateway.base.money import amount_text
from gateway.conversation.context import Context
from gateway.conversation.facts import PayAsked, PinChosen, PinRight, PinWrong
from gateway.conversation.money import cash_out
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


def _show(key: str) -> View:
    def show(talk: Context, memory: Memory) -> ViewContent:
        return ViewContent(talk.say(key), (menu_line(talk),), dict(memory))

    return View(show, _PRESS[key])


def asks_for_pin(phrase: str, view: str, then: Callable[[Context, Memory], ShowView]) -> View:
    """Return a view that asks for the PIN and goes on with `then` where it is right."""

    def show(talk: Context, memory: Memory) -> ViewContent:
        return ViewContent(talk.say(phrase), (menu_line(talk),), dict(memory))

    def press(talk: Context, memory: Memory, key: Key) -> ShowView:
        if key.name in (BACK, MENU):
            return ShowView(start_view(talk.situation))
        return then(talk, memory) if _right(talk) else _wrong(talk, view, memory)

    return View(show, press)


def _press_old(talk: Context, memory: Memory, key: Key) -> ShowView:
    if key.name in (BACK, MENU):
        return ShowView(start_view(talk.situation))
    return ShowView("pin_new", (PinRight(),)) if _right(talk) else _wrong(talk, "pin_old", memory)


def _press_new(talk: Context, memory: Memory, key: Key) -> ShowView:
    if key.name in (BACK, MENU):
        return ShowView(start_view(talk.situation))
    pin = talk.situation.pin
    if pin is None or not pin.typed_hash:
        return ShowView("pin_new", notice=talk.say("pin.weak"))
    return ShowView("pin_again", memory={"hash": pin.typed_hash})


def _press_again(talk: Context, memory: Memory, key: Key) -> ShowView:
    if key.name in (BACK, MENU):
        return ShowView(start_view(talk.situation))
    if not _right(talk):
        return ShowView("pin_new", notice=talk.say("pin.differs"))
    chosen = PinChosen(memory["hash"])
    return ShowView(start_view(talk.situation), (chosen,), talk.say("pin.set"))


def _press_pay(talk: Context, memory: Memory, key: Key) -> ShowView:
    worker = talk.situation.worker
    assert worker is not None
    start = start_view(talk.situation)
    if key.name in (BACK, MENU):
        return ShowView(start, notice=talk.say("menu.not_sent"))
    if not _right(talk):
        return _wrong(talk, "pin_pay", memory)
    decided = cash_out.decide_cash_out(talk, worker, int(memory["amount"]))
    if not isinstance(decided, PayAsked):
        return ShowView("cash", (PinRight(),), talk.say("menu.not_sent"))
    sent = amount_text(decided.amount_minor, worker.currency)
    asked = talk.say("menu.cash_asked", amount=sent, ref=decided.ref)
    return ShowView(start, (PinRight(), decided), asked)


def _right(talk: Context) -> bool:
    pin = talk.situation.pin
    return pin is not None and not pin.locked and pin.typed_right


def _wrong(talk: Context, view: str, memory: Memory) -> ShowView:
    """Show the same screen again after a wrong PIN. The third wrong one locks it."""
    pin = talk.situation.pin
    left = pin.tries_left - 1 if pin else 0
    if left <= 0:
        return ShowView(start_view(talk.situation), (PinWrong(),), talk.say("pin.locked"))
    return ShowView(view, (PinWrong(),), talk.say("pin.wrong", left=left), dict(memory))


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
    "pin_pay": _show("pin.pay"),
}
