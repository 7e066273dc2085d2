"""Frequent work never reads history: the real plan of every statement, on a gateway with a past."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime

import asyncpg
import pytest

from gateway.base.ids import ClientId, answer_ref
from gateway.servers import EmbeddedServers
from gateway.steps.batches.close import close
from gateway.steps.batches.count import count_batches
from gateway.steps.housekeeping.sweep import sweep
from gateway.steps.messages import contact_hours
from gateway.steps.people import register
from gateway.steps.quality.update_skills import score
from gateway.steps.turns.assign import assign
from gateway.steps.turns.catch_up import catch_up
from gateway.store import due, health
from gateway.store.batches import listed_answers, listed_batches, listed_tasks, results
from gateway.store.history import fill
from gateway.store.ledger import traces
from gateway.store.messages import channel_health, outbox, weekly
from gateway.store.people import clients, workers
from gateway.store.turns import idle_workers
from tests.conftest import NewDatabase, opened_gateway
from tests.support.town import Town
from tests.system.growth.plans import ON, Log, Scan

PLAN = fill.plan(50_000, workers=2_000, open_tasks=21_000)
"""Some 300,000 rows; the largest open batch is one that is not counted at each look."""
CLIENT = ClientId("c_filled3")
"""The owner of the largest open batch."""
ROWS_MAX = 3_000
"""Rows that one statement may read of a growing table. Every table that grows with history has ten
times more.
"""
MONTHLY = frozenset({"inbox", "outbox", "ussd_session"})
"""Tables that lie in months."""
PARTS_MAX = 150 * idle_workers.PART
"""Rows that a look at a part of the idle workers may read: for each, the tasks that are just being
answered.
"""
PAGE_MAX = 12_000
"""Rows that a page of results is read from: 2,000 tasks, and up to six answers of each."""
LATEST_MAX = 6_000
"""Rows that the rates of the channels are read from: the latest 5,000 messages and events."""


@pytest.fixture(scope="session")
async def grown(
    new_database: NewDatabase, embedded: EmbeddedServers
) -> AsyncIterator[tuple[Town, Log]]:
    """A gateway with a year of history, whose statements are explained in the server's log."""
    url = await new_database("with_a_past")
    admin = await asyncpg.connect(embedded.postgres_dsn)
    for setting in ON:
        await admin.execute(f"alter database with_a_past set {setting}")
    await admin.close()
    async with opened_gateway(url) as town:
        vault = town.rt.vault
        numbers = [number_of(n) for n in range(PLAN.workers)]
        sealed = [(vault.seal(n), vault.index(n)) for n in numbers]
        async for _ in fill.fill(url, PLAN, sealed, "KES", "KE"):
            pass
        await register.add_partner(town.rt, "KIBERA", "Kibera")
        await workers.add_coordinator(
            town.rt.db,
            name="Grace",
            language="en",
            sealed=vault.seal("+254711000001"),
            index=vault.index("+254711000001"),
            partner=None,
        )
        await town.rt.db.execute(
            "update worker set coordinator_id = (select id from coordinator) where id % 40 = 0"
        )
        assert await count_batches(town.rt) == 1
        yield town, Log(embedded.kept[0].log_file)


def number_of(worker: int) -> str:
    """The phone number of the n-th worker, counted from 0; the first ones are the busiest."""
    return f"+{254_700_000_000 + worker}"


async def the_ticker_looks(town: Town) -> None:
    await due.due_jobs(town.rt.db, datetime.now(UTC))


async def nobody_may_be_asked(town: Town) -> None:
    asleep = {
        "now": "2026-01-01T00:00:00Z",
        "hours": {"KE": 3},
        "from": 21,
        "until": 8,
        "per_hour": 9,
        "per_day": 99,
    }
    now = town.clock.now()
    assert await idle_workers.by_sms(town.rt.db, 500, asleep, now) == []
    assert (
        await idle_workers.by_ussd(town.rt.db, 500, asleep, now, idle_workers.IdleSince(now, now))
        == []
    )


async def idle_workers_are_asked(town: Town) -> None:
    await assign(town.rt)


async def leases_are_swept(town: Town) -> None:
    await sweep(town.rt)


async def nothing_is_to_be_scored_or_closed(town: Town) -> None:
    await score(town.rt)
    await close(town.rt)
    await catch_up(town.rt)


async def figures_are_read(town: Town) -> None:
    await health.figures(town.rt.db)
    await channel_health.channels(town.rt.db, ["phone"], datetime.now(UTC))
    await outbox.bills(town.rt.db)


async def a_client_looks_at_her_account_and_batches(town: Town) -> None:
    await clients.account(town.rt.db, CLIENT)
    await listed_batches.of_client(town.rt.db, CLIENT, "b_large")
    await listed_batches.all_of_client(town.rt.db, CLIENT)


async def a_coordinator_opens_her_page(town: Town) -> None:
    coordinator = await town.value("select id from coordinator")
    assert len(await workers.workers_of(town.rt.db, coordinator)) == PLAN.workers // 40


async def a_worker_dials_again_while_she_holds_a_question(town: Town) -> None:
    her = town.meets("Holder", number_of(1))
    assert "Gikomba" in (await her.dials()).text or await her.presses("1")
    await her.dials()


