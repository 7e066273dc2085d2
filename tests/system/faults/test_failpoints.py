"""Processes are killed (kill -9) at every failpoint: this one, PostgreSQL, Redis.

Started again, the books are equal. One installation serves all: each process finishes what the one
before it left undone, and is killed in its own day. All three at every point: `make failpoints`
(FAILPOINTS=all); in CI every point kills the process, some the servers.
"""

import asyncio
import multiprocessing
import os
import re
import signal
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gateway.app import open_runtime
from gateway.base.failpoints import (
    OF_ARCHIVES,
    OF_FILES,
    OF_LIFE,
    OF_PROJECTS,
    OF_WEBHOOKS,
    OF_WIND_DOWN,
    POINTS,
)
from gateway.base.vault import new_master_secret
from gateway.cli.replay.town import free_port
from gateway.queue.inline import InlineJobQueue
from gateway.servers import EmbeddedServers
from gateway.simulator.operators.daraja import DarajaTerms
from gateway.simulator.operators.judge import report
from gateway.simulator.operators.server import Operators
from gateway.steps.people import register
from gateway.steps.runtime import Runtime
from gateway.store.ledger import seals, transfers
from gateway.store.schema import migrate
from tests.system.faults import worker_day
from tests.system.faults.worker_day import PRICE_MINOR, Installation, Worker

pytestmark = pytest.mark.timeout(1800)

ALL = os.environ.get("FAILPOINTS") == "all"
IN_CI = {
    "postgres": ("hear.decided", "disburse.submitting", "disburse.answered", "statement.noted"),
    "redis": ("hear.written", "disburse.claimed", "callback.moved"),
}
CASES = [("process", point) for point in POINTS] + [
    (victim, point) for victim in IN_CI for point in (POINTS if ALL else IN_CI[victim])
]
PID_FILES = {"postgres": "postmaster.pid", "redis": "redis.pid"}
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.system.faults.worker_day"])


@dataclass
class Here:
    """The installation from outside. `usual`: what an undisturbed day leaves behind."""

    installation: Installation
    operators: Operators
    rt: Runtime
    met: int = 0
    usual: tuple[object, ...] = ()

    def meets(self) -> Worker:
        self.met += 1
        return Worker(f"w{self.met}", f"+2547120001{self.met:02d}")

    async def plays(
        self, worker: Worker, point: str, victims: Sequence[int] = (), *, begins: bool = False
    ) -> int:
        """A process plays her day until its end or its own; its exit code.

        `begins`: she and her batch are new.
        """
        process = PROCESSES.Process(
            target=worker_day.lives, args=(self.installation, worker, begins, point, list(victims))
        )
        process.start()
        await asyncio.to_thread(process.join, 300)
        assert process.exitcode is not None, "it hangs"
        return process.exitcode

    def said(self) -> str:
        return (self.installation.folder / "process.log").read_text()[-3000:]

    async def left_behind(self, worker: Worker) -> tuple[object, ...]:
        """Her rows, counted: nothing may be missing, nothing be there twice."""
        index = self.rt.vault.index(worker.msisdn)
        row = await self.rt.db.row(
            """select w.id, a.balance, (select count(*) from answer where worker_id = w.id) as answers,
                 (select count(*) from payout where worker_id = w.id) as payouts,
                 (select coalesce(sum(amount), 0)::bigint from payout where worker_id = w.id and state = 'paid') as paid,
                 (select jsonb_object_agg(purpose, n) from (select purpose, count(*) n from outbox
                    where to_index = w.msisdn_index group by purpose) x) as messages,
                 (select count(*) from outbox o where o.to_index = w.msisdn_index
                    and state not in ('accepted', 'cancelled')) as unsent,
                 (select count(*) from inbox i where i.event_id like $2 and i.state <> 'done') as undone,
                 (select state from batch where name = $3) as batch
               from worker w join account a on a.id = w.account_id where w.msisdn_index = $1""",
            index, f"{worker.name}-%", worker.name,
        )  # fmt: skip
        assert row is not None
        by_operator = self.operators.books.db.execute(
            "SELECT count(*), sum(amount_minor) FROM payment WHERE msisdn = ?",
            (worker.msisdn.removeprefix("+"),),
        ).fetchone()
        return (*(value for name, value in row.items() if name != "id"), *by_operator)

    async def has_right_books(self) -> None:
        audit, chain = await transfers.audit(self.rt.db), await seals.verify(self.rt.db)
        assert (audit.faults, chain.faults) == ((), ())
        assert report(self.operators.books)["duplicates"] == 0
        unexplained = await self.rt.db.value("select count(*) from discrepancy where stops")
        assert unexplained == 0


@pytest.fixture(scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Here]:
    folder = tmp_path_factory.mktemp("failpoints")
    async with Operators(seed=5, terms=DarajaTerms(result_delay_s=0.0)) as operators:
        installation = Installation(folder, new_master_secret(), free_port(), operators.url)
        with EmbeddedServers(folder / "data") as servers:
            await migrate(servers.database_url)
            settings = installation.settings(servers.database_url)
            async with open_runtime(settings, InlineJobQueue(), connections=2) as rt:
                await register.add_partner(rt, "KIBERA", "Kibera Youth")
                client, key = await register.add_client(rt, "Acme", "KES")
                await register.top_up(rt, client, "bank", 1_000_000_00)
                made = Here(replace(installation, client_key=key), operators, rt)
                undisturbed = made.meets()
                assert await made.plays(undisturbed, "", begins=True) == 0, made.said()
                made.usual = await made.left_behind(undisturbed)
                yield made


def victims_of(here: Here, victim: str) -> list[int]:
    """The server's process; none for the process itself."""
    if victim == "process":
        return []
    file = here.installation.folder / "data" / victim / "data" / PID_FILES[victim]
    return [int(file.read_text().split("\n")[0])]


def lives_on(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_an_undisturbed_day(here: Here):
    balance, answers, payouts, paid, messages, unsent, undone, batch, times, minor = here.usual
    assert (balance, answers, payouts, paid) == (0, 2, 2, 2 * PRICE_MINOR)
    assert (unsent, undone, batch) == (0, 0, "done")
    assert messages["money"] == 2
    assert (times, minor) == (2, 2 * PRICE_MINOR)
    await here.has_right_books()


@pytest.mark.parametrize(("victim", "point"), CASES, ids=[f"{v}-{p}" for v, p in CASES])
async def test_killed_and_started_again_the_books_are_equal(here: Here, victim: str, point: str):
    worker, victims = here.meets(), victims_of(here, victim)
    died = await here.plays(worker, point, victims, begins=True)
    if victim == "process":
        assert died == -signal.SIGKILL, f"{point} was not reached: {here.said()}"
    else:
        assert not any(map(lives_on, victims)), here.said()
    with EmbeddedServers(here.installation.folder / "data"):
        assert await here.plays(worker, "") == 0, here.said()
        assert await here.left_behind(worker) == here.usual
        await here.has_right_books()


def test_every_point_in_the_code_is_on_the_list():
    root = Path(worker_day.__file__).parents[3] / "gateway"
    found = [
        name
        for file in root.rglob("*.py")
        for name in re.findall(r'\breach\("([a-z_.]+)"\)', file.read_text())
    ]
    assert set(found) == {
        *POINTS,
        *OF_ARCHIVES,
        *OF_WEBHOOKS,
        *OF_WIND_DOWN,
        *OF_PROJECTS,
        *OF_LIFE,
        *OF_FILES,
    }
