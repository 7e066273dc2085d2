"""A gateway in its own processes, with a carrier and an operator in this one.

It is made to be killed and started again.
"""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from pydantic import SecretStr

from gateway.app import open_runtime
from gateway.cli.replay.town import free_port
from gateway.cli.run.process_group import Children, gateway_argv
from gateway.cli.serving import with_secret
from gateway.queue.inline import InlineJobQueue
from gateway.servers import EmbeddedServers
from gateway.settings import ChannelSettings, ChannelSide, ProviderSettings, Settings
from gateway.simulator.carriers.africastalking import CarrierServer
from gateway.simulator.carriers.terms import CarrierHooks, CarrierTerms
from gateway.simulator.operators.daraja import DarajaTerms as OperatorTerms
from gateway.simulator.operators.server import Operators
from gateway.steps.people import register
from gateway.steps.runtime import Runtime
from gateway.store.schema import migrate

SHORTCODE, PARTNER = "20880", "KIBERA"
MONEY_MINOR = 100_000_00


@dataclass
class Installation:
    """A gateway whose processes are `api`, `runner` and `ticker`.

    `folder` holds everything that must survive.
    """

    folder: Path
    port: int
    carrier: CarrierServer
    operators: Operators
    children: Children
    env: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def starts(self, *names: str) -> None:
        """Start processes, `api` always first and waited for: it migrates."""
        for name in names or ("api", "runner", "ticker"):
            if name == "api":
                ready = self.folder / "api.ready"
                argv = gateway_argv("api", "--ready-file", str(ready))
                self.children.start(name, argv, self.env, ready_file=ready)
                await asyncio.to_thread(self.children.wait_ready, name)
            else:
                self.children.start(name, gateway_argv(name), self.env)

    def kills(self, *names: str) -> None:
        """Send kill -9 to each named process."""
        for name in names:
            pid = self.children.pid(name)
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            process = self.children._children[name].process
            assert process
            process.wait(300)

    def kills_the_servers(self, *names: str) -> None:
        """Send kill -9 to PostgreSQL and Redis (or those named), with their keepers."""
        files = {"postgres": "postmaster.pid", "redis": "redis.pid"}
        pids = [
            int((self.folder / "data" / name / "data" / files[name]).read_text().split("\n")[0])
            for name in names or files
        ]
        keepers = [
            int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) for pid in pids
        ]
        for pid in keepers + pids:
            os.kill(pid, signal.SIGKILL)

    @asynccontextmanager
    async def books(self) -> AsyncIterator[Runtime]:
        """A runtime of our own, to look into the books and to do what a client does."""
        settings = with_secret(self.settings())
        with EmbeddedServers(settings.data_dir) as servers:
            settings = settings.model_copy(update={"database_url": SecretStr(servers.database_url)})
            await migrate(servers.database_url)
            async with open_runtime(settings, InlineJobQueue(), connections=3) as rt:
                yield rt

    def settings(self) -> Settings:
        at = {
            "username": "t",
            "api_key": "simulator",
            "sender": SHORTCODE,
            "base_url": self.carrier.url,
        }
        mpesa = {
            "base_url": self.operators.url,
            "consumer_key": "t",
            "consumer_secret": "t",
            "initiator": "t",
            "security_credential": "dA==",
            "shortcode": "600997",
        }
        return Settings(
            data_dir=self.folder / "data",
            port=self.port,
            public_url=self.url,
            sms_channel="at",
            private_addresses=("127.0.0.0/8",),
            channels={
                "at": ChannelSettings(
                    secret=SecretStr("s"), sms=ChannelSide(kind="africastalking", options=at)
                )
            },
            providers={"mpesa": ProviderSettings(kind="mpesa", options=mpesa)},
        )

    def writes_config(self) -> None:
        """Write the same settings, as the processes read them."""
        s = self.settings()
        at, mpesa = s.channels["at"].sms, s.providers["mpesa"]
        assert at is not None
        lines = [
            f"data_dir = {json.dumps(str(s.data_dir))}",
            f"port = {s.port}",
            f'public_url = "{s.public_url}"',
            'sms_channel = "at"',
            'private_addresses = ["127.0.0.0/8"]',
            "[channels.at]",
            'secret = "s"',
            "[channels.at.sms]",
            'kind = "africastalking"',
            "[channels.at.sms.options]",
            *(f"{key} = {json.dumps(value)}" for key, value in at.options.items()),
            "[providers.mpesa]",
            'kind = "mpesa"',
            "[providers.mpesa.options]",
            *(f"{key} = {json.dumps(value)}" for key, value in mpesa.options.items()),
        ]
        (self.folder / "gateway.toml").write_text("\n".join(lines) + "\n")


@asynccontextmanager
async def installation(folder: Path) -> AsyncIterator[Installation]:
    """Everything around the gateway; its own processes are started by the test."""
    terms = CarrierTerms(retry_s=0.1, retry_for_s=60.0, receipt_delay_s=0.0)
    async with (
        CarrierServer(terms) as carrier,
        Operators(terms=OperatorTerms(result_delay_s=0.3)) as operators,
    ):
        port = free_port()
        children = Children(folder / "logs", lambda _: None)
        env = {"GATEWAY_CONFIG": str(folder / "gateway.toml")}
        made = Installation(folder, port, carrier, operators, children, env)
        made.writes_config()
        carrier.hooks = CarrierHooks.under(made.url, sms="at/s")
        try:
            yield made
        finally:
            await asyncio.to_thread(children.stop)


async def a_client(rt: Runtime) -> str:
    """A client with money, and a partner; the client's key."""
    client, key = await register.add_client(rt, "Acme", "KES")
    await register.top_up(rt, client, "bank-1", MONEY_MINOR)
    await register.add_partner(rt, PARTNER, "Kibera Youth")
    return key


async def starts_a_batch(installation: Installation, key: str, tasks: int, **given: object) -> str:
    """Through the API, as clients do; the batch's id."""
    said = {
        "name": "Shops",
        "kind": "verification",
        "instructions": "Is it true?",
        "price": "5.00",
        "policy": "fixed:2",
        "pack": "off",  # one question an SMS, so that a story can be read
        **given,
    }
    async with aiohttp.ClientSession(
        installation.url, headers={"Authorization": f"Bearer {key}"}, raise_for_status=True
    ) as api:
        async with api.post("/api/v1/batches", json=said) as made:
            batch = (await made.json())["id"]
        listed = [{"id": n, "text": f"Is shop {n} open?"} for n in range(tasks)]
        for path, body in (("tasks", listed), ("start", None)):
            async with api.post(f"/api/v1/batches/{batch}/{path}", json=body) as answer:
                await answer.read()
    return batch
