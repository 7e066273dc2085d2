"""The rule that an answer counts for nothing if it was sent before its question could have arrived.

Three facts show it: the question was not handed over to a provider yet; the SMS was stored here
before it was; or the provider's time of the SMS is older. Only the last one can be wrong, where
clocks differ. Then the worker is told once per question, and her next text is her answer.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from gateway.base.forms import ProviderTime
from gateway.conversation.context import Context
from gateway.conversation.facts import Answered, PayAsked, Turn
from gateway.conversation.turn import answer_pay
from gateway.conversation.work.answering import work
from gateway.sms.port import ReadsOutbox
from gateway.steps.runtime import Channel, Runtime
from gateway.steps.turns.understand import Understood
from gateway.store.messages import outbox
from gateway.store.turns.situation import TurnRow

_CLOCKS_APART = timedelta(seconds=2)
# A text that comes so soon after the notice cannot be a reaction to it.
_READ_WITHIN = timedelta(seconds=10)


class EarlyReason(StrEnum):
    """The evidence that an SMS is older than the question."""

    SURELY = "surely"
    BY_THE_PROVIDERS_CLOCK = "by the provider's clock"


async def early_turn(
    rt: Runtime,
    channel: Channel,
    stamp: ProviderTime | None,
    row: TurnRow,
    understood: Understood,
    said: Turn,
) -> tuple[Turn, str | None]:
    """Return the turn of an SMS that is older than its question, and the cause of its reply.

    Return `said` itself where the SMS is not older.
    """
    sent_at = _sent_at(rt, channel.name, stamp) if stamp and stamp.exact else None
    if not _answers_the_last(said, understood):
        return said, None
    early = _early(channel, sent_at, row)
    cause = f"early:{row.held_assignment}"
    if early is None or (early is not EarlyReason.SURELY and await _was_told(rt, cause)):
        return said, None
    return _instead(rt, understood, said), cause


def _answers_the_last(said: Turn, understood: Understood) -> bool:
    """Return True if every answer is one to the questions of the worker's last message."""
    situation = understood.situation
    last = {i.held.assignment for i in situation.pack if i.last}
    if situation.held:
        last.add(situation.held.assignment)
    answers = [fact.assignment for fact in said.facts if isinstance(fact, Answered)]
    return bool(answers) and last.issuperset(answers)


def _early(channel: Channel, sent_at: datetime | None, row: TurnRow) -> EarlyReason | None:
    if isinstance(channel.sms, ReadsOutbox):
        return None
    since: datetime | None = row.asked_since
    if row.asked_unsent or (since and row.came_at and row.came_at < since):
        return EarlyReason.SURELY
    if since is None or sent_at is None:
        return None
    return EarlyReason.BY_THE_PROVIDERS_CLOCK if sent_at + _CLOCKS_APART < since else None


def _sent_at(rt: Runtime, channel: str, stamp: ProviderTime) -> datetime:
    """Return the time at which the provider received the SMS, by the gateway's clock."""
    rt.clocks.note(channel, rt.clock.now() - stamp.at, zoned=stamp.zoned)
    return stamp.at + rt.clocks.behind(channel, zoned=stamp.zoned)


async def _was_told(rt: Runtime, cause: str) -> bool:
    """Return True if the worker had time to read that an earlier SMS was too early."""
    sent_at = await outbox.sent_at(rt.db, cause)
    return sent_at is not None and rt.clock.now() - sent_at > _READ_WITHIN


def _instead(rt: Runtime, understood: Understood, said: Turn) -> Turn:
    """Return the turn that asks the question again, because its answer was sent too early.

    The reply says so where that text fits. Where the SMS asked to be paid too, the turn also does
    that. A reply with both that does not fit holds the payment only.
    """
    context = Context(understood.situation, rt.books, rt.kind_of)
    carries = understood.situation.capacity.carries
    again = work(context, context.say("answer.early"))
    if again.reply is None or not carries(again.reply):
        again = work(context)
    if not any(isinstance(fact, PayAsked) for fact in said.facts):
        return again
    paid = answer_pay(understood.situation, rt.books, rt.kind_of)
    both = f"{paid.reply}\n{again.reply}"
    return Turn((*paid.facts, *again.facts), both) if carries(both) else paid
