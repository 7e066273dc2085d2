"""The job that pushes questions to workers by SMS: idle, willing, and with work there for them.

A worker who answers gets her next question in the reply itself. This step is for the first
question, and for workers who ran out of work and have some again.
"""

from datetime import timedelta

import structlog

from gateway.base.errors import Conflict, OtherKey
from gateway.base.ids import WorkerId
from gateway.conversation.context import Context
from gateway.conversation.facts import Asked
from gateway.conversation.notices import work_waiting_notice
from gateway.conversation.work.answering import work
from gateway.steps.messages import contact_hours
from gateway.steps.messages.compose import message
from gateway.steps.messages.notify import addressee, notice_write
from gateway.steps.runtime import Runtime
from gateway.steps.turns.facts import asked_part
from gateway.steps.turns.understand import read_turn_row, understand
from gateway.store.turns import idle_workers, turns

log = structlog.get_logger()

# A worker who dials is told once in a while that there is work: not while she is dialling, and not
# twice per half-day.
_QUIET, _NOTICE_EVERY = timedelta(minutes=10), timedelta(hours=12)


async def assign(rt: Runtime) -> int:
    """Ask idle SMS workers their next question and return the number of workers asked.

    No worker is asked while phones have to wait.
    """
    if await rt.pressure.phones_wait():
        return 0
    asked, channels = 0, set[str]()
    now, limit = rt.clock.now(), rt.settings.push_limit
    for row in await idle_workers.by_sms(rt.db, limit, contact_hours.contact_rules(rt), now):
        try:
            if await _ask(rt, row.id, row.msisdn_sealed, row.msisdn_index, row.sms_channel):
                asked += 1
                channels.add(row.sms_channel)
        except Conflict:
            # The worker or another process was faster; the next round sees the work that is left.
            continue
        except OtherKey:
            log.warning("a worker's number was sealed with another key", worker=row.id)
    channels |= await _tell_dialers(rt)
    for channel in channels:
        rt.jobs.enqueue("deliver", channel)
    return asked


async def _tell_dialers(rt: Runtime) -> set[str]:
    """Notify each worker who dials and has not dialled in since work came.

    Each gets one SMS. Return the channels by which they go.
    """
    now = rt.clock.now()
    since = idle_workers.IdleSince(now - _QUIET, now - _NOTICE_EVERY)
    rows = await idle_workers.by_ussd(
        rt.db, rt.settings.push_limit, contact_hours.contact_rules(rt), now, since
    )
    for row in rows:
        ussd = next((c.ussd for c in rt.channels.values() if c.ussd), None)
        text = work_waiting_notice(rt.books[row.language], ussd.service_code if ussd else "")
        to = addressee(rt, row.sms_channel, row.msisdn_sealed, row.id)
        if to is None:
            continue
        half_day = int(now.timestamp() // _NOTICE_EVERY.total_seconds())
        cause = f"waiting:{to.worker}:{half_day}"
        await rt.db.write([notice_write(rt, to, text, "notice", cause)])
    return {row.sms_channel for row in rows}


async def _ask(rt: Runtime, worker: int, sealed: bytes, index: bytes, channel_name: str) -> bool:
    channel = rt.channels[channel_name]
    row = await read_turn_row(rt, channel, turns.InboundEvent(channel_name, "push", "", index, b""))
    msisdn = rt.vault.open(sealed)
    understood = await understand(rt, channel, row, msisdn=msisdn)
    if understood.situation.upcoming is None or row.held_state == "held":
        return False
    said = work(Context(understood.situation, rt.books, rt.kind_of))
    assert said.reply is not None
    batch = understood.next_batch
    prompt = message(
        rt, channel_name, WorkerId(worker), msisdn, said.reply, "question", batch=batch
    )
    asked = sorted((f for f in said.facts if isinstance(f, Asked)), key=lambda f: f.task)
    parts = [asked_part(rt, row, understood, fact, "sms") for fact in asked]
    await rt.db.write([turns.holds_nothing(WorkerId(worker)), *parts, turns.put_message(prompt)])
    return True
