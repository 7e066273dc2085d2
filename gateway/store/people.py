"""Partners, coordinators, workers: look-ups and the console's and command line's changes."""

from collections.abc import Sequence

from gateway.store.db import Connection, Database


async def partner_codes(db: Database, words: Sequence[str]) -> frozenset[str]:
    """Which of these (upper-case) words are partner codes."""
    rows = await db.rows("select code from partner where code = any($1)", list(words[:20]))
    return frozenset(row["code"] for row in rows)


async def state_of(db: Database, index: bytes, coordinator: int) -> str:
    """The state of the worker with this number; 'nobody' where there is none, or none this coordinator may touch
    (an active worker of somebody else is still 'active': she cannot be invited again)."""
    row = await db.row("select state, coordinator_id from worker where msisdn_index = $1", index)
    if row is None or (row["state"] == "removed" and row["coordinator_id"] != coordinator):
        return "nobody"
    return row["state"]


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
