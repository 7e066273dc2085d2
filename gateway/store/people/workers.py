"""Partners, coordinators and workers: look-ups, and changes by the console and the command line."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.base.ids import WorkerId
from gateway.store.db import Connection, Database, Row

_WORDS_MAX = 400  # the most words of one SMS


async def partner_codes(db: Database, words: Sequence[str]) -> frozenset[str]:
    """Return which of these (upper-case) words are codes of partners or of workers."""
    rows = await db.rows(
        """select code from partner where code = any($1)
           union select code from referral_code where code = any($1)""",
        list(words[:_WORDS_MAX]),
    )
    return frozenset(row["code"] for row in rows)


async def theirs(db: Database, index: bytes, coordinator: int) -> WorkerId | None:
    """Return the worker with this number, if this coordinator looks after her."""
    return await db.value(
        """select w.id from worker w join coordinator c on c.id = $2
           where w.msisdn_index = $1 and looks_after(c.id, c.partner_id, w.coordinator_id, w.partner_id)""",
        index,
        coordinator,
    )


async def is_coordinator(db: Database, index: bytes) -> bool:
    """Return whether this number is or was a coordinator's."""
    return await db.value("select exists (select from coordinator where msisdn_index = $1)", index)


@dataclass(frozen=True, slots=True)
class ReachableCoordinator:
    """A coordinator who may be told about a worker."""

    id: int
    msisdn_sealed: bytes
    language: str


async def coordinators_of(db: Database, worker: WorkerId) -> list[ReachableCoordinator]:
    """Return the number and language of each coordinator who looks after a worker now."""
    rows = await db.rows(
        """select c.id, c.msisdn_sealed, c.language from worker_coordinators($1) as k(id)
           join coordinator c on c.id = k.id order by c.id""",
        worker,
    )
    return [ReachableCoordinator(**row) for row in rows]


async def coordinator_indexes(db: Database, worker: WorkerId) -> list[bytes]:
    """Return the blind indexes of the numbers of a worker's coordinators."""
    rows = await db.rows(
        """select c.msisdn_index from worker_coordinators($1) as k(id)
           join coordinator c on c.id = k.id""",
        worker,
    )
    return [row["msisdn_index"] for row in rows]


async def coordinators(db: Database) -> list[Row]:
    """Return the number and language of each active coordinator, in the order of their ids."""
    return await db.rows(
        "select msisdn_sealed, language from coordinator where state = 'active' order by id"
    )


async def worker_of(db: Database, index: bytes) -> WorkerId | None:
    """Return the worker with this number."""
    return await db.value("select id from worker where msisdn_index = $1", index)


async def reached(db: Database, worker: WorkerId) -> tuple[str, str]:
    """Return the worker's language, and the channel of SMS to her."""
    row = await db.row("select language, sms_channel from worker where id = $1", worker)
    assert row is not None
    return row["language"], row["sms_channel"]


async def state_of(db: Database, index: bytes) -> str:
    """Return the state of the worker with this number, or `nobody` when there is none.

    A number whose carrier reports an opt-out is `stopped`, even without a worker.
    """
    return await db.value(
        """select case when exists (select from opt_out where msisdn_index = $1) then 'stopped'
             else coalesce((select state from worker where msisdn_index = $1), 'nobody') end""",
        index,
    )


async def add_coordinator(
    db: Connection | Database,
    *,
    name: str,
    language: str,
    sealed: bytes,
    index: bytes,
    partner: str | None,
) -> None:
    """Add a coordinator's number. For a known number, change name, language and partner."""
    await db.execute(
        """insert into coordinator (name, language, partner_id, msisdn_sealed, msisdn_index)
           values ($1, $2, (select id from partner where code = upper($3)), $4, $5)
           on conflict (msisdn_index) do update set name = excluded.name, language = excluded.language,
             partner_id = excluded.partner_id, state = 'active'""",
        name,
        language,
        partner,
        sealed,
        index,
    )


async def coordinator(db: Database, coordinator_id: int) -> Row | None:
    return await db.row(
        """select c.name, p.name as partner from coordinator c left join partner p on p.id = c.partner_id
           where c.id = $1 and c.state = 'active'""",
        coordinator_id,
    )


async def workers_of(db: Database, coordinator_id: int) -> list[Row]:
    """Return a coordinator's workers by name, with their figures.

    These are the state, the answers of the last 24 hours, gold, and the current pause.
    """
    return await db.rows(
        """select w.id, w.name, w.msisdn_sealed, w.state, w.language, coalesce(g.right, 0) as right, coalesce(g.seen, 0) as seen, g.until,
             coalesce(n.answers, 0) as answers
           from coordinator c join worker w on looks_after(c.id, c.partner_id, w.coordinator_id, w.partner_id)
             left join lateral (select sum(s.gold_right) as right, sum(s.gold_right + s.gold_wrong) as seen,
                 max(s.paused_until) filter (where s.paused_until > now()) as until
               from skill s where s.worker_id = w.id) g on true
             left join lateral (select count(*) as answers from answer x
               where x.worker_id = w.id and x.created_at > now() - interval '24 hours') n on true
           where c.id = $1 order by w.name, w.id limit 1000""",
        coordinator_id,
    )


@dataclass(frozen=True, slots=True)
class WorkerContact:
    """The number and the language of a worker."""

    language: str
    state: str
    sms_channel: str
    msisdn_sealed: bytes


async def contact_of(db: Connection, worker: int) -> WorkerContact | None:
    """Return the language, state, SMS channel and sealed number of a worker."""
    row = await db.row(
        "select language, state, sms_channel, msisdn_sealed from worker where id = $1", worker
    )
    return WorkerContact(**row) if row else None
