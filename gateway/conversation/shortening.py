"""The shortening of a reply that the channel cannot carry: no event of a worker ends in silence."""

from collections.abc import Callable

from gateway.conversation.context import Context
from gateway.conversation.facts import Asked, Turn
from gateway.conversation.situation import NoWorkReason, Situation

LATER = NoWorkReason("work.next_long")


def shortened_turn(context: Context, again: Callable[[Situation], Turn]) -> Turn:
    """Return the longest turn that the channel can carry, in place of one that it cannot.

    `again` decides the same event for a changed situation. First the next question is left out,
    until the worker texts WORK. Then the question that the worker holds is not repeated.
    """
    carries = context.situation.capacity.carries
    without = again(context.situation.changed(upcoming=None, more=(), no_work=LATER))
    if without.reply is None or carries(without.reply):
        return without
    facts = tuple(fact for fact in without.facts if not isinstance(fact, Asked))
    then = context.after(facts)
    key = "ask.too_long" if then.situation.held else "reply.too_long"
    return Turn(facts, then.say(key))
