"""The due work according to the rows. The scheduler enqueues exactly these jobs."""

from datetime import datetime

from gateway.store.batches import pilots
from gateway.store.batches.background import PUBLISHING
from gateway.store.batches.life.batch_state import CLOSABLE
from gateway.store.batches.life.cancelled import OVER
from gateway.store.batches.life.deadlines import PASSED
from gateway.store.batches.projects import PENDING
from gateway.store.db import Database
from gateway.store.payouts import float_queries, reserves
from gateway.store.payouts.payouts import LONG_UNKNOWN
from gateway.store.people.partners import corrections
from gateway.store.quality import predictions

# These are the jobs for all waiting work. A row whose job was lost (or never enqueued, or lost with
# an emptied Redis) is found here.
_DUE = f"""
select 'deliver' as step, channel as argument from outbox where state = 'queued' and due_at <= $1 group by channel
union all select 'catch_up', null where exists
  (select from inbox where kind <> 'receipt' and state = 'waiting' and due_at <= $1)
union all select 'poll', channel from poll where due_at <= $1
union all select 'disburse', null where exists (select from payout_due where due_at <= $1)
  or exists (select from provider_health where ask_at <= $1 or attend_at <= $1 or settling_at is not null
    or stopped_at <= $1::timestamptz - interval '2 minutes')
union all select 'still_asking', null where exists (select from payout p where {LONG_UNKNOWN})
union all select 'compare_floats', null where {float_queries.DUE}
union all select 'watch_reserves', null where {reserves.DUE}
union all select 'close', null where exists (select from batch b where {CLOSABLE.format(now="$1")})
  or exists (select {PUBLISHING}) or exists (select from batch b where {OVER})
union all select 'end_pilots', null where {pilots.DUE}
union all select 'arrivals', null where not exists (select from arrival_progress where due_at > $1)
union all select 'even_work', null where not exists (select from even_progress where due_at > $1)
  and exists (select from batch where state = 'running')
union all select 'pay_referrals', null where exists (select from referral where state = 'open'
  and checked_at < $1::timestamptz - interval '1 hour')
union all select 'refund', null where not exists (select from refund_progress where due_at > $1)
union all select 'settle_pay', null where exists (select from batch_pay p join batch b on b.id = p.batch_id
  where p.settled_at is null and b.state in ('done', 'cancelled') and b.closed_at is not null)
union all select 'advance_projects', null where exists (select {PENDING})
union all select 'deadlines', null where exists (select from batch b where {PASSED})
union all select 'score', null where exists (select from score_due s join batch b on b.id = s.batch_id
  where b.learning_until is null or b.learning_until <= $1)
union all select 'count', null where exists (select from tally where due_at <= $1)
union all select 'relearn', id from batch where state = 'running' and unlearned >= greatest(50, learned / 10)
union all select 'weigh', id from ({predictions.DUE}) w
union all select 'sweep', null where exists (select from assignment where state = 'held' and lease_until < $1)
  or exists (select from batch where upload_until < now())
  or exists (select from project_file where look_at <= $1)
  or exists (select from outbox where state = 'sending' and lease_until < $1)
  or exists (select from outbox where state = 'queued' and priority = 1 and due_at <= $1::timestamptz - interval '1 minute')
  or exists (select from outbox where state = 'unknown' and due_at <= $1)
  or exists (select from inbox where kind = 'receipt' and state = 'waiting' and due_at <= $1
    and created_at > $1::timestamptz - interval '1 day')
union all select 'adjust', null where exists (select from adjustment
  where state = 'open' and decide_by <= $1 or state = 'standing')
  or exists (select from adjustment where state = 'void' and taken > returned)
union all select 'weekly', null where not exists (select from weekly_pass where due_at > $1)
union all select 'appeals', null where exists (select from appeal where next_at <= $1)
union all select 'correct_partners', null where {corrections.DUE}
union all select 'ask_calls', null where exists (select from relearning
  where status = 'assigned' and failures >= 2 and call_asked_at is null)
union all select 'persons', null where exists (select from person
  where gone_at is null and expires_at <= now() and expiry_told_at is null)
union all select 'keep_months', null where exists (select from unnest(array['inbox', 'outbox', 'ussd_session']) t(parent),
    generate_series(1, 2) n where to_regclass(part_name(t.parent, month_start(n))) is null
      or exists (select from pg_class c where c.oid = to_regclass(part_name(t.parent, month_start(n))) and c.reltuples = 0
          and month_start(n) > now() + interval '1 hour'))
  or next_forgotten() < now() - interval '1 hour'
union all select 'seal', null where coalesce(pg_sequence_last_value('transfer_seq_seq'), 0)
    > coalesce((select max(to_seq) from seal), 0)
  and coalesce((select at from seal order by to_seq desc limit 1), '-infinity') < $1 - interval '60 seconds'
union all select 'publish_events', null where exists (select from client_event)
  or exists (select from batch_progress where look_at <= $1)
  or exists (select from webhook_message where at < $1::timestamptz - interval '31 days')
union all select 'call_webhooks', null where exists (select from webhook w where w.state = 'active' and exists
  (select from webhook_delivery d where d.webhook_id = w.id and d.state = 'waiting' and d.due_at <= $1))
union all select 'file_jobs', null where exists (select from file_job where due_at <= $1)
  or exists (select from file_job where expires_at <= $1 and file is not null)
union all select 'assign', null where exists (select from batch where state = 'running')
"""


async def due_jobs(db: Database, now: datetime) -> list[tuple[str, ...]]:
    rows = await db.rows(_DUE, now)
    return [(row["step"], row["argument"]) if row["argument"] else (row["step"],) for row in rows]
