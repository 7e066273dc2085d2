"""Partners, coordinators, workers: look-ups and the console's and command line's changes."""

from collections.abc import Sequence

from gateway.ids import WorkerId
from gateway.store.db import Connection, Database


async def partner_codes(db: Database, words: Sequence[str]) -> frozenset[str]:
    """Which of these (upper-case) words are partner codes."""
    rows = await db.rows("select code from partner where code = any($1)", list(words[:20]))
    return frozenset(row["code"] for row in rows)


# Whom a coordinator looks after: those she enrolled, and those of her centre.
THEIRS = """(w.coordinator_id = $2 or w.partner_id =
  (select c.partner_id from coordinator c where c.id = $2))"""


async def theirs(db: Database, index: bytes, coordinator: int) -> WorkerId | None:
    """The worker with this number, if this coordinator looks after her."""
    return await db.value(
        f"select w.id from worker w where w.msisdn_index = $1 and {THEIRS}", index, coordinator
    )


async def worker_of(db: Database, index: bytes) -> WorkerId | None:
    """The worker with this number."""
    return await db.value("select id from worker where msisdn_index = $1", index)


async def reached(db: Database, worker: WorkerId) -> tuple[str, str]:
    """Her language, and the channel her SMS go out on."""
    row = await db.row("select language, sms_channel from worker where id = $1", worker)
    assert row is not None
    return row["language"], row["sms_channel"]


async def state_of(db: Database, index: bytes) -> str:
    """The state of the worker with this number; 'nobody' where there is none. A number that its carrier says wants
    nothing from us is 'stopped', whoever it is."""
    return await db.value(
        """select case when exists (select from opt_out where msisdn_index = $1) then 'stopped'
             else coalesce((select state from worker where msisdn_index = $1), 'nobody') end""",
        index,
    )


async def add_partner(db: Database, code: str, name: str) -> None:
    await db.execute(
        "insert into partner (code, name) values (upper($1), $2) on conflict (code) do update set name = excluded.name",
        code,
        name,
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
    """A coordinator's number; the same number again changes name, language and partner."""
    await db.execute(
        """insert into coordinator (name, language, partner_id, msisdn_sealed, msisdn_index)
           values ($1, $2, (select id from partner where code = upper($3)), $4, $5)
           on conflict (msisdn_index) do update set name = excluded.name, language = excluded.language,
             partner_id = excluded.partner_id""",
        name,
        language,
        partner,
        sealed,
        index,
    )
