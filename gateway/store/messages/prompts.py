"""The rules for unrequested messages, applied in the database (see `store/sql/respect.sql`)."""

from collections.abc import Mapping
from datetime import datetime

from gateway.store.db import Database


async def may_prompt(db: Database, worker: int, rules: Mapping[str, object], now: datetime) -> bool:
    """Return True if the worker may be sent an unrequested message now."""
    return bool(
        await db.value(
            """select may_prompt(w, $2::jsonb, $3)
                 and not exists (select from opt_out x where x.msisdn_index = w.msisdn_index)
               from worker w where w.id = $1""",
            worker,
            rules,
            now,
        )
    )


async def hush(db: Database, rules: Mapping[str, object], now: datetime, limit: int) -> None:
    """Cancel at most `limit` prompts that a channel held up until it was too late to send them."""
    await db.execute(
        "select hush(p_rules => $1::jsonb, p_now => $2, p_limit => $3)", rules, now, limit
    )


async def phone_reported(db: Database, channel: str, provider_id: str, *, away: bool) -> None:
    """Record whether the delivery report of a message shows the phone as present or away."""
    await db.execute(
        "select phone_reported(p_channel => $1, p_provider_id => $2, p_away => $3)",
        channel,
        provider_id,
        away,
    )


async def number_of(db: Database, channel: str, provider_id: str) -> bytes | None:
    """Return the index of the number to which a message went, by the provider's id."""
    return await db.value(
        """select to_index from outbox where channel = $1 and provider_id = $2
           order by id desc limit 1""",
        channel,
        provider_id,
    )
