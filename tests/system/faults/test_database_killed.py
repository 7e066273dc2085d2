"""PostgreSQL is killed (kill -9) while SMS come in.

The gateway goes on taking them, and each counts once when it is back.
"""

import asyncio
import os

import asyncpg
import pytest

from gateway.servers import EmbeddedServers, locks
from gateway.store.ledger import transfers
from tests.support.town import eventually

from .installation import PARTNER, SHORTCODE, a_client, installation, starts_a_batch

pytestmark = pytest.mark.timeout(1800)

PEOPLE = 8
AWAY_S = 3.0


@pytest.fixture
async def here(tmp_path):
    async with installation(tmp_path) as made:
        await made.starts()
        yield made


async def test_answers_that_come_while_postgres_is_killed_are_all_counted_once(here):
    async with here.books() as rt:
        key = await a_client(rt)
    people = [here.carrier.phone(f"+2547110005{n:02}") for n in range(PEOPLE)]
    for person in people:
        await person.text(SHORTCODE, f"JOIN {PARTNER}")
        assert "Do you agree?" in (await person.next_sms(300)).text
        await person.text(SHORTCODE, "YES")
        assert "You have joined" in (await person.next_sms(300)).text
    await starts_a_batch(here, key, tasks=PEOPLE, policy="fixed:1", pack="off")
    for person in people:
        await person.text(SHORTCODE, "WORK")  # by night, too, when no worker is asked unasked
        assert "1 Yes" in (await person.next_sms(300)).text

    # The gateway's own processes would start it again at once: this lock keeps them waiting until
    # all have answered, so that each answer is acknowledged without a database.
    starting = locks.take_lock(
        here.folder / "data" / "postgres" / "start.lock", shared=False, wait_s=300
    )
    here.kills_the_servers("postgres")
    taken = []
    for person in people:
        taken.append(await person.text(SHORTCODE, "1"))
        await asyncio.sleep(AWAY_S / PEOPLE)
    # The carrier missed the gateway's 200 of some, and sends them again.
    taken += [await people[n].text(SHORTCODE, "1", ref=taken[n].ref) for n in range(3)]
    assert [(sms.status, sms.attempts) for sms in taken] == [(200, 1)] * len(taken)
    with pytest.raises((OSError, asyncpg.PostgresError)):
        await asyncpg.connect(dsn(here), timeout=2)
    os.close(starting)

    async def is_back():
        try:
            await (await asyncpg.connect(dsn(here), timeout=300)).close()
        except (OSError, asyncpg.PostgresError):
            return False
        return True

    await eventually(is_back)  # started by the gateway's own processes, without a supervisor
    async with here.books() as rt:

        async def counted():
            return await rt.db.value("select count(*) from answer") >= PEOPLE

        await eventually(counted, 300)
        for person in people:
            while "Saved" not in (await person.next_sms(300)).text:
                pass
        refs = {sms.ref for sms in taken}
        done = await rt.db.value(
            "select count(*) from inbox where kind = 'sms' and state = 'done' and split_part(event_id, '@', 1) = any($1)",
            list(refs),
        )
        assert (len(refs), done) == (PEOPLE, PEOPLE)
        assert await rt.db.value("select count(*) from answer") == PEOPLE
        assert await rt.db.value("select count(distinct worker_id) from answer") == PEOPLE

        async def nothing_waits():
            return not await rt.db.value(
                "select count(*) from inbox where kind = 'sms' and state <> 'done'"
            )

        await eventually(nothing_waits, 300)
        saved = [sms for person in people for sms in person.inbox if "Saved" in sms.text]
        assert len(saved) == PEOPLE, "and each is told once"
        assert (await transfers.audit(rt.db)).faults == ()


def dsn(here):
    return EmbeddedServers(here.folder / "data", redis=False).postgres_dsn
