"""The command SKILL: one honest sentence about how well a worker answers.

It rests on the only thing that is known for sure, which is gold.
"""

from gateway.conversation.context import Context
from gateway.conversation.facts import Turn

# Fewer say nothing about a worker. The same number begins to judge her (gateway.qa.skills.gold).
ENOUGH_GOLD = 5


def skill(context: Context) -> Turn:
    """Answer SKILL by SMS."""
    return Turn((), skill_text(context))


def skill_text(context: Context) -> str:
    """Return how many of the worker's answers to gold were right.

    It also says that she is paused, where she is, or that it is too early to say.
    """
    at = context.situation.skill
    if at is None or (at.seen < ENOUGH_GOLD and at.until is None):
        return context.book.plural("skill.early", at.answers if at else 0)
    if at.until:
        return context.say("skill.paused", right=at.right, seen=at.seen, date=at.until)
    return context.say("skill.known", right=at.right, seen=at.seen)
