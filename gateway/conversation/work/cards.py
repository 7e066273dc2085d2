"""The command CARD: a worker's own skill card, and one that another gateway gave her."""

from gateway.conversation.context import Context
from gateway.conversation.facts import CardsShown, Turn

_SAID = {
    "taken": "card.taken",
    "unknown": "card.unknown",
    "limit": "card.limit",
    "own": "card.own",
    "old": "card.old",
    "revoked": "card.revoked",
    "known": "card.known",
}


def card(context: Context) -> Turn:
    """Answer CARD with her cards, or CARD and a code with what it is good for here."""
    view = context.situation.card
    if view is None:
        return Turn((), context.say("card.none"))
    if view.verdict:
        facts = tuple(fact for fact in (view.taken, view.tried) if fact)
        return Turn(facts, context.say(_SAID[view.verdict]))
    if not view.mine:
        return Turn((), context.say("card.none"))
    lines = "\n".join(f"{one.title}: {one.code}" for one in view.mine)
    return Turn((CardsShown(view.mine),), f"{context.say('card.mine')}\n{lines}")
