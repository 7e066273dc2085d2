"""The processing of one SMS from a phone: one transaction, one reply.

A repeated SMS (the provider repeats it until it gets its 200) finds its row and changes nothing.
When the data that was read has changed before the turn could be written, the turn is read and
decided again. An SMS that cannot be processed is kept in the inbox as it came, where an operator
can see and replay it.
"""

from dataclasses import replace
from datetime import timedelta

import structlog
from pydantic import SecretStr

from gateway.base import logs
from gateway.base.errors import Conflict, Refused
from gateway.base.failpoints import reach
from gateway.base.forms import ProviderTime
from gateway.base.ids import AccountId, WorkerId
from gateway.base.msisdn import mask, normalise
from gateway.conversation.context import Context
from gateway.conversation.ease import after_reply
from gateway.conversation.facts import (
    AboutTold,
    AboutWithdrawn,
    Answered,
    LessonMoved,
    PayAsked,
    Turn,
)
from gateway.conversation.needs import sms_needs
from gateway.conversation.parsed_sms import parse_text
from gateway.conversation.people.sms_pins import kept_sms, pin_of_move, without_pin
from gateway.conversation.turn import interpret_parsed
from gateway.sms.port import InboundSms
from gateway.steps.messages.compose import message, promise_of, reply_cause
from gateway.steps.payouts.fair_pay.refunds import PaidSms, refund_part
from gateway.steps.people import coordinators
from gateway.steps.retry import settle_down
from gateway.steps.runtime import Channel, Runtime
from gateway.steps.turns import too_early
from gateway.steps.turns.alert_coordinator import alert_writes
from gateway.steps.turns.arrival import copies
from gateway.steps.turns.arrival.sms_identity import Identity, identity
from gateway.steps.turns.facts import batch_of, enqueue_for, log_fields_of, writes_of
from gateway.steps.turns.inbound import Inbound, TurnSource
from gateway.steps.turns.load import load
from gateway.steps.turns.loop_guard import DelayedReply, Unanswered, cause_of, without_end
from gateway.steps.turns.understand import Understood, read_turn_row, understand, worker_of
from gateway.store.db import Repeated, Write
from gateway.store.people import worker_writes
from gateway.store.people.coordinators import coordinator_view
from gateway.store.turns import inbox, turns
from gateway.store.turns.situation import TurnRow

log = structlog.get_logger()

_TRIES = 8
_PUT_OFF = timedelta(seconds=1)
# An SMS has at most 1,530 septets in ten parts. A longer text does not come from a phone and is
# kept only as sealed evidence.
_SAID_CHARACTERS_MAX = 2000


async def process_sms(
    rt: Runtime, channel: Channel, sms: InboundSms, raw: bytes, kept_as: str | None = None
) -> bool:
    """Process one SMS completely, as `_hear` does; its log lines carry the event's id.

    `kept_as` is the event's id under which it was stored when it came.
    """
    me = identity(rt, sms, kept_as)
    with logs.bound(event_id=me.event_id, channel=channel.name):
        new = await _hear(rt, channel, sms, raw, me)
        log.info("sms heard", repeated=not new)
        return new


