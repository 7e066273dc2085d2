"""The search for idle workers for whom there is work, one part of the circle at a time.

Every active worker has a place in a circle (`worker.lot`, drawn once). A search begins where the
last one ended. So each worker's turn comes, no worker is first because she joined first, and a
search costs the same for any number of workers. Within one part of the circle, the workers who
earned less recently come first, so that little work is distributed evenly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.base.ids import WorkerId
from gateway.store.db import Database

PART = 1000
"""The workers in one part of the search. It goes on to the next part while it finds workers to ask.
"""

# A worker who may be told of work at all. This is cheap to test, so it comes first (the fence
# `offset 0` keeps it first). A worker who has not read the gateway's last message yet is left out:
# a reply that waits for the provider (`promise_of`) comes before the next question. So is a worker
# who is in a lesson by SMS: her next SMS answers the lesson.
_READY = """
  not exists (select from assignment a where a.worker_id = w.id and a.state = 'held')
  and (w.yields_until is null or w.yields_until < now())
  and not exists (select from opt_out x where x.msisdn_index = w.msisdn_index)
  and (w.unreached_until is null or w.unreached_until < now())
  -- A bare "1" is the answer to the newest question, so she is not asked two at the same time.
  and not exists (select from arrival c where c.worker_id = w.id and c.state = 'asked'
    and c.asked_at > now() - interval '2 hours')
  and not exists (select from lesson_run l where l.worker_id = w.id and l.state = 'open' and l.via = 'sms'
    and l.at > now() - interval '1 hour')
  and not exists (select from payout p join message_of('asked:' || p.ref) o on o.state in ('queued', 'sending')
    where p.worker_id = w.id and p.settled_at is null)"""
# Work for a worker `w`: addressed to her, or in a batch that is open to all.
_SOMETHING = """
  (exists (select from work_by_name(w.id, w.currency, null))
    or exists (select from batch b left join skill z on z.worker_id = w.id and z.kind = b.kind
         where b.state = 'running' and b.currency = w.currency
         and (b.languages = '{}' or w.language = any(b.languages))
         and (z.paused_until <= now()) is not false and (not b.needs_lesson or z.lesson_passed_at is not null)
         and (b.worker_max is null and b.worker_day_max is null
           or room_left(w.id, b.id, b.worker_max, b.worker_day_max) > 0)
         and exists (select from task t where t.batch_id = b.id and t.state = 'open' and t.gold is null and t.position > b.low
           and not t.directed and not t.is_full
           and is_hers(t.skill_wanted, t.better_until, skill_mean(z."right", z.wrong, z.learned_at),
             t.kept_for, b.kept_until, w.partner_id)
           and (t.audience is null or audience_fits(t.audience, w.partner_id, w.language))
           and (select a.state from assignment a
             where a.task_id = t.id and a.worker_id = w.id and a.state <> 'expired') is null)))"""


def _look(reach: str, ready: str) -> str:
    return f"""
with part as materialized (
  select * from worker where state = 'active' and reach = '{reach}' and lot > $4 order by lot limit $5
)
select c.number, c.last, f.* from (select count(*) as number, max(lot) as last from part) c left join lateral (
  select w.id, w.msisdn_sealed, w.msisdn_index, w.sms_channel, w.language, w.lot
  from (select w as worker, w.*, faded(r.earned, r.refreshed_at, $3) as recent
    from part p join worker w on w.id = p.id left join recent_pay r on r.worker_id = w.id
    where {ready} order by recent, p.lot offset 0) w
  where may_prompt(w.worker, $2::jsonb, $3) and {_SOMETHING} order by w.recent, w.lot limit $1) f on true"""


_BY_SMS = _look("sms", _READY)
_BY_USSD = _look(
    "ussd",
    _READY
    + """
  and not exists (select from ussd_session s where s.worker_id = w.id and s.last_at > $6
    and s.created_at > $6 - interval '2 days')
  and not exists (select from outbox o where o.worker_id = w.id and o.purpose = 'notice' and o.created_at > $7)""",
)


@dataclass(frozen=True, slots=True)
class IdleSince:
    """The times after which a worker who dials is not told of work."""

    dialled: datetime
    """She is not told if she dialled after this time."""
    told: datetime
    """She is not told if she was told after this time."""


@dataclass(frozen=True, slots=True)
class IdleWorker:
    """A worker who may be asked or told now."""

    id: WorkerId
    msisdn_sealed: bytes
    msisdn_index: bytes
    sms_channel: str
    language: str


async def by_sms(
    db: Database, limit: int, rules: Mapping[str, object], now: datetime
) -> list[IdleWorker]:
    """Return at most `limit` workers by SMS who may receive a question now.

    They hold no question, may be prompted, and have work waiting for them.
    """
    return await _round(db, "sms", _BY_SMS, limit, (dict(rules), now))


async def by_ussd(
    db: Database, limit: int, rules: Mapping[str, object], now: datetime, since: IdleSince
) -> list[IdleWorker]:
    """Return at most `limit` workers by USSD who may be told that work waits for them."""
    given = (dict(rules), now)
    return await _round(db, "ussd", _BY_USSD, limit, given, (since.dialled, since.told))


async def waiting(db: Database, rules: Mapping[str, object], now: datetime, most: int) -> int:
    """Return how many workers by SMS hold no question although work waits for them, at most `most`.

    Only the first part of the circle is searched.
    """
    rows = await db.rows(_BY_SMS, most, dict(rules), now, -1.0, PART)
    return sum(row["id"] is not None for row in rows)


async def _round(
    db: Database,
    reach: str,
    look: str,
    limit: int,
    given: tuple[object, ...],
    more: tuple[object, ...] = (),
) -> list[IdleWorker]:
    """Search part after part of the circle while each finds a worker, at most once around.

    The place where the search ended is stored.
    """
    began = at = await db.value(
        "select coalesce((select lot from circle where reach = $1), -1)", reach
    )
    found: list[IdleWorker] = []
    around = False
    while True:
        rows = await db.rows(look, limit - len(found), *given, at, PART, *more)
        some = [
            row for row in rows if row["id"] is not None and not (around and row["lot"] > began)
        ]
        found += [
            IdleWorker(
                WorkerId(row["id"]),
                row["msisdn_sealed"],
                row["msisdn_index"],
                row["sms_channel"],
                row["language"],
            )
            for row in some
        ]
        ended = rows[0]["number"] < PART
        # The part is done, even if not all its workers were taken: their turn comes again.
        at = -1.0 if ended else rows[0]["last"]
        if len(found) == limit or (not ended and (not some or (around and at >= began))):
            break
        if ended:
            if around or began < 0:
                break
            around = True
    await db.execute(
        "insert into circle (reach, lot) values ($1, $2) on conflict (reach) do update set lot = excluded.lot",
        reach,
        at,
    )
    return found
