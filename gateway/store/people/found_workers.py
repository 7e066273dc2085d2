"""A worker as an operator sees her: found by number, name or id, and explained on one page."""

from gateway.base.ids import WorkerId
from gateway.store.db import Database, Row

_FOUND = """select w.id, w.name, w.msisdn_sealed, w.state, w.language, c.name as coordinator, p.code as partner,
    a.balance, w.currency
  from worker w join account a on a.id = w.account_id left join coordinator c on c.id = w.coordinator_id
    left join partner p on p.id = w.partner_id"""
_AT_MOST = 50


EVENTS_SHOWN = 8
EVENTS_SEARCHED = 200_000
"""The number of newest events that are searched for a worker's, so that the search stays short."""


async def by_index(db: Database, index: bytes) -> list[Row]:
    """Return the worker with this number, and those who had it before."""
    return await db.rows(
        f"""{_FOUND} where w.msisdn_index = $1 or w.id in (select m.worker_id from number_move m
              where m.old_index = $1 and m.state in ('done', 'objected', 'released', 'given_back'))
            order by w.msisdn_index = $1 desc, w.id""",
        index,
    )


async def by_id(db: Database, worker: int) -> list[Row]:
    return await db.rows(f"{_FOUND} where w.id = $1", worker)


async def by_name(db: Database, name: str) -> list[Row]:
    """Return the workers whose name contains these words, the best match first."""
    return await db.rows(
        f"""{_FOUND} where strpos(lower(w.name), lower($1)) > 0
            order by lower(w.name) = lower($1) desc, w.name, w.id limit {_AT_MOST}""",
        name,
    )


async def worker_explanation(db: Database, worker: WorkerId) -> Row:
    """Return the parts of the worker's row that explain what she receives and does not receive."""
    row = await db.row(
        """select w.id, w.name, w.msisdn_sealed, w.state, w.language, w.region, w.reach, w.sms_channel, w.zone,
             w.unreached_until, w.away_since, w.created_at, w.currency, a.balance, c.name as coordinator,
             c.state as coordinator_state, p.code as partner, k.wrong as pin_wrong,
             exists (select from opt_out o where o.msisdn_index = w.msisdn_index) as blocked,
             (select count(*) from answer x where x.worker_id = w.id) as answers,
             (select max(created_at) from answer x where x.worker_id = w.id) as last_answer,
             (select count(*) from answer x join task t on t.id = x.task_id
                where x.worker_id = w.id and t.state not in ('decided', 'review')) as undecided
           from worker w join account a on a.id = w.account_id left join coordinator c on c.id = w.coordinator_id
             left join partner p on p.id = w.partner_id left join worker_pin k on k.worker_id = w.id
           where w.id = $1""",
        worker,
    )
    assert row is not None
    return row


async def payouts(db: Database, worker: WorkerId) -> list[Row]:
    """Return the worker's last payouts, the newest first, with the controls that hold them."""
    return await db.rows(
        """select p.ref, p.amount, p.currency, p.provider, p.state, p.reason, p.receipt, p.created_at, p.settled_at,
             payout_waits(p.state, p.reason) as waits, h.until, h.control
           from payout p left join lateral (select control, until from payout_hold h
               where h.payout_id = p.id and h.released_at is null order by until desc limit 1) h on true
           where p.worker_id = $1 order by p.created_at desc limit 10""",
        worker,
    )


async def messages(db: Database, worker: WorkerId) -> list[Row]:
    """Return the last messages to the worker, the newest first.

    They include messages to her earlier numbers.
    """
    return await db.rows(
        """select created_at, purpose, state, delivery, reason, text from outbox
           where worker_id = $1 and to_index = any(array(select msisdn_index from worker where id = $1
             union select old_index from number_move where worker_id = $1)) order by id desc limit 8""",
        worker,
    )


async def events(db: Database, worker: WorkerId) -> tuple[list[Row], bool]:
    """Return the last events from the worker's phone, the newest first.

    The second value says whether older events were not searched. The texts stay sealed. Events have
    no index by worker, since one would make each event more expensive to write. So only the newest
    events are searched.
    """
    found = await db.rows(
        """select created_at, channel, kind, state, error, reply from inbox
           where worker_id = $1 and id > (select max(id) from inbox) - $2::bigint order by id desc limit $3""",
        worker,
        EVENTS_SEARCHED,
        EVENTS_SHOWN,
    )
    more = len(found) < EVENTS_SHOWN and await db.value(
        "select coalesce((select max(id) - min(id) from inbox), 0) > $1", EVENTS_SEARCHED
    )
    return found, bool(more)


async def questions(db: Database, worker: WorkerId) -> list[Row]:
    """Return the questions that the worker holds."""
    return await db.rows(
        """select a.asked_at, a.lease_until as until, a.via, t.text, t.batch_id from assignment a join task t on t.id = a.task_id
           where a.worker_id = $1 and a.state = 'held' order by a.asked_at""",
        worker,
    )


async def pauses(db: Database, worker: WorkerId) -> list[Row]:
    """Return the kinds of question from which the worker is paused."""
    return await db.rows(
        """select kind, paused_until, gold_right, gold_wrong from skill
           where worker_id = $1 and paused_until > now() order by kind""",
        worker,
    )


async def cases(db: Database, worker: WorkerId) -> list[Row]:
    """Return the worker's paid answers that turned out wrong and whose case is still open."""
    return await db.rows(
        """select ref, amount, taken, state, decide_by from adjustment
           where worker_id = $1 and state in ('open', 'disputed', 'standing') order by id""",
        worker,
    )


async def numbers(db: Database, worker: WorkerId) -> list[Row]:
    """Return the worker's changes of number, the newest first, each with its last event."""
    return await db.rows(
        """select m.id, m.kind, m.state, m.old_sealed, m.new_sealed, m.created_at, m.done_at, m.hold_until,
             e.event, e.by_whom, e.at from number_move m
             left join lateral (select * from number_move_event where move_id = m.id order by id desc limit 1) e on true
           where m.worker_id = $1 order by m.id desc limit 8""",
        worker,
    )


async def history(db: Database, worker: WorkerId) -> list[Row]:
    """Return the steps of the worker's consent, the newest first, each with its author."""
    return await db.rows(
        """select x.at, x.act, x.via, c.name as coordinator from consent x
             left join coordinator c on c.id = x.coordinator_id
           where x.worker_id = $1 order by x.id desc limit 8""",
        worker,
    )