async def _hear(rt: Runtime, channel: Channel, sms: InboundSms, raw: bytes, me: Identity) -> bool:
    """Process one SMS completely; return False where it was processed before.

    Afterwards the SMS is done, kept as failed, or (when too many turns collide) put off a little.
    Raises only when the database is away, or for a programming fault.
    """
    try:
        msisdn = normalise(sms.sender, rt.settings.region)
    except Refused as refused:
        # A short code or a brand name sent this text. It gets no reply and is kept for the
        # operator.
        await inbox.keep_failed(
            rt.db, rt.vault, channel.name, "sms", me.event_id, raw, str(refused), "unclear"
        )
        return True
    kept = kept_sms(raw, sms.text, rt.settings.region, rt.books)
    event = turns.InboundEvent(
        channel.name,
        "sms",
        me.event_id,
        rt.vault.index(msisdn),
        rt.vault.seal_body(kept),
        twin=me.twin,
        same_id=me.same_id,
        former=me.former,
    )
    if me.undated and not await copies.keep_undated(rt, event, me.undated, raw):
        return False
    said = sms.text[:_SAID_CHARACTERS_MAX].replace("\0", "")
    for attempt in range(_TRIES):
        if attempt:
            await settle_down(attempt)
        try:
            async with rt.db.turn:
                row = await read_turn_row(rt, channel, event)
                if row.known_state == "done":
                    await copies.keep_known(rt, event, row)
                    return False
                reach("hear.read")
                heard = TurnSource(msisdn, said, "sms", channel.name)
                await _take(rt, channel, event, row, heard, sms.stamp)
        except (Conflict, Repeated):
            continue
        except Unanswered as why:
            await inbox.keep_failed(
                rt.db,
                rt.vault,
                channel.name,
                "sms",
                me.event_id,
                kept,
                str(why),
                "unclear",
            )
            return True
        rt.jobs.enqueue("deliver", channel.name)
        return True
    log.warning("sms put off", channel=channel.name, sender=mask(msisdn), why="too many conflicts")
    until = rt.clock.now() + _PUT_OFF
    await inbox.put_off(rt.db, rt.vault, channel.name, me.event_id, raw, until)
    return True


async def _take(
    rt: Runtime,
    channel: Channel,
    event: turns.InboundEvent,
    row: TurnRow,
    heard: TurnSource,
    stamp: ProviderTime | None,
) -> None:
    if row.coordinator_id:
        words, pin = without_pin(heard.said)
        heard = replace(heard, said=words, pin=SecretStr(pin) if pin else None)
    if row.worker_id and heard.pin is None:
        pin = pin_of_move(heard.said, rt.settings.region, rt.books)
        heard = replace(heard, pin=SecretStr(pin)) if pin else heard
    inbound, understood = await _understand(rt, channel, event, row, heard)
    assert inbound.parsed is not None
    said = interpret_parsed(understood.situation, inbound.parsed, rt.books, rt.kind_of)
    said, early = await too_early.early_turn(rt, channel, stamp, row, understood, said)
    if early or said.facts or said.reply is None:
        reply = DelayedReply(said, cause=early)
    else:
        reply = await without_end(rt, event.index, understood, said, said.reply)
    await _write(inbound, understood, reply)


async def _write(inbound: Inbound, understood: Understood, reply: DelayedReply) -> None:
    """Write the turn in one commit."""
    rt, event, row, heard = inbound.rt, inbound.event, inbound.row, inbound.heard
    said = reply.turn
    worker = worker_of(row, understood)
    parts: list[Write] = [*reply.check, turns.book_event(event, worker, said.reply)]
    if worker is not None:
        parts.insert(0, turns.still_hers(worker, event.index))
    if said.reply:
        if row.payout_ref:  # A waiting message about the payout comes before this reply.
            parts.append(turns.let_go(promise_of(row.payout_ref)))
        parts += _reply(inbound, worker, understood, reply)
    if said.unclear and worker is not None:
        name = understood.situation.worker.name if understood.situation.worker else ""
        parts += await alert_writes(rt, worker, name, heard.msisdn, heard.said)
    parts += _ease_part(row, understood, said)
    parts += await _lesson_refund(inbound, understood, said)
    # Rows that other workers' turns may wait for (a task with many answers) come last, so that they
    # are locked only briefly.
    parts += await writes_of(rt, row, understood, said.facts, heard)
    reach("hear.decided")
    written = await rt.db.write(parts)
    if said.reply:
        # The sender's log lines carry the message's id, by which the reply is followed to its
        # provider.
        log.info("reply written", message=written.get("put_message"))
    reach("hear.written")
    enqueue_for(rt, said.facts)


_REFUNDED = (LessonMoved, AboutTold, AboutWithdrawn)


