"""SKILL: one honest sentence about how she does, from the only thing that is known for sure: gold."""

from gateway.conversation.facts import Turn
from gateway.conversation.talk import Talk

ENOUGH_GOLD = (
    5  # fewer say nothing about anybody; the same number that begins to judge her (gateway.qa.gold)
)


def skill(talk: Talk) -> Turn:
    """SKILL by SMS."""
    return Turn((), skill_text(talk))


def skill_text(talk: Talk) -> str:
    """How many of her answers to gold were right; that she is paused, where she is; or that it is too early to say."""
    at = talk.situation.skill
    if at is None or (at.seen < ENOUGH_GOLD and at.until is None):
        return talk.book.plural("skill.early", at.answers if at else 0)
    if at.until:
        return talk.say("skill.paused", right=at.right, seen=at.seen, date=at.until)
    return talk.say("skill.known", right=at.right, seen=at.seen)
