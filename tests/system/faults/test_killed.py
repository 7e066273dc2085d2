"""Anything and everything is killed (kill -9), again and again.

No answer, no message and no money is lost.
"""

import asyncio
import gc

import pytest
import redis as redis_room

from gateway.servers import EmbeddedServers
from gateway.simulator.faults import FaultPlan
from gateway.simulator.operators.judge import report
from gateway.store.ledger import transfers
from tests.support.town import eventually

from .installation import PARTNER, SHORTCODE, a_client, installation, starts_a_batch

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
async def here(tmp_path_factory):
    """A running gateway: API, runner and ticker."""
    async with installation(tmp_path_factory.mktemp("installation")) as made:
        await made.starts()
        yield made


@pytest.fixture
async def rt(here):
    async with here.books() as rt:
        yield rt


def empty_redis(here):
    """Empty Redis with FLUSHALL; there were jobs in it."""
    with (
        EmbeddedServers(here.folder / "data", postgres=False) as servers,
        redis_room.Redis.from_url(servers.redis_url) as redis,
    ):
        assert redis.keys("rq:job:*"), "bells hang there"
        redis.flushall()


async def let_the_leases_end(rt):
    """End the lease of each message that a dead runner was sending.

    A message that a living runner has locked is left to it. To wait for it would deadlock with a
    runner that holds one message and wants another.
    """
    await rt.db.execute(
        """update outbox set lease_until = now() where id in
           (select id from outbox where state = 'sending' order by id for update skip locked)"""
    )


async def all_sent(rt):
    return not await rt.db.value("select count(*) from outbox where state in ('queued', 'sending')")


async def test_a_runner_runs_jobs(here):
    amina = here.carrier.phone("+254711000001")
    sent = await amina.text(SHORTCODE, "HELLO")
    assert sent.status == 200
    assert "To join" in (await amina.next_sms(300)).text


async def test_a_runner_killed_while_it_sends_loses_no_message(here, rt):
    here.carrier.plan = FaultPlan(slow_s=3.0, rates={"sms": {"slow": 1.0}})
    people = [here.carrier.phone(f"+25471100010{n}") for n in range(6)]
    for person in people:
        await person.text(SHORTCODE, "HELLO")

    async def sending():
        return await rt.db.value("select count(*) from outbox where state = 'sending'")

    await eventually(sending, 300)
    here.kills("runner")
    here.carrier.plan = FaultPlan()
    assert await sending(), "claimed by a runner that is no more"
    await here.starts("runner")
    # A minute passes: the lease is over. (RQ still believes that the dead runner works on this
    # job.)
    await let_the_leases_end(rt)
    for person in people:
        assert "To join" in (await person.next_sms(300)).text
    await eventually(lambda: all_sent(rt), 300)


async def test_an_emptied_redis_loses_nothing(here, rt):
    here.kills("runner")
    people = [here.carrier.phone(f"+25471100020{n}") for n in range(4)]
    for person in people:
        await person.text(SHORTCODE, "HELLO")
    empty_redis(here)
    await here.starts("runner")
    for person in people:
        assert "To join" in (await person.next_sms(300)).text


async def test_a_ticker_killed_is_followed_by_another(here, rt):
    """Two tickers run and one leads; when it is killed the other rings."""
    here.children.start("ticker-2", here.children._children["ticker"].argv, here.env)
    here.kills("ticker")
    here.carrier.plan = FaultPlan()
    await rt.db.execute(
        """insert into outbox (channel, to_sealed, to_index, text, segments, encoding, purpose, priority)
           select channel, to_sealed, to_index, 'a row nobody rang for', 1, encoding, purpose, priority from outbox limit 1"""
    )
    await eventually(lambda: all_sent(rt), 300)
    here.kills("ticker-2")
    await here.starts("ticker")


async def all_join(people):
    for words in (f"JOIN {PARTNER}", "YES"):
        await asyncio.gather(*(person.text(SHORTCODE, words) for person in people))


# A phone's request that the killed gateway never answered leaves its half of the connection behind.
@pytest.mark.filterwarnings("ignore:Unclosed connection:ResourceWarning")
async def test_everything_killed_in_the_middle_of_work_and_started_again(here):
    async with here.books() as rt:
        key = await a_client(rt)
    people = [here.carrier.phone(f"+25471100030{n}") for n in range(8)]
    await all_join(people)
    batch = await starts_a_batch(here, key, tasks=20)
    saved: set[str] = set()

    async def works(person):
        """Answers while she is asked.

        A question may come twice after a crash; she answers what she reads last.
        """
        await person.text(SHORTCODE, "WORK")
        for _ in range(30):
            words = (await person.next_sms(300)).text
            if "Saved" in words:
                saved.add(words)
            if "1 Yes" in words:
                await person.text(SHORTCODE, "1")
            elif "No questions now" in words:
                return

    working = [asyncio.create_task(works(person)) for person in people]
    async with here.books() as rt:

        async def under_way():
            return await rt.db.value("select count(*) from answer") >= 8

        await eventually(under_way, 300)
    here.kills_the_servers()
    here.kills("api", "runner", "ticker")
    await here.starts()

    async with here.books() as rt:

        async def done():
            await let_the_leases_end(rt)
            return await rt.db.value("select state from batch where id = $1", batch) == "done"

        await eventually(done, 300)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        gc.collect()  # here, where it is expected
        assert await rt.db.value("select count(*) from answer") == 40
        acknowledged = [sms.ref for person in people for sms in person.sent if sms.status == 200]
        kept = await rt.db.value(
            "select count(*) from inbox where state = 'done' and kind = 'sms' and split_part(event_id, '@', 1) = any($1)",
            acknowledged,
        )
        assert kept == len(acknowledged), "what was acknowledged is there"

        await asyncio.gather(*(person.text(SHORTCODE, "PAY") for person in people))

        async def paid():
            return await rt.db.value(
                "select count(*) > 0 and count(*) = count(settled_at) from payout"
            )

        await eventually(paid, 300)
        audit = await transfers.audit(rt.db)
        assert audit.faults == ()
        ours = await rt.db.value("select sum(amount) from payout where state = 'paid'")
        books = report(here.operators.books)
        assert (books["paid_minor"], books["duplicates"]) == (ours, 0)
