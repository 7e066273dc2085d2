"""The views of a worker's money: the balance, and cashing out."""

from gateway.base.money import amount_text
from gateway.conversation.context import Context
from gateway.conversation.facts import PayAsked
from gateway.conversation.money import cash_out
from gateway.conversation.money.why import explain_payment
from gateway.conversation.situation import Need, WorkerView
from gateway.conversation.views.moving import move_view
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
    yes_or_no,
)
from gateway.conversation.work.skill import skill_text

_BALANCE = ("cash", "last_payment", "pin", "skill", "move", "week")
_CASH, _PIN = frozenset({Need.CASH}), frozenset({Need.PIN})


def _show_balance(context: Context, _memory: Memory) -> ViewContent:
    assert context.situation.worker is not None
    body = cash_out.balance(context, context.situation.worker, by_sms=False)
    return ViewContent(body, (*choices(context, *_BALANCE), menu_line(context)))


def _press_balance(context: Context, memory: Memory, key: Key) -> ShowView:
    if key.name in (BACK, MENU):
        return ShowView(start_view(context.situation))
    match chosen(_BALANCE, key):
        case None:
            return wrong_key(context, "balance", memory)
        case "pin":
            return pin_view(context)
        case "move":
            return move_view(context)
        case "last_payment":
            return ShowView("payment")
        case view:
            return ShowView(view)


def pin_view(context: Context) -> ShowView:
    """Go to the first screen of choosing or changing the PIN."""
    pin = context.situation.pin
    if pin and pin.locked:
        return ShowView(start_view(context.situation), notice=context.say("pin.locked"))
    return ShowView("pin_old" if pin and pin.known else "pin_new")


def _show_payment(context: Context, _memory: Memory) -> ViewContent:
    assert context.situation.worker is not None
    return ViewContent(
        explain_payment(context, context.situation.worker, None), (menu_line(context),)
    )


def _press_payment(context: Context, memory: Memory, key: Key) -> ShowView:
    if key.name in (BACK, MENU):
        return ShowView(start_view(context.situation))
    return wrong_key(context, "payment", memory)


def _show_skill(context: Context, _memory: Memory) -> ViewContent:
    return ViewContent(skill_text(context), (menu_line(context),))


def _press_skill(context: Context, memory: Memory, key: Key) -> ShowView:
    if key.name in (BACK, MENU):
        return ShowView(start_view(context.situation))
    return wrong_key(context, "skill", memory)


def _show_cash(context: Context, _memory: Memory) -> ViewContent:
    """Ask before anything is paid, and remember the amount that was on the screen."""
    worker = context.situation.worker
    assert worker is not None
    decided = cash_out.decide_cash_out(context, worker, None)
    if isinstance(decided, cash_out.CashOutRefusal) and decided.instead:
        # The amount that is left over for the smaller fee can be taken next.
        decided = decided.instead
    if isinstance(decided, PayAsked):
        body = context.say("menu.cash", amount=amount_text(decided.amount_minor, worker.currency))
        less = cash_out.withheld(context.book, decided, worker.currency)
        body = f"{body} {less}".rstrip()
        return ViewContent(
            body, choices(context, "yes", "no"), {"amount": str(decided.taken_minor)}
        )
    key = "menu.nothing_yet" if decided.key == "pay.nothing" else decided.key
    return ViewContent(context.say(key, **decided.values), (menu_line(context),))


def _press_cash(context: Context, memory: Memory, key: Key) -> ShowView:
    worker = context.situation.worker
    assert worker is not None
    start = start_view(context.situation)
    if key.name in (BACK, MENU):
        return ShowView(start)
    amount = memory.get("amount", "")
    if not amount.isdecimal():
        return wrong_key(context, "cash", memory)
    match yes_or_no(context, key):
        case True:
            decided = cash_out.decide_cash_out(context, worker, int(amount))
            if not isinstance(decided, PayAsked):
                return ShowView("cash", notice=context.say("menu.not_sent"))
            return _sends(context, worker, decided)
        case False:
            return ShowView(start, notice=context.say("menu.not_sent"))
        case None:
            return wrong_key(context, "cash", memory)


def _sends(context: Context, worker: WorkerView, decided: PayAsked) -> ShowView:
    """Pay at once, or after the worker's PIN where she has one."""
    start, pin = start_view(context.situation), context.situation.pin
    if pin and pin.locked:
        return ShowView(start, notice=context.say("pin.locked"))
    if pin and pin.known:
        return ShowView("pin_pay", memory={"amount": str(decided.taken_minor)})
    sent = amount_text(decided.amount_minor, worker.currency)
    asked = context.say("menu.cash_asked", amount=sent, ref=decided.ref)
    return ShowView(start, (decided,), asked)


VIEWS = {
    "balance": View(_show_balance, _press_balance, shows=_CASH | {Need.REFUNDED}, takes=_PIN),
    "cash": View(_show_cash, _press_cash, shows=_CASH, takes=_CASH | _PIN),
    "payment": View(_show_payment, _press_payment, shows=frozenset({Need.PAYMENT})),
    "skill": View(_show_skill, _press_skill, shows=frozenset({Need.SKILL})),
}
