"""The views of a worker's money: the balance, and cashing out."""

from gateway.base.money import amount_text
from gateway.conversation.context import Context
from gateway.conversation.facts import PayAsked
from gateway.conversation.money import cash_out
from gateway.conversation.money.why import explain_payment
from gateway.conversation.situation import WorkerView
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
    menu_line,
    start_view,
    wrong_key,
    yes_or_no,
)
from gateway.conversation.work.skill import skill_text


def _show_balance(talk: Context, _memory: Memory) -> ViewContent:
    assert talk.situation.worker is not None
    body = cash_out.balance(talk, talk.situation.worker, by_sms=False)
    return ViewContent(
        body, (*choices(talk, "cash", "last_payment", "pin", "skill", "move"), menu_line(talk))
    )


def _press_balance(talk: Context, memory: Memory, key: Key) -> ShowView:
    match key.name:
        case "1" | "2" | "4":
            return ShowView({"1": "cash", "2": "payment", "4": "skill"}[key.name])
        case "3":
            return pin_view(talk)
        case "5":
            return move_view(talk)
        case _ if key.name in (BACK, MENU):
            return ShowView(start_view(talk.situation))
        case _:
            return wrong_key(talk, "balance", memory)


def pin_view(talk: Context) -> ShowView:
    """Go to the first screen of choosing or changing the PIN."""
    pin = talk.situation.pin
    if pin and pin.locked:
        return ShowView(start_view(talk.situation), notice=talk.say("pin.locked"))
    return ShowView("pin_old" if pin and pin.known else "pin_new")


def _show_payment(talk: Context, _memory: Memory) -> ViewContent:
    assert talk.situation.worker is not None
    return ViewContent(explain_payment(talk, talk.situation.worker, None), (menu_line(talk),))


def _press_payment(talk: Context, memory: Memory, key: Key) -> ShowView:
    if key.name in (BACK, MENU):
        return ShowView(start_view(talk.situation))
    return wrong_key(talk, "payment", memory)


def _show_skill(talk: Context, _memory: Memory) -> ViewContent:
    return ViewContent(skill_text(talk), (menu_line(talk),))


def _press_skill(talk: Context, memory: Memory, key: Key) -> ShowView:
    if key.name in (BACK, MENU):
        return ShowView(start_view(talk.situation))
    return wrong_key(talk, "skill", memory)


def _show_cash(talk: Context, _memory: Memory) -> ViewContent:
    """Ask before anything is paid, and remember the amount that was on the screen."""
    worker = talk.situation.worker
    assert worker is not None
    decided = cash_out.decide_cash_out(talk, worker, None)
    if isinstance(decided, cash_out.CashOutRefusal) and decided.instead:
        # The amount that is left over for the smaller fee can be taken next.
        decided = decided.instead
    if isinstance(decided, PayAsked):
        body = talk.say("menu.cash", amount=amount_text(decided.amount_minor, worker.currency))
        less = cash_out.withheld(talk.book, decided, worker.currency)
        body = f"{body} {less}".rstrip()
        return ViewContent(body, choices(talk, "yes", "no"), {"amount": str(decided.taken_minor)})
    key = "menu.nothing_yet" if decided.key == "pay.nothing" else decided.key
    return ViewContent(talk.say(key, **decided.values), (menu_line(talk),))


def _press_cash(talk: Context, memory: Memory, key: Key) -> ShowView:
    worker = talk.situation.worker
    assert worker is not None
    start = start_view(talk.situation)
    if key.name in (BACK, MENU):
        return ShowView(start)
    amount = memory.get("amount", "")
    if not amount.isdecimal():
        return wrong_key(talk, "cash", memory)
    match yes_or_no(talk, key):
        case True:
            decided = cash_out.decide_cash_out(talk, worker, int(amount))
            if not isinstance(decided, PayAsked):
                return ShowView("cash", notice=talk.say("menu.not_sent"))
            return _sends(talk, worker, decided)
        case False:
            return ShowView(start, notice=talk.say("menu.not_sent"))
        case None:
            return wrong_key(talk, "cash", memory)


def _sends(talk: Context, worker: WorkerView, decided: PayAsked) -> ShowView:
    """Pay at once, or after the worker's PIN where she has one."""
    start, pin = start_view(talk.situation), talk.situation.pin
    if pin and pin.locked:
        return ShowView(start, notice=talk.say("pin.locked"))
    if pin and pin.known:
        return ShowView("pin_pay", memory={"amount": str(decided.taken_minor)})
    sent = amount_text(decided.amount_minor, worker.currency)
    asked = talk.say("menu.cash_asked", amount=sent, ref=decided.ref)
    return ShowView(start, (decided,), asked)


VIEWS = {
    "balance": View(_show_balance, _press_balance),
    "cash": View(_show_cash, _press_cash),
    "payment": View(_show_payment, _press_payment),
    "skill": View(_show_skill, _press_skill),
}
