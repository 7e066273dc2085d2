"""Pushes questions to workers who wait by SMS: idle, willing, and with work there for them.

Who answers gets her next question in the reply itself; this step is for the first one, and for workers who ran
out of work and have some again.
"""

from datetime import timedelta

import structlog

from gateway.conversation.facts import Asked
from gateway.conversation.notices import work_waiting_notice
from gateway.conversation.talk import Talk
from gateway.conversation.working import work
from gateway.errors import Conflict, OtherKey
from gateway.ids import WorkerId
from gateway.runtime import Runtime
from gateway.steps import carried, respect
from gateway.steps.facts import asked_part
from gateway.steps.messages import message
from gateway.steps.understand import understand
from gateway.store import turns

log = structlog.get_logger()

# Who may be told of work at all: cheap to find out, so it comes first (the fence `offset 0` keeps it first). Not who has
# not read our last word yet: a reply that waits for the operator (`promise_of`) comes before the next question.
# Where there are more workers than places, another lot every round: nobody is first for having joined first.
_READY = """
  w.state = 'active' and not exists (select from assignment a where a.worker_id = w.id and a.state = 'held')
  and not exists (select from opt_out x where x.msisdn_index = w.msisdn_index)
  and (w.unreached_until is null or w.unreached_until < now())
  and not exists (select from payout p join outbox o on o.cause = 'asked:' || p.ref and o.state in ('queued', 'sending')
    where p.worker_id = w.id and p.settled_at is null)"""
_BY_LOT = "order by hashint8(w.id # (extract(epoch from $3::timestamptz) * 1000)::bigint) offset 0"
# Work that is there for a worker `w`: named for her, or in a batch that is open to all.
_SOMETHING = """
  (exists (select from work_by_name(w.id, w.currency, null))
    or exists (select from batch b left join skill z on z.worker_id = w.id and z.kind = b.kind
         where b.state = 'running' and b.currency = w.currency
         and (b.languages = '{}' or w.language = any(b.languages))
         and (z.paused_until <= now()) is not false
         and (b.worker_max is null and b.worker_day_max is null
           or room_left(w.id, b.id, b.worker_max, b.worker_day_max) > 0)
         and exists (select from task t where t.batch_id = b.id and t.state = 'open' and t.gold is null
           and not t.directed and t.answered + t.held < t.wanted
           and is_hers(t.skill_wanted, t.better_until, skill_mean(z."right", z.wrong, z.learned_at),
             t.kept_for, b.kept_until, w.partner_id)
           and (t.audience is null or audience_fits(t.audience, w.partner_id, w.language))
           and (select a.state from assignment a
             where a.task_id = t.id and a.worker_id = w.id and a.state <> 'expired') is null)))
  and may_prompt(w.whole, $2::jsonb, $3)"""
_IDLE = f"""
select w.id, w.msisdn_sealed, w.msisdn_index, w.sms_channel, w.language
from (select w.*, w as whole from worker w where w.reach = 'sms' and {_READY} {_BY_LOT}) w
where {_SOMETHING} limit $1"""  # noqa: S608  # put together from the constants above
# Who works by dialling is told once in a while that there is work: not while she is at it, and not twice a half-day.
_AWAY = f"""
select w.id, w.msisdn_sealed, w.sms_channel, w.language
from (select w.*, w as whole from worker w where w.reach = 'ussd' and {_READY}
    and not exists (select from ussd_session s where s.worker_id = w.id and s.last_at > $4)
    and not exists (select from outbox o where o.worker_id = w.id and o.purpose = 'notice' and o.created_at > $5)
    {_BY_LOT}) w
where {_SOMETHING} limit $1"""  # noqa: S608
_QUIET, _NOTICE_EVERY = timedelta(minutes=10), timedelta(hours=12)


async def assign(rt: Runtime) -> int:
    """Ask idle SMS workers their next question; how many were asked. None while phones have to wait."""
    if await rt.pressure.phones_wait():
        return 0
    asked, channels = 0, set[str]()
    now, limit = rt.clock.now(), rt.settings.push_limit
    for row in await rt.db.rows(_IDLE, limit, respect.rules(rt), now):
        try:
            if await _ask(
                rt, row["id"], row["msisdn_sealed"], row["msisdn_index"], row["sms_channel"]
            ):
                asked += 1
                channels.add(row["sms_channel"])
        except Conflict:
            continue  # she or somebody else was faster; the next round sees what is left
        except OtherKey:
            log.warning("a worker's number was sealed with another key", worker=row["id"])
    channels |= await _tell_dialers(rt)
    for channel in channels:
        rt.bells.ring("deliver", channel)
    return asked


async def _tell_dialers(rt: Runtime) -> set[str]:
    """One SMS to each who works by dialling and has not looked in since work came; the channels it goes by."""
    now = rt.clock.now()
    times = (now, now - _QUIET, now - _NOTICE_EVERY)
    rows = await rt.db.rows(_AWAY, rt.settings.push_limit, respect.rules(rt), *times)
    for row in rows:
        ussd = next((c.ussd for c in rt.channels.values() if c.ussd), None)
        text = work_waiting_notice(rt.books[row["language"]], ussd.service_code if ussd else "")
        worker = WorkerId(row["id"])
        try:
            msisdn = rt.vault.open(row["msisdn_sealed"])
        except OtherKey:
            log.warning("a worker's number was sealed with another key", worker=worker)
            continue
        half_day = int(now.timestamp() // _NOTICE_EVERY.total_seconds())
        cause = f"waiting:{worker}:{half_day}"
        notice = message(rt, row["sms_channel"], worker, msisdn, text, "notice", cause=cause)
        await rt.db.commit([turns.put_message(notice)])
    return {row["sms_channel"] for row in rows}


async def _ask(rt: Runtime, worker: int, sealed: bytes, index: bytes, channel_name: str) -> bool:
    channel = rt.channels[channel_name]
    row = await carried.read(rt, channel, turns.Event(channel_name, "push", "", index, b""))
    msisdn = rt.vault.open(sealed)
    understood = await understand(rt, channel, row, msisdn=msisdn)
    if understood.situation.upcoming is None or row["held_state"] == "held":
        return False
    said = work(Talk(understood.situation, rt.books, rt.kind_of))
    assert said.reply is not None
    batch = understood.next_batch
    prompt = message(
        rt, channel_name, WorkerId(worker), msisdn, said.reply, "question", batch=batch
    )
    asked = sorted((f for f in said.facts if isinstance(f, Asked)), key=lambda f: f.task)
    parts = [asked_part(rt, row, understood, fact, "sms") for fact in asked]
    await rt.db.commit([turns.holds_nothing(WorkerId(worker)), *parts, turns.put_message(prompt)])
    return True
