"""A day of one worker, played by a process that may be killed at any point of it.

The next process plays it again. Everything in it comes with its own id, as providers repeat what
got no answer: so a process that starts again simply starts at the beginning. The worker answers a
question and cashes out; answers another and cashes out, and this time it is the operator's
statement that says it was paid; her batch is closed, the history sealed.
"""

import asyncio
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx2
from pydantic import SecretStr

from gateway.api.server import make_app
from gateway.app import STEPS, open_runtime
from gateway.base import failpoints
from gateway.queue.bells import RqJobQueue
from gateway.servers import EmbeddedServers
from gateway.settings import ProviderSettings, Settings
from gateway.simulator.wire import Listener
from gateway.steps.payouts.disburse import disburse
from gateway.steps.payouts.reconcile import import_statement
from gateway.steps.payouts.seal_ledger import seal
from gateway.steps.runtime import Runtime
from gateway.store.due import due_jobs
from tests.support.town import FORM, MovableClock

PRICE_MINOR = 15_00
ROUNDS_MAX = 60
_ON_THEIR_WAY = (
    "select count(*) from outbox where to_index = $1 and state in ('queued', 'sending', 'unknown')"
)


@dataclass(frozen=True)
class Installation:
    """The state that all processes of one installation share.

    Its folder with the servers' data, its port, its operator's address.
    """

    folder: Path
    secret: str
    port: int
    operator: str
    client_key: str = ""

    def settings(self, database_url: str) -> Settings:
        mpesa = {
            "base_url": self.operator,
            "consumer_key": "t",
            "consumer_secret": "t",
            "initiator": "t",
            "security_credential": "dA==",
            "shortcode": "600997",
        }
        return Settings(
            database_url=SecretStr(database_url),
            secret_key=SecretStr(self.secret),
            data_dir=self.folder / "gateway-data",
            public_url=f"http://127.0.0.1:{self.port}",
            quiet_hours="",
            private_addresses=("127.0.0.0/8",),
            providers={"mpesa": ProviderSettings(kind="mpesa", options=mpesa)},
        )


@dataclass(frozen=True)
class Worker:
    name: str
    msisdn: str


def lives(
    installation: Installation,
    worker: Worker,
    begins: bool,  # noqa: FBT001
    point: str,
    victims: list[int],
) -> None:
    """A process with her day, and a point armed; "" to play it to its end."""
    sys.stdout = sys.stderr = (installation.folder / "process.log").open("a")
    asyncio.run(_lives(installation, worker, point, victims, begins=begins))


async def _lives(
    installation: Installation, worker: Worker, point: str, victims: list[int], *, begins: bool
) -> None:
    async with gateway(installation) as (rt, clock, http):
        if begins:
            await opens(http, installation, worker)
        if point:
            await rt.db.execute("delete from provider_token")  # as on a first day
            failpoints.arm(point, victims)
        await day(rt, clock, http, installation, worker)


async def opens(http: httpx2.AsyncClient, installation: Installation, worker: Worker) -> None:
    """She joins, and a batch of two questions waits for her."""
    for n, words in enumerate(("JOIN KIBERA", "YES")):
        form = {"id": f"{worker.name}-{n}y", "from": worker.msisdn, "to": "20880", "text": words}
        await http.post("/in/phone/local/sms", content=urlencode(form), headers=FORM)
    said = {
        "name": worker.name,
        "kind": "verification",
        "instructions": "Is it true?",
        "price": "15.00",
        "policy": "fixed:1",
        "pack": "off",
    }
    headers = {"Authorization": f"Bearer {installation.client_key}"}
    made = await http.post("/api/v1/batches", json=said, headers=headers)
    assert made.status_code == 201, made.text
    path = f"/api/v1/batches/{made.json()['id']}"
    tasks = [{"id": f"t{n}", "text": f"Is shop {n} open?"} for n in (1, 2)]
    for step, body in (("tasks", tasks), ("start", None)):
        answer = await http.post(f"{path}/{step}", json=body, headers=headers)
        assert answer.is_success, answer.text


