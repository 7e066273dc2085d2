"""The simulated workers of a test gateway and of a try-out: their rows, and what they are asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.store.db import Database


@dataclass(frozen=True, slots=True)
class CrowdSwitch:
    """The switch of the crowd, with its number of workers of each kind."""

    is_on: bool
    kinds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CrowdWorker:
    """One simulated worker."""

    id: int
    place: int
    kind: str
    state: str
    language: str
    currency: str
    channel: str
    index: bytes
    balance_minor: int
    busy: bool
    """True while a message to her has not left."""


@dataclass(frozen=True, slots=True)
class PutQuestion:
    """A question that a simulated worker holds."""

    worker: int
    assignment: int
    task: int
    name: str
    text: str
    batch: str
    item: int | None
    """Its number in an SMS with several questions."""
    via: str
    truth: str | None
    """The gold, or the client's own column `truth`, or None."""
    seed: str
    """The seed of its batch: the label `seed`."""
    record: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class CrowdNeed:
    """A running batch that asks workers, with its currency and a language of it, or ""."""

    currency: str
    language: str
    batch: str


async def switch(db: Database) -> CrowdSwitch | None:
    """Return the switch, or None where it was never set."""
    row = await db.row("select is_on, kinds from crowd_switch")
    return CrowdSwitch(row["is_on"], row["kinds"]) if row else None


async def set_switch(db: Database, *, is_on: bool, kinds: Mapping[str, int]) -> None:
    """Switch the crowd on or off, and store its kinds."""
    await db.execute(
        """insert into crowd_switch (is_on, kinds) values ($1, $2)
           on conflict (only_one) do update set is_on = excluded.is_on, kinds = excluded.kinds""",
        is_on,
        dict(kinds),
    )


async def number(db: Database) -> int:
    """Return how many places of the crowd are taken."""
    return await db.value("select coalesce(max(place), 0) from crowd_worker")


async def add(db: Database, index: bytes, place: int, kind: str) -> None:
    """Note that the worker of a number is simulated."""
    await db.execute(
        """insert into crowd_worker (worker_id, place, kind)
           select id, $2, $3 from worker where msisdn_index = $1 on conflict do nothing""",
        index,
        place,
        kind,
    )


async def workers(db: Database) -> list[CrowdWorker]:
    """Return all simulated workers by place."""
    rows = await db.rows(
        """select w.id, c.place, c.kind, w.state, w.language, w.currency, w.sms_channel, w.msisdn_index,
             coalesce(a.balance, 0) as balance, exists (select from outbox o where o.to_index = w.msisdn_index
               and o.state in ('queued', 'sending') and o.created_at > now() - interval '1 day') as busy
           from crowd_worker c join worker w on w.id = c.worker_id left join account a on a.id = w.account_id
           order by c.place"""
    )
    return [
        CrowdWorker(
            row["id"],
            row["place"],
            row["kind"],
            row["state"],
            row["language"],
            row["currency"],
            row["sms_channel"],
            row["msisdn_index"],
            row["balance"],
            row["busy"],
        )
        for row in rows
    ]


async def needs(db: Database) -> list[CrowdNeed]:
    """Return the running batches that ask any worker, once for each of their languages.

    Tasks that are kept for partners' workers or for named workers are not for the crowd.
    """
    rows = await db.rows(
        """select b.id, b.currency, coalesce(l.language, '') as language
           from batch b left join lateral unnest(b.languages) l(language) on true
           where b.state = 'running' and exists (select from task t where t.batch_id = b.id and t.state = 'open'
             and not t.directed and not coalesce(t.audience ? 'partners', false))
           order by 1, 3"""
    )
    return [CrowdNeed(row["currency"], row["language"], row["id"]) for row in rows]


async def put_questions(db: Database, workers: Sequence[int]) -> list[PutQuestion]:
    """Return the questions that these workers hold, in the order of their numbers."""
    rows = await db.rows(
        """select a.worker_id, a.id, t.id as task, t.name, t.text, t.batch_id, a.item, a.via, a.record,
             coalesce(t.gold, t.own->>'truth') as truth, coalesce(b.labels->>'seed', '') as seed
           from assignment a join task t on t.id = a.task_id join batch b on b.id = t.batch_id
           where a.worker_id = any($1) and a.state = 'held' order by a.worker_id, a.item nulls first, a.id""",
        list(workers),
    )
    return [
        PutQuestion(
            row["worker_id"],
            row["id"],
            row["task"],
            row["name"],
            row["text"],
            row["batch_id"],
            row["item"],
            row["via"],
            row["truth"],
            row["seed"],
            row["record"],
        )
        for row in rows
    ]


async def unreported(db: Database, kind: str, most: int) -> list[tuple[str, str]]:
    """Return the channel and the provider's id of each message to a kind without a receipt."""
    rows = await db.rows(
        """select o.channel, o.provider_id from outbox o join crowd_worker c on c.worker_id = o.worker_id
           where c.kind = $1 and o.state = 'accepted' and o.provider_id is not null
             and o.created_at > now() - interval '1 day' and o.delivery is null order by o.id limit $2""",
        kind,
        most,
    )
    return [(row["channel"], row["provider_id"]) for row in rows]
