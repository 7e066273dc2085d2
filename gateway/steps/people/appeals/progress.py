"""The job `appeals`: the person who looks is told and reminded, and a late appeal goes on.

An appeal has two persons, one after the other, and a deadline for each. After the second deadline
silence decides for the worker where money is concerned. Else the appeal stays open with the
operator. The numbers of `controls.tell` hear of each deadline that passes.
"""

from datetime import datetime, timedelta

from gateway.base.ids import WorkerId
from gateway.conversation.money.answer_text import looker_key
from gateway.phrases import book_in
from gateway.steps.messages import notify_outside
from gateway.steps.messages.notify import addressee, notice_write
from gateway.steps.people.appeals import handler_texts
from gateway.steps.people.appeals.consequences import settle
from gateway.steps.people.appeals.views import role
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection
from gateway.store.people import appeals
from gateway.store.people.appeals import Appeal, Outcome

_AT_ONCE = 200
_TO_OFFICE = "office"


async def progress(rt: Runtime) -> int:
    """Take the next step of every appeal that is due, and return the number of appeals."""
    due = await appeals.due_appeals(rt.db, rt.clock.now(), _AT_ONCE)
    for appeal in due:
        if await until_settled(lambda appeal=appeal: _wait_on(rt, appeal)):
            await settle(rt, appeal)
    if due:
        rt.jobs.enqueue("deliver", rt.settings.sms_channel)
    return len(due)


async def _wait_on(rt: Runtime, appeal: int) -> bool:
    """Take the next step of a waiting appeal, and return True when it is decided."""
    now = rt.clock.now()
    async with rt.db.transaction() as db:
        found = await appeals.locked(db, appeal)
        if found.state != "waiting":
            return True
        if found.next_at is None or found.next_at > now:
            return False
        if now >= found.due_at:
            return await _too_late(rt, db, found)
        if found.told_at is None:
            await _tell(rt, db, found)
        elif found.reminded_at is None and now >= _remind_at(rt, found):
            await _remind(rt, db, found)
        else:
            await appeals.postpone(db, appeal, found.due_at)
        return False


def _remind_at(rt: Runtime, appeal: Appeal) -> datetime:
    """Return the time of the reminder, which is the deadline where there is none."""
    return appeal.due_at - timedelta(days=rt.settings.appeals.remind_days)


async def _tell(rt: Runtime, db: Connection, appeal: Appeal) -> None:
    """Tell the person who looks. A coordinator who is gone since is replaced first."""
    if appeal.handler is not None and not appeal.handler_active:
        handler = await appeals.next_handler(db, appeal)
        await appeals.pass_on(db, appeal.id, appeal.round, handler, appeal.due_at, rt.clock.now())
        appeal = await appeals.locked(db, appeal.id)
    if appeal.handler is None or not await _sms_to_handler(rt, db, appeal, "told"):
        await _to_office(rt, db, appeal, "waits for your office")
        await appeals.note(db, appeal.id, "told", _TO_OFFICE)
    else:
        await appeals.note(db, appeal.id, "told", str(appeal.handler))
    await appeals.was_told(db, appeal.id, rt.clock.now(), _remind_at(rt, appeal))


async def _remind(rt: Runtime, db: Connection, appeal: Appeal) -> None:
    if appeal.handler is None or not await _sms_to_handler(rt, db, appeal, "reminded"):
        await _to_office(rt, db, appeal, "still waits for your office")
    who = _TO_OFFICE if appeal.handler is None else str(appeal.handler)
    await appeals.note(db, appeal.id, "reminded", who)
    await appeals.was_reminded(db, appeal.id, rt.clock.now())


async def _sms_to_handler(rt: Runtime, db: Connection, appeal: Appeal, event: str) -> bool:
    """Write an SMS to the coordinator who looks. Return False where she cannot be reached."""
    if appeal.handler_sealed is None:
        return False
    to = addressee(rt, rt.settings.sms_channel, appeal.handler_sealed)
    if to is None:
        return False
    book = book_in(appeal.handler_language or "", rt.books)
    make = handler_texts.to_coordinator if event == "told" else handler_texts.reminder
    cause = f"appeal:{appeal.id}:{appeal.round}:{event}:{appeal.handler}"
    await db.write([notice_write(rt, to, await make(rt, appeal, book), "money", cause)])
    return True


async def _to_office(rt: Runtime, db: Connection, appeal: Appeal, what: str) -> None:
    cause = f"appeal:{appeal.id}:{appeal.round}:{what.replace(' ', '_')}"
    await notify_outside.notify_outside(rt, db, handler_texts.to_office(appeal, what), cause)


async def _too_late(rt: Runtime, db: Connection, appeal: Appeal) -> bool:
    """Pass a late appeal on, or end it. Return True when silence has decided it."""
    now = rt.clock.now()
    if appeal.round == 1:
        due_at = now + timedelta(days=rt.settings.appeals.days)
        handler = await appeals.next_handler(db, appeal)
        who = _TO_OFFICE if appeal.handler is None else str(appeal.handler)
        await appeals.note(db, appeal.id, "passed_on", who)
        await appeals.pass_on(db, appeal.id, 2, handler, due_at, now)
        passed = await appeals.locked(db, appeal.id)
        await _to_office(rt, db, passed, "was not decided in time")
        await _tell_worker(rt, db, passed, "appeal.passed_on")
        await _tell(rt, db, passed)
        return False
    if appeal.adjustment is not None:
        reason = "nobody decided in time"
        await appeals.decide(db, appeal.id, Outcome("lapsed", "time", None, reason), now)
        await _to_office(rt, db, appeal, "lapsed, nothing is taken")
        return True
    await appeals.note(db, appeal.id, "passed_on", _TO_OFFICE)
    await appeals.pass_on(db, appeal.id, 3, None, appeal.due_at, None)
    await _to_office(rt, db, appeal, "is overdue and stays open")
    await _tell_worker(rt, db, appeal, "appeal.overdue")
    return False


async def _tell_worker(rt: Runtime, db: Connection, appeal: Appeal, key: str) -> None:
    to = addressee(rt, appeal.worker_channel, appeal.worker_sealed, appeal.worker)
    if to is None:
        return
    book = book_in(appeal.worker_language, rt.books)
    own = appeal.handler is not None and await appeals.is_own(
        db, WorkerId(appeal.worker), appeal.handler
    )
    who = book.say(looker_key(role(appeal.handler, own=own)))
    text = book.say(key, ref=appeal.ref, who=who, day=f"{appeal.due_at:%d/%m}")
    cause = f"appeal:{appeal.id}:{appeal.round}:{key}"
    await db.write([notice_write(rt, to, text, "money", cause)])
    if appeal.worker_channel != rt.settings.sms_channel:
        rt.jobs.enqueue("deliver", appeal.worker_channel)
