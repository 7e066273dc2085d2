"""The limit on replies to a sender that is never understood.

Two machines that answer each other ("I am away...") would never end, but a worker must never get
silence. A worker with an open question always gets a reply. Beyond the limits it only comes later
and later, so that a machine gets a few replies per hour. A number without an open question gets one
last reply, and then none for a while; its further SMS are kept for the operator (`gateway inbox
list`).

Only an SMS without any effect is held back: an answer, a request for payment and a STOP never are.
Replies to an invitation, commands and texts after STOP do not count as unclear, and an understood
text resets the count.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from gateway.base.errors import Unclear
from gateway.conversation.context import Context, open_question
from gateway.conversation.facts import Turn
from gateway.conversation.work.answering import simplest
from gateway.steps.runtime import Runtime
from gateway.steps.turns.understand import Understood
from gateway.store.db import Write
from gateway.store.messages import outbox
from gateway.store.turns import turns

UNCLEAR_MAX = 5
"""The replies in a row, within an hour, to texts that are not understood."""
SAME_MAX = 10
"""The number of equal replies per hour to understood words: HELP, BAL, ..."""
AT_ONCE = timedelta()
_WAIT_FIRST, _WAIT_MAX = timedelta(minutes=1), timedelta(minutes=15)
PREFIX, ASKED_BACK = "unclear:", "asked:"


class Unanswered(Unclear):
    """A signal that this SMS gets no reply."""


def cause_of(said: Turn, channel: str, event_id: str) -> str | None:
    """Return the mark of a reply to a text that was not understood, or that asks what was meant."""
    if said.unclear:
        return f"{PREFIX}{channel}:{event_id}"
    return f"{ASKED_BACK}{channel}:{event_id}" if said.asks_back else None


@dataclass(frozen=True, slots=True)
class DelayedReply:
    """The outcome of one SMS.

    `wait` is the time before its reply is sent. `check` counts the replies again in the commit
    itself, because each SMS of a burst reads the same count before any is written. `cause` marks
    the reply as the same message as another one.
    """

    turn: Turn
    wait: timedelta = AT_ONCE
    check: tuple[Write, ...] = ()
    cause: str | None = None


async def without_end(
    rt: Runtime, index: bytes, understood: Understood, said: Turn, reply: str
) -> DelayedReply:
    """Return the reply to send of a turn without facts.

    Raises `Unanswered` when there is to be none.
    """
    return await _limited(rt, index, understood, await _asked_once(rt, index, said), reply)


async def _asked_once(rt: Runtime, index: bytes, said: Turn) -> Turn:
    """Return the turn, changed to "not understood" if it asks back for the second time in a row.

    The first time may also be a reply to a text that was not understood.
    """
    before = said.asks_back and await outbox.last_reply_is(rt.db, index, (PREFIX, ASKED_BACK))
    return replace(said, unclear=True) if before else said


async def _limited(
    rt: Runtime, index: bytes, understood: Understood, said: Turn, reply: str
) -> DelayedReply:
    """Return the reply of a turn without effect, later and later beyond the limits."""
    asked = open_question(understood.situation) is not None
    if not said.unclear:
        beyond = await outbox.replies_like(rt.db, index, reply) - SAME_MAX
        if beyond < 0:
            return DelayedReply(said, AT_ONCE, _fewer(index, said, SAME_MAX))
        if asked:
            return DelayedReply(said, _wait(beyond), _fewer(index, said, SAME_MAX + beyond + 1))
        raise Unanswered(f"asked for the same more than {SAME_MAX} times in an hour: no reply")
    beyond = await outbox.unclear_in_a_row(rt.db, index, PREFIX) - UNCLEAR_MAX
    if beyond < -1:
        return DelayedReply(said, AT_ONCE, _fewer(index, said, UNCLEAR_MAX - 1))
    context = Context(understood.situation, rt.books, rt.kind_of)
    check = _fewer(index, said, UNCLEAR_MAX + beyond + 1)
    if asked:
        again = replace(said, reply=simplest(context))
        return DelayedReply(again, _wait(beyond) if beyond >= 0 else AT_ONCE, check)
    if beyond >= 0:
        raise Unanswered(f"not understood more than {UNCLEAR_MAX} times in a row: no reply")
    return DelayedReply(replace(said, reply=context.say("unclear.enough")), AT_ONCE, check)


def _fewer(index: bytes, said: Turn, most: int) -> tuple[Write, ...]:
    """Return the check that there are still fewer than `most` such replies."""
    return (turns.limit_replies(index, said.reply or "", PREFIX if said.unclear else None, most),)


def _wait(beyond: int) -> timedelta:
    return min(_WAIT_FIRST * 2 ** min(beyond, 10), _WAIT_MAX)
