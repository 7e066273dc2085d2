"""The schedule of balance queries to providers, and the open query whose answer comes later.

A provider's balance is the float: the gateway's money with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from gateway.store.db import Database

AGAIN = timedelta(minutes=5)
"""The pause after a query that the provider did not accept."""

_DUE = """(h.float_asked_at is null or h.float_asked_at <= $1::timestamptz - interval '1 hour'
    or h.float_asked_at <= $1::timestamptz - interval '5 minutes' and exists (select from payout p
      where p.provider = h.provider and p.settled_at is null and p.state = 'queued' and p.reason = 'waits: float'))"""
DUE = f"exists (select from provider_health h where {_DUE})"
"""A condition in SQL, with the time as $1: a provider is to be queried. A query is due each hour,
and every five minutes while payouts wait for the float.
"""


@dataclass(frozen=True, slots=True)
class FloatQuery:
    """A balance query to a provider, in minor units."""

    provider: str
    """The name of the provider."""
    asked_at: datetime
    """The time of the query."""
    least: int
    """The ledger's lowest balance since the query."""
    most: int
    """The ledger's highest balance since the query."""
    told: int | None
    """The provider's answer, or None while there is none."""
    is_answer: bool = True
    """False for the time-out notice of the query."""


async def plan_queries(db: Database, providers: Iterable[str]) -> None:
    """Query these providers from now on."""
    await db.execute(
        "insert into provider_health (provider) select unnest($1::text[]) on conflict do nothing",
        list(providers),
    )


async def claim_queries(db: Database, now: datetime) -> list[str]:
    """Return the providers to query now. Each belongs to this caller alone."""
    rows = await db.rows(
        f"update provider_health h set float_asked_at = $1 where {_DUE} returning provider", now
    )
    return sorted(row["provider"] for row in rows)


async def retry_query(db: Database, provider: str, now: datetime) -> None:
    """Repeat the query in five minutes, since the provider did not accept it."""
    await db.execute(
        "update provider_health set float_asked_at = $2::timestamptz - interval '1 hour' where provider = $1",
        provider,
        now + AGAIN,
    )


async def store_query(
    db: Database,
    provider: str,
    result_token: SecretStr,
    timeout_token: SecretStr,
    now: datetime,
    books_minor: tuple[int, int],
) -> None:
    """Store a query that is about to be sent, in place of the one before.

    The answer to the earlier query no longer counts.
    """
    await db.execute(
        """insert into float_question (provider, result_token, timeout_token, asked_at, least, most)
           values ($1, $2, $3, $4, $5, $6)
           on conflict (provider) do update set result_token = excluded.result_token, told = null,
             timeout_token = excluded.timeout_token, asked_at = excluded.asked_at, least = excluded.least, most = excluded.most""",
        provider,
        result_token.get_secret_value(),
        timeout_token.get_secret_value(),
        now,
        *books_minor,
    )


async def by_token(db: Database, token: str) -> FloatQuery | None:
    row = await db.row(
        "select *, result_token = $1 as is_answer from float_question where $1 in (result_token, timeout_token)",
        token,
    )
    if row is None:
        return None
    return FloatQuery(
        row["provider"], row["asked_at"], row["least"], row["most"], row["told"], row["is_answer"]
    )


async def store_answer(
    db: Database, token: str, told_minor: int, books_minor: tuple[int, int]
) -> FloatQuery | None:
    """Store the first answer, with the current balance of the ledger.

    Return None when there is an answer already.
    """
    row = await db.row(
        """update float_question set told = $2, least = least(least, $3), most = greatest(most, $4)
           where result_token = $1 and told is null returning *""",
        token,
        told_minor,
        *books_minor,
    )
    if row is None:
        return None
    return FloatQuery(row["provider"], row["asked_at"], row["least"], row["most"], row["told"])


async def latest(db: Database, provider: str) -> FloatQuery | None:
    row = await db.row("select * from float_question where provider = $1", provider)
    if row is None:
        return None
    return FloatQuery(row["provider"], row["asked_at"], row["least"], row["most"], row["told"])


async def unanswered(db: Database, before: datetime) -> list[FloatQuery]:
    """Return the queries from before this time that have no answer yet."""
    rows = await db.rows(
        "select * from float_question where told is null and asked_at < $1 order by provider",
        before,
    )
    return [FloatQuery(r["provider"], r["asked_at"], r["least"], r["most"], None) for r in rows]


async def wake(db: Database, provider: str, float_minor: int, now: datetime) -> int:
    """Make the payouts due that waited for the float and fit into this one. Return how many."""
    rows = await db.rows(
        """update payout set due_at = $3 where provider = $1 and settled_at is null and state = 'queued'
             and reason = 'waits: float' and amount <= $2 and due_at > $3 returning id""",
        provider,
        float_minor,
        now,
    )
    return len(rows)