async def fills(http: httpx2.AsyncClient, installation: Installation, worker: Worker) -> None:
    """Her client uploads the tasks of a later batch, and again if they are not there."""
    headers, name = {"Authorization": f"Bearer {installation.client_key}"}, f"{worker.name}-later"
    listed = (await http.get("/api/v1/batches", headers=headers)).json()
    found = [one for one in listed["batches"] if one["name"] == name]
    if not found:
        said = {
            "name": name,
            "kind": "verification",
            "instructions": "Is it true?",
            "price": "15.00",
        }
        found = [(await http.post("/api/v1/batches", json=said, headers=headers)).json()]
    path = f"/api/v1/batches/{found[0]['id']}"
    tasks = [{"id": f"t{n}", "text": f"Is shop {n} open?"} for n in range(3)]
    if not found[0]["progress"]["tasks"]:
        answer = await http.post(f"{path}/tasks", json=tasks, headers=headers)
        assert answer.status_code == 201, answer.text
    shown = (await http.get(path, headers=headers)).json()
    assert (shown["progress"]["tasks"], shown["background"]) == (3, None)


@asynccontextmanager
async def gateway(installation: Installation):
    with EmbeddedServers(installation.folder / "data") as servers:
        jobs = RqJobQueue(servers.redis_url, "tests.system.faults.worker_day.no_runner_answers")
        clock = MovableClock()
        settings = installation.settings(servers.database_url)
        async with open_runtime(settings, jobs, clock=clock, connections=4) as rt:

            @asynccontextmanager
            async def already_open():
                yield rt

            app = make_app(already_open)
            async with (
                app.api.router.lifespan_context(app.api),
                Listener(app, port=installation.port) as door,
                httpx2.AsyncClient(base_url=door.url, timeout=300, verify=False) as http,
            ):
                try:
                    yield rt, clock, http
                finally:
                    await jobs.close()


async def day(
    rt: Runtime,
    clock: MovableClock,
    http: httpx2.AsyncClient,
    installation: Installation,
    worker: Worker,
) -> None:
    async def texts(nth: int, words: str) -> None:
        """She writes, and waits for the reply: only a reader answers what she reads."""
        event = f"{worker.name}-{nth}"
        form = {"id": event, "from": worker.msisdn, "to": "20880", "text": words}
        answer = await http.post("/in/phone/local/sms", content=urlencode(form), headers=FORM)
        assert answer.status_code == 200, answer.text
        for _ in range(ROUNDS_MAX):
            if (
                await rt.db.value(
                    "select state from inbox where split_part(event_id, '@', 1) = $1", event
                )
                == "done"
            ):
                return
            await rings(rt, clock, seconds=5)
        raise AssertionError(f"{event} is never heard")

    await fills(http, installation, worker)
    await texts(1, "WORK")
    await texts(2, "1")
    await texts(3, "PAY")
    await until_settled(rt, clock)
    await texts(4, "1")
    await texts(5, "PAY")
    await disburse(rt)  # sent, and not asked about: this time the statement is faster
    async with httpx2.AsyncClient(
        base_url=installation.operator, timeout=600, verify=False
    ) as operator:
        await operator.post("/admin/settle")
        statement = await operator.post("/admin/statement", json={})
    await import_statement(rt, "mpesa", statement.text)
    await until_settled(rt, clock)
    for _ in range(ROUNDS_MAX):
        await rings(rt, clock, minutes=1)
        if not await rt.db.value(_ON_THEIR_WAY, rt.vault.index(worker.msisdn)):
            break
    await seal(rt)


async def rings(rt: Runtime, clock: MovableClock, **later: float) -> None:
    """The ticker rings for what rows say is due, and a runner answers."""
    clock.advance(**later)
    for step, *arguments in await due_jobs(rt.db, clock.now()):
        await STEPS[step](rt, *arguments)


async def until_settled(rt: Runtime, clock: MovableClock) -> None:
    for _ in range(ROUNDS_MAX):
        await rings(rt, clock)
        if not await rt.db.value("select count(*) from payout where settled_at is null"):
            return
        await asyncio.sleep(0.02)  # the operator calls back
        clock.advance(seconds=20)
    raise AssertionError("a payout does not settle")


def no_runner_answers() -> None:
    """Leave enqueued jobs unanswered: the rows find them, since no runner listens here."""
