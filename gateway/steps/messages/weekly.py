"""The job `weekly`: one SMS per worker and week about her answers and her money.

A pass goes over all active workers, one part at a time, and begins anew at every hour in which it
is the day of the message anywhere. A worker is sent it when her own clock says so, outside her
quiet hours, and only for a week in which she worked. It is the least urgent message: no part is
written while another message waits to be sent, or while phones have to wait.
"""

from datetime import datetime, timedelta

import structlog

from gateway.base.ids import WorkerId, answer_ref
from gateway.conversation.explained import WeekView
from gateway.conversation.money.week_text import weekly_text
from gateway.gsm.segments import count_segments
from gateway.phrases import book_in
from gateway.steps.messages import contact_hours
from gateway.steps.messages.notify import addressee, notice_write
from gateway.steps.runtime import Runtime
from gateway.store.messages import weekly as store
from gateway.store.messages.weekly import WeeklyReader, WeeklyRules

log = structlog.get_logger()

PART = 500
"""The number of workers that one run looks at."""
HOURS_OPEN = 72
"""The hours in which the message may still be sent. Later it would be old news."""
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOUR, _REST = timedelta(hours=1), timedelta(minutes=1)
_WEEK_HOURS = 7 * 24
# The offsets of all time zones from UTC, in hours.
_OFFSETS = range(-12, 15)


async def weekly(rt: Runtime) -> int:
    """Send the next part of this week's messages, and return the number of messages."""
    now = rt.clock.now()
    at = await store.progress(rt.db)
    if at.due_at > now:
        return 0
    if not rt.settings.weekly.on:
        await store.go_on(rt.db, 0, now + _HOUR)
        return 0
    if not _open_anywhere(rt, now):
        await store.go_on(rt.db, 0, _next_pass(rt, now))
        return 0
    if await rt.pressure.phones_wait() or await store.is_busy(rt.db, now):
        await store.go_on(rt.db, at.after, now + _REST)
        return 0
    part = await store.next_part(rt.db, _rules(rt), contact_hours.contact_rules(rt), now, PART)
    sent, channels = 0, set[str]()
    for reader in part.readers:
        if await _send(rt, reader):
            sent += 1
            channels.add(reader.channel)
    over = part.looked_at < PART
    await store.go_on(rt.db, 0 if over else part.last, _next_pass(rt, now) if over else now)
    for channel in channels:
        rt.jobs.enqueue("deliver", channel)
    if sent:
        log.info("weekly messages were written", messages=sent)
    return sent


async def _send(rt: Runtime, reader: WeeklyReader) -> bool:
    """Write one worker's message, once per week. Return False where she has it already."""
    to = addressee(rt, reader.channel, reader.sealed, reader.worker)
    if to is None:
        return False
    worker = WorkerId(reader.worker)
    async with rt.db.transaction() as db:
        offers = await store.may_offer_about(db, worker)
        if not await store.told(db, reader.worker, reader.week):
            return False
        found = await store.figures(db, worker, reader.since, reader.until)
        wrong = await store.missed_gold(db, worker, reader.since, reader.until)
        view = WeekView(
            found.answers,
            found.right,
            found.checked,
            found.earned_minor,
            found.paid_minor,
            found.balance_minor,
            reader.currency,
        )
        book = book_in(reader.language, rt.books)
        text = weekly_text(book, view, answer_ref(wrong) if wrong else "", offers_about=offers)
        await db.write([notice_write(rt, to, text, "weekly", f"week:{worker}:{reader.week}")])
        await store.count(db, reader.week, count_segments(text).segments)
    return True


def _rules(rt: Runtime) -> WeeklyRules:
    zones = {region: contact_hours.zone_of_region(rt, region) for region in rt.settings.countries}
    rules = rt.settings.weekly
    return WeeklyRules(_DAYS.index(rules.day) + 1, rules.hour, HOURS_OPEN, zones)


def _open_anywhere(rt: Runtime, now: datetime) -> bool:
    """Return True while the message may be sent in some time zone."""
    first = _DAYS.index(rt.settings.weekly.day) * 24 + rt.settings.weekly.hour
    for offset in _OFFSETS:
        local = now + timedelta(hours=offset)
        if (local.weekday() * 24 + local.hour - first) % _WEEK_HOURS < HOURS_OPEN:
            return True
    return False


def _next_pass(rt: Runtime, now: datetime) -> datetime:
    """Return the next full hour (UTC) at which the message may be sent in some time zone."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    for _ in range(_WEEK_HOURS):
        hour += _HOUR
        if _open_anywhere(rt, hour):
            return hour
    return hour
