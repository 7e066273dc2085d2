"""The first screen for a worker who is asked whether her payout arrived."""

from gateway.conversation.context import Context
from gateway.conversation.money.arrival import said, thanks
from gateway.conversation.situation import ArrivalView
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
    wrong_key,
    yes_or_no,
)


def _show(context: Context, memory: Memory) -> ViewContent:
    """Ask, and remember the payout: later keys do not bring it again."""
    asked = context.situation.arrival or _remembered(memory)
    assert asked is not None
    body = context.say("arrival.screen", amount=asked.amount, ref=asked.ref)
    kept = {"payout": asked.payout, "ref": asked.ref, "amount": asked.amount}
    return ViewContent(body, (*choices(context, "yes", "no"), menu_line(context)), kept)


def _remembered(memory: Memory) -> ArrivalView | None:
    if "payout" not in memory:
        return None
    return ArrivalView(memory["payout"], memory["ref"], memory["amount"])


def _press(context: Context, memory: Memory, key: Key) -> ShowView:
    asked = _remembered(memory)
    if asked is None or key.name in (BACK, MENU):
        return ShowView("home")
    arrived = yes_or_no(context, key)
    if arrived is None:
        return wrong_key(context, "arrival", memory)
    notice = thanks(context, asked, arrived=arrived)
    return ShowView("home", (said(asked, arrived=arrived),), notice)


VIEWS = {"arrival": View(_show, _press)}