async def _lesson_refund(inbound: Inbound, understood: Understood, said: Turn) -> list[Write]:
    """Give a worker back what her SMS cost her in a lesson, or with her statement about herself.

    In a lesson that holds for an SMS that was not understood, too.
    """
    lesson = understood.situation.lesson
    in_lesson = lesson is not None and lesson.by_sms and said.unclear
    if not (in_lesson or any(isinstance(fact, _REFUNDED) for fact in said.facts)):
        return []
    row, heard = inbound.row, inbound.heard
    sms = PaidSms(
        heard.channel,
        inbound.event.event_id,
        row.worker,
        AccountId(row.account_id),
        row.currency,
        heard.msisdn,
        inbound.rt.clock.now(),
    )
    part = await refund_part(inbound.rt, sms)
    return [part] if part else []


def _ease_part(row: TurnRow, understood: Understood, said: Turn) -> list[Write]:
    """Count a worker's reply to a question as understood or not; see `conversation.ease`."""
    worker = understood.situation.worker
    understood_now = any(isinstance(fact, Answered) for fact in said.facts)
    if worker is None or not (understood_now or (said.unclear and understood.situation.held)):
        return []
    after = after_reply(worker.ease, understood=understood_now)
    return [worker_writes.set_ease(worker.id, after)] if after != worker.ease else []


def _reply(
    inbound: Inbound, worker: WorkerId | None, understood: Understood, reply: DelayedReply
) -> list[Write]:
    """Put the one reply into the outbox.

    A reply that promises money waits a little for the provider, whose answer may replace it. A
    reply to a text that is repeatedly not understood waits too, and replaces the one before.
    """
    rt, channel, event, heard = inbound.rt, inbound.channel, inbound.event, inbound.heard
    said = reply.turn
    assert said.reply is not None
    batch = batch_of(understood, said.facts)
    paying = next((fact for fact in said.facts if isinstance(fact, PayAsked)), None)
    promise = promise_of(paying.ref) if paying else None
    if told_of := log_fields_of(understood, said.facts):
        log.info("reply decided", **told_of)
    cause = promise or reply.cause
    if said.unclear or said.asks_back:
        cause = cause or cause_of(said, channel.name, event.event_id)
    cause = cause or (f"again:{channel.name}:{event.event_id}" if reply.wait else None)
    cause = cause or reply_cause(channel.name, event.event_id)
    told = message(rt, channel.name, worker, heard.msisdn, said.reply, "reply", cause, batch)
    parts = [turns.put_message(told)]
    asked_by = understood.situation.worker
    # only such a worker can have a reply that was held back
    if asked_by is None or asked_by.ease == 0:
        parts.insert(0, turns.drop_held_back(event.index))
    if reply.wait:
        parts.append(turns.hold_message(cause, rt.clock.now() + reply.wait))
    if promise and rt.settings.pay_reply_wait_s:
        until = rt.clock.now() + timedelta(seconds=rt.settings.pay_reply_wait_s)
        parts.append(turns.hold_message(promise, until))
    return parts


async def _understand(
    rt: Runtime, channel: Channel, event: turns.InboundEvent, row: TurnRow, heard: TurnSource
) -> tuple[Inbound, Understood]:
    """Return the parsed SMS, and the situation with the extra look-ups that its words require."""
    coordinator = None
    if row.coordinator_id:
        view = await coordinator_view(rt.db, row.coordinator_id)
        coordinator = await coordinators.with_limits(rt, view, heard.pin)
    found = await understand(rt, channel, row, coordinator=coordinator, msisdn=heard.msisdn)
    own = Context(found.situation, rt.books, rt.kind_of).book
    parsed = parse_text(heard.said, own, rt.books)
    inbound = Inbound(rt, channel, event, row, heard, parsed)
    needs = sms_needs(parsed, found.situation, own)
    return inbound, await load(inbound, found, needs) if needs else found
