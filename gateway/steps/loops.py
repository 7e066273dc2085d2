"""Two machines that answer each other ("I am away...") would never end: who is not understood again and again gets no
further reply for a while. She is told so once, and what comes then is kept for people (`gateway inbox list`).

Only an SMS without any effect can go unanswered: an answer, a wish to be paid, a STOP never do.
"""

from dataclasses import replace

from gateway.conversation.facts import Turn
from gateway.conversation.talk import Talk
from gateway.errors import Refused
from gateway.runtime import Runtime
from gateway.steps.understand import Understood
from gateway.store import outbox

UNCLEAR_MAX = 5
"""Replies an hour to what we do not understand."""
SAME_MAX = 10
"""The same reply in an hour, to words we do understand: HELP, BAL, ..."""
_PREFIX = "unclear:"


class Unanswered(Refused):
    """This SMS gets no reply."""


def cause_of(said: Turn, channel: str, event_id: str) -> str | None:
    """What marks a reply as one to something not understood."""
    return f"{_PREFIX}{channel}:{event_id}" if said.unclear else None


async def without_end(rt: Runtime, index: bytes, understood: Understood, said: Turn) -> Turn:
    """`said`, or the last reply for this hour. Raises Unanswered when that one has gone too."""
    if said.facts or said.reply is None:
        return said
    if not said.unclear:
        if await outbox.replies_like(rt.db, index, said.reply) >= SAME_MAX:
            raise Unanswered(f"asked for the same more than {SAME_MAX} times in an hour: no reply")
        return said
    before = await outbox.replies_caused(rt.db, index, _PREFIX)
    if before >= UNCLEAR_MAX:
        raise Unanswered(f"not understood more than {UNCLEAR_MAX} times in an hour: no reply")
    if before < UNCLEAR_MAX - 1:
        return said
    talk = Talk(understood.situation, rt.books, rt.kind_of)
    return replace(said, reply=talk.say("unclear.enough"))
