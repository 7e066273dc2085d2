"""Calls to providers side by side, and the meaning of a call without an answer.

Such a message was sent, was not sent, or may have been sent.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from gateway.base.msisdn import mask
from gateway.base.net.outbound import LostCall, attempted
from gateway.sms.port import OutboundSms, SendStatus, Sent

CALLS_AT_ONCE = 100
# A call that found no free slot is not begun. With the time-out above this limits a whole `send` to
# 45 s. The lease on its messages is longer, so it cannot expire while a message may still be sent.
BEGIN_WITHIN_S = 10

Answer = TypeVar("Answer")
_NUMBER = re.compile(r"\+?\d{7,}")


def without_numbers(said: str) -> str:
    """Return a provider's words with every phone number masked, since they are stored and shown.

    >>> without_numbers("no route to +254712345678")
    'no route to +2547..78'
    """
    return _NUMBER.sub(lambda found: mask(found[0]), said)


@dataclass(frozen=True, slots=True)
class LostSend:
    """A call without an answer."""

    outcome: SendStatus
    """RETRY where the call certainly never reached the provider, else UNKNOWN."""
    reason: str
    """The error, for the operator."""


async def side_by_side(
    calls: Sequence[Callable[[], Awaitable[Answer]]],
) -> list[Answer | LostSend]:
    """Make all calls, a bounded number at a time, and return one answer per call, in order."""
    gate = asyncio.Semaphore(CALLS_AT_ONCE)
    begin_by = asyncio.get_running_loop().time() + BEGIN_WITHIN_S

    async def one(call: Callable[[], Awaitable[Answer]]) -> Answer | LostSend:
        async with gate:
            if asyncio.get_running_loop().time() > begin_by:
                return LostSend(SendStatus.RETRY, "not begun: the provider is slow")
            answer = await attempted(call)
        if not isinstance(answer, LostCall):
            return answer
        outcome = SendStatus.UNKNOWN if answer.maybe_taken else SendStatus.RETRY
        return LostSend(outcome, answer.reason)

    return await asyncio.gather(*(one(call) for call in calls))


async def each_alone(
    messages: Sequence[OutboundSms], send: Callable[[OutboundSms], Awaitable[Sent]]
) -> list[Sent]:
    """Send each message in its own call, side by side.

    Return one `Sent` per message, in order, whatever the network does.
    """
    answers = await side_by_side([partial(send, message) for message in messages])
    return [
        Sent(message.key, answer.outcome, reason=answer.reason)
        if isinstance(answer, LostSend)
        else answer
        for message, answer in zip(messages, answers, strict=True)
    ]
