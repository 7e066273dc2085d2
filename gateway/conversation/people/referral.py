"""The command REFER: the code with which a worker brings others."""

from gateway.conversation.context import Context
from gateway.conversation.facts import ReferralCodeGiven, Turn


def refer(context: Context) -> Turn:
    """Answer REFER with the worker's code and the reward, or say that there is no reward now."""
    found = context.situation.referral
    if found is None or not found.reward:
        return Turn((), context.say("refer.none"))
    facts = (ReferralCodeGiven(found.code),) if found.is_new else ()
    told = context.say(
        "refer.code",
        code=found.code,
        shortcode=context.situation.shortcode,
        amount=found.reward,
        number=str(found.answers),
    )
    return Turn(facts, told)
