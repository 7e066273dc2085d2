"""How each channel is doing, counted from the rows: for `gateway channels`, `gateway doctor`, `gateway outbox` and /metrics."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.store.db import Database

# Rates are of the last hour, and of not more messages than can be counted at any time without
# anybody noticing.
WINDOW = timedelta(hours=1)
_LATEST = 5000

_HEALTH = f"""
with w as (
    select channel, count(*) filter (where state = 'queued') as queued,
      count(*) filter (where state = 'sending') as sending, count(*) filter (where state = 'unknown') as unknown,
      min(due_at) filter (where state = 'queued') as oldest
    from (select channel, state, due_at from outbox where state = 'queued'  -- each by its own index
      union all select channel, state, due_at from outbox where state = 'sending'
      union all select channel, state, due_at from outbox where state = 'unknown') o group by channel),
  sent as (
    select channel, count(*) as told,
      count(*) filter (where state in ('refused', 'given_up', 'lost', 'unknown') or delivery = 'failed') as failed
    from (select channel, state, delivery, coalesce(sent_at, created_at) as at from outbox order by id desc limit {_LATEST}) o
    where at > $2 and state in ('accepted', 'refused', 'given_up', 'lost', 'unknown') group by channel),
  came as (
    select channel, max(created_at) as last_in
    from (select channel, kind, created_at from inbox order by id desc limit {_LATEST}) i
    where kind in ('sms', 'ussd') group by channel),
  failed as (select channel, count(*) as events from inbox where state = 'failed' group by channel),
  names as (select unnest($1::text[]) as channel union select channel from w union select channel from channel_state)
select channel, coalesce(w.queued, 0) as queued, coalesce(w.sending, 0) as sending, coalesce(w.unknown, 0) as unknown,
  w.oldest, coalesce(s.breaker, 'closed') as breaker, s.until, s.reason, coalesce(s.failures, 0) as failures, s.last_success_at as last_out, came.last_in,
  coalesce(sent.told, 0) as told, coalesce(sent.failed, 0) as failed, coalesce(failed.events, 0) as events_failed
from names left join w using (channel) left join channel_state s using (channel) left join sent using (channel)
  left join came using (channel) left join failed using (channel) order by channel
"""


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """Messages by state; `oldest`: when the first of those that are due was. `breaker` closed, open (left alone until
    `until`, because of `reason`) or probing; `failures` in a row by now. `last_in`: an SMS or a USSD step came; `last_out`: the provider took a
    message. `told`, `failed`: messages of the last hour whose fate is known or lost, and those that did not arrive.
    `events_failed`: inbound events in the inbox that could not be processed."""

    channel: str
    queued: int
    sending: int
    unknown: int
    oldest: datetime | None
    breaker: str
    until: datetime | None
    reason: str | None
    failures: int
    last_out: datetime | None
    last_in: datetime | None
    told: int
    failed: int
    events_failed: int

    @property
    def error_rate(self) -> float | None:
        """The share of the last hour's messages that did not arrive; None where there were none."""
        return self.failed / self.told if self.told else None

    def oldest_s(self, now: datetime) -> float:
        """How long the first message that is due has been waiting; 0.0 when none is."""
        return max(0.0, (now - self.oldest).total_seconds()) if self.oldest else 0.0


async def channels(db: Database, names: Collection[str], now: datetime) -> list[ChannelHealth]:
    """The channels of these names, and all others that have left something in the books."""
    rows = await db.rows(_HEALTH, list(names), now - WINDOW)
    return [ChannelHealth(**dict(row)) for row in rows]
