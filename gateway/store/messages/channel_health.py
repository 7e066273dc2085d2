"""The health of each channel, counted from the rows.

It serves `gateway channels`, `gateway doctor`, `gateway outbox` and /metrics.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.store.db import Database

# Rates are of the last hour, and of at most as many messages as can be counted at any time without
# a noticeable delay.
WINDOW = timedelta(hours=1)
_LATEST = 5000

_HEALTH = f"""
with w as (
    select channel, count(*) filter (where state = 'queued') as queued,
      count(*) filter (where state = 'sending') as sending, count(*) filter (where state = 'unknown') as unknown,
      min(due_at) filter (where state = 'queued') as oldest
    from (select channel, state, due_at from outbox where state = 'queued'  -- each state has an index of its own
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
    """The health of a channel."""

    channel: str
    """The name of the channel."""
    queued: int
    """The number of queued messages."""
    sending: int
    """The number of messages being sent."""
    unknown: int
    """The number of messages with an unknown outcome."""
    oldest: datetime | None
    """The time when the first due message became due."""
    breaker: str
    """The state of the breaker: closed, open or probing."""
    until: datetime | None
    """The time until which an open channel is left alone."""
    reason: str | None
    """The reason why the breaker opened."""
    failures: int
    """The number of failures in a row."""
    last_out: datetime | None
    """The time when the provider last accepted a message."""
    last_in: datetime | None
    """The time of the last SMS or USSD step."""
    told: int
    """The number of messages of the last hour whose outcome is known or lost."""
    failed: int
    """The number of these that did not arrive."""
    events_failed: int
    """The number of inbound events in the inbox that could not be processed."""

    @property
    def error_rate(self) -> float | None:
        """Return the share of the last hour's messages that did not arrive, or None."""
        return self.failed / self.told if self.told else None

    def oldest_s(self, now: datetime) -> float:
        """Return the seconds for which the first due message has waited, or 0.0."""
        return max(0.0, (now - self.oldest).total_seconds()) if self.oldest else 0.0


async def channels(db: Database, names: Collection[str], now: datetime) -> list[ChannelHealth]:
    """Return the channels with these names, and all others that have left rows."""
    rows = await db.rows(_HEALTH, list(names), now - WINDOW)
    return [ChannelHealth(**dict(row)) for row in rows]
