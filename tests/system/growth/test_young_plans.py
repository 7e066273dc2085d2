"""A gateway keeps the plans it made while it was young: they hold when much came in since."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from gateway.servers import EmbeddedServers
from tests.conftest import NewDatabase, opened_gateway
from tests.support.town import Town
from tests.system.growth.plans import ON, Log

ROWS = 20_000
ROWS_MAX = 3_000
TASKS = 200


@pytest.fixture(scope="session")
async def young(
    new_database: NewDatabase, embedded: EmbeddedServers
) -> AsyncIterator[tuple[Town, Log]]:
    """Return a gateway whose plans are kept whatever comes, explained in the log.

    Nothing tells it that its tables grow.
    """
    url = await new_database("young_plans")
    admin = await asyncpg.connect(embedded.postgres_dsn)
    for setting in (*ON, "plan_cache_mode = 'force_generic_plan'"):
        await admin.execute(f"alter database young_plans set {setting}")
    await admin.close()
    async with opened_gateway(url) as town:
        parts = [row["part"] for row in await town.rt.db.rows("select part from parts()")]
        for table in (*parts, "inbox_key", "outbox_key", "assignment", "answer", "transfer"):
            await town.rt.db.execute(f"alter table {table} set (autovacuum_enabled = false)")
        yield town, Log(embedded.kept[0].log_file)


async def works_by_dialling(town: Town, name: str) -> None:
    her = town[name]
    await her.dials()
    await her.presses("1")
    for _ in range(3):
        assert "Saved" in (await her.presses("1")).text


async def works_by_sms(town: Town, name: str) -> None:
    her = town[name]
    await her.texts("WORK")
    await town.answers_bells()
    for _ in range(3):
        await her.texts("1")
        await town.answers_bells()


async def much_comes_in(town: Town) -> None:
    """Events, sessions and messages of other phones, as many as a busy hour brings."""
    await town.rt.db.execute(
        """select keep_event('phone', case when n % 2 = 0 then 'ussd' else 'sms' end, 'other-' || n, null, 'done', null,
               null, null) from generate_series(1, $1::int) n""",
        ROWS,
    )
    await town.rt.db.execute(
        """insert into ussd_session (channel, session, msisdn_index, transcript, view, memory, pages)
           select 'phone', 'other-' || n, sha256(n::text::bytea), '1', 'home', '{}', '{}'
             from generate_series(1, $1::int) n""",
        ROWS,
    )
    await town.rt.db.execute(
        """insert into outbox (channel, to_sealed, to_index, text, segments, encoding, purpose, priority, state)
           select 'phone', ''::bytea, sha256(n::text::bytea), 'Hello', 1, 'gsm7', 'reply', 0, 'accepted'
             from generate_series(1, $1::int) n""",
        ROWS,
    )


async def test_a_step_reads_little_after_a_busy_hour(young: tuple[Town, Log]):
    town, log = young
    await town.opens()
    await town.posts_batch(*(f"Is stall {n} open on Sundays?" for n in range(TASKS)))
    for name in ("Amina", "Brian"):
        await town.enrols(name)
    await works_by_dialling(town, "Amina")
    await works_by_sms(town, "Brian")
    await much_comes_in(town)
    list(log.scans())
    await works_by_dialling(town, "Amina")
    await works_by_sms(town, "Brian")
    scans = list(log.scans())
    assert scans, "the log explains nothing: this test would see nothing"
    faults = sorted({str(scan) for scan in scans if scan.rows > ROWS_MAX})
    assert not faults, "\n" + "\n".join(faults)