async def a_worker_dials_and_answers(town: Town) -> None:
    her = town.meets("Dialler", number_of(1201))
    await her.dials()
    assert "Gikomba" in (await her.presses("1")).text
    await her.presses("1")


async def the_busiest_worker_texts(town: Town) -> None:
    her = town.meets("Busy", number_of(0))
    answer = await town.value("select max(id) from answer where worker_id = $1", await her.id())
    ref = answer_ref(answer)
    for words in ("WORK", "1", "HELP", "WHY", f"WHY {ref}", f"APPEAL {ref}", "APPEAL", "WEEK"):
        await her.texts(words)


async def a_part_of_the_weekly_messages_is_written(town: Town) -> None:
    now, rules = town.clock.now(), weekly.WeeklyRules(1, 0, 168, {"KE": "Africa/Nairobi"})
    prompts = contact_hours.contact_rules(town.rt)
    part = await weekly.next_part(town.rt.db, rules, prompts, now, 100)
    assert part.looked_at == 100


async def a_worker_cashes_out(town: Town) -> None:
    her = town.meets("Payday", number_of(8))
    await her.texts("PAY")


async def a_coordinator_finds_a_worker(town: Town) -> None:
    index = town.rt.vault.index(number_of(0))
    worker = await workers.worker_of(town.rt.db, index)
    assert worker is not None


async def a_client_reads_the_first_results_of_her_largest_batch(town: Town) -> None:
    for asked in (
        results.ALL,
        results.ResultsAsked(after=9_000, with_gold=True, with_text=True),
        results.ResultsAsked(state="open"),
        results.ResultsAsked(decided_after=datetime(2026, 1, 1, tzinfo=UTC)),
    ):
        found = results.of_batch(town.rt.db, "b_large", "agreed", 0.9, asked=asked)
        async with aclosing(found):
            assert await anext(found, None) or asked.decided_after


async def a_client_reads_a_page_of_her_largest_batch(town: Town) -> None:
    for state in (None, "open"):
        assert await listed_tasks.page(town.rt.db, "b_large", state=state, after=None, limit=100)
    since = datetime(2026, 1, 1, tzinfo=UTC)
    start = listed_answers.AnswerCursor(0, 0)
    async with aclosing(
        listed_answers.of_batch(town.rt.db, "b_large", after=start, since=since)
    ) as found:
        await anext(found, None)


DONE_OFTEN = (
    the_ticker_looks,
    nobody_may_be_asked,
    idle_workers_are_asked,
    leases_are_swept,
    nothing_is_to_be_scored_or_closed,
    figures_are_read,
    a_client_looks_at_her_account_and_batches,
    a_client_reads_the_first_results_of_her_largest_batch,
    a_client_reads_a_page_of_her_largest_batch,
    a_coordinator_opens_her_page,
    a_worker_dials_again_while_she_holds_a_question,
    a_worker_dials_and_answers,
    the_busiest_worker_texts,
    a_part_of_the_weekly_messages_is_written,
    a_worker_cashes_out,
    a_coordinator_finds_a_worker,
)


@pytest.mark.parametrize("work", DONE_OFTEN, ids=lambda work: work.__name__.replace("_", " "))
async def test_is_bounded(grown: tuple[Town, Log], work: Callable[[Town], Awaitable[None]]):
    town, log = grown
    list(log.scans())
    await work(town)
    scans = list(log.scans())
    assert scans, "the log explains nothing: this test would see nothing"
    most: dict[object, int] = {
        idle_workers_are_asked: PARTS_MAX,
        nobody_may_be_asked: PARTS_MAX,
        figures_are_read: LATEST_MAX,
        a_client_reads_the_first_results_of_her_largest_batch: PAGE_MAX,
    }
    faults = sorted({str(scan) for scan in scans if is_unbounded(scan, most.get(work, ROWS_MAX))})
    assert not faults, "\n" + "\n".join(faults)


async def test_the_proof_of_a_batch_reads_its_own_answers_only(grown: tuple[Town, Log]):
    town, log = grown
    list(log.scans())
    links = [link async for link in traces.of_batch(town.rt.db, "b_done0")]
    answers = [link.answer["answer"] for link in links if link.answer]
    assert len(set(answers)) == 25_000
    assert sum(link.amount_minor for link in links) == 25_000 * 500
    read = max(scan.rows for scan in log.scans() if scan.on == "answer")
    assert read <= 25_000


async def test_the_made_up_books_are_right(grown: tuple[Town, Log]):
    town, _ = grown
    await town.has_right_books()


def is_unbounded(scan: Scan, rows_max: int) -> bool:
    """Return whether a scan reads a table or an index as a whole, or more than `rows_max` rows.

    Nothing that is done often needs more. An index that is read from end to end reads many pages
    for each row it finds.
    """
    walks = scan.pages_a_loop > 100 and scan.pages_a_loop > 4 * scan.rows / scan.loops
    # Workers are counted by state: there are as many as there are workers, however much they did.
    whole = scan.kind.startswith("Seq Scan") and "from worker group by state" not in scan.statement
    # A month with a page or two, or one to come with none, is small by what it is.
    young_month = scan.on in MONTHLY and scan.pages_a_loop <= 2
    return (whole and not young_month) or scan.rows > rows_max or walks
