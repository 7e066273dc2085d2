"""A real `gateway api` process on servers of the test session.

Its callers speak HTTP byte by byte.
"""

import asyncio
import json
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from pydantic import SecretStr

from gateway.app import open_runtime
from gateway.base.vault import new_master_secret
from gateway.queue.inline import InlineJobQueue
from gateway.settings import Settings
from gateway.steps.people import register
from tests.console.tree import REPOSITORY, clean_environment

HANG_S = 300
CHANNELS = {
    "at": {
        "secret": "at-secret",
        "sms": {"kind": "africastalking", "options": {"username": "t", "api_key": "t", "sender": "20880"}},
        "ussd": {"kind": "africastalking", "options": {"service_code": "*384*20#"}},
    },
    "ka": {
        "secret": "ka-secret",
        "sms": {
            "kind": "kannel",
            "options": {"send_url": "http://127.0.0.1:1/", "username": "t", "password": "t", "sender": "20880"},
        },
    },
    "phone": {
        "secret": "local",
        "sms": {"kind": "phone", "options": {"sender": "20880"}},
        "ussd": {"kind": "phone", "options": {"service_code": "*384*20#"}},
    },
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self):
        return json.loads(self.text)


async def answer_from(reader: asyncio.StreamReader, method: str = "GET") -> Answer:
    """The next answer on a connection; status 0 where it was closed without one."""
    try:
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HANG_S)).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return Answer(0, {}, "")
    line, *lines = head.split("\r\n")
    headers = {}
    for each in filter(None, lines):
        name, _, value = each.partition(":")
        headers[name.lower()] = value.strip()
    status = int(line.split()[1])
    if status == 100:
        return Answer(100, headers, "")
    length = 0 if method == "HEAD" else int(headers.get("content-length", 0))
    try:
        body = await asyncio.wait_for(reader.readexactly(length), HANG_S)
    except (asyncio.IncompleteReadError, ConnectionError) as cut:
        body = getattr(cut, "partial", b"")
    return Answer(status, headers, body.decode())


@dataclass
class Served:
    """A running server process."""

    port: int
    pid: int
    key: str

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def memory_mb(self) -> float:
        """Return the memory that the process holds now."""
        words = Path(f"/proc/{self.pid}/status").read_text().split("VmRSS:")[1].split()
        return int(words[0]) / 1024

    def files_open(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    async def connects(self, address: str = "127.0.0.1"):
        return await asyncio.open_connection("127.0.0.1", self.port, local_addr=(address, 0))

    def head(self, method: str, path: str, *headers: str, key: str | None = None) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", *headers]
        if not any(line.lower().startswith("host:") for line in headers):
            lines.append(f"Host: {self.host}")
        if key:
            lines.append(f"Authorization: Bearer {key}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    async def says(
        self, method: str, path: str, *headers: str, body: bytes = b"", key: str | None = None, address: str = "127.0.0.1"
    ) -> Answer:  # fmt: skip
        """One request on a connection of its own, and its answer."""
        if body:
            headers = (*headers, f"Content-Length: {len(body)}")
        reader, writer = await self.connects(address)
        try:
            writer.write(self.head(method, path, *headers, key=key) + body)
            await writer.drain()
        except ConnectionError:
            pass  # it was refused before all was sent; the answer says why
        answer = await answer_from(reader, method)
        writer.close()
        return answer

    async def dials(self, session: str, address: str = "127.0.0.1") -> Answer:
        """A USSD step, as Africa's Talking brings it."""
        form = {"sessionId": session, "phoneNumber": "+254711000123", "serviceCode": "*384*20#", "text": "", "networkCode": "63902"}  # fmt: skip
        return await self.says(
            "POST",
            "/in/at/at-secret/ussd",
            "Content-Type: application/x-www-form-urlencoded",
            body=urlencode(form).encode(),
            address=address,
        )

    async def pours(self, head: bytes, pieces, pause_s: float = 0.0) -> tuple[Answer, int]:
        """Send a head and as many pieces as the server takes.

        Return its answer, and how many bytes it let through.
        """
        reader, writer = await self.connects()
        answered = asyncio.create_task(answer_from(reader))
        sent = 0
        try:
            writer.write(head)
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                sent += len(piece)
                if answered.done():
                    break
                await asyncio.sleep(pause_s)
        except ConnectionError:
            pass
        answer = await answered
        writer.close()
        return answer, sent


@asynccontextmanager
async def serving(database_url: str, redis_url: str, folder: Path, **settings: str):
    """A `gateway api` over a migrated database, with these settings (names without GATEWAY_)."""
    env, key = await prepared(database_url, redis_url, folder, **settings)
    async with api_process(env, folder) as (port, pid):
        yield Served(port, pid, key)


async def prepared(
    database_url: str, redis_url: str, folder: Path, **settings: str
) -> tuple[dict[str, str], str]:
    """Return the environment of a gateway with these settings, and the API key of a client.

    The client has money.
    """
    secret = new_master_secret()
    own = Settings(database_url=SecretStr(database_url), secret_key=SecretStr(secret))
    async with open_runtime(own, InlineJobQueue(), connections=2) as rt:
        client, key = await register.add_client(rt, f"Client of {folder.name}", "KES")
        await register.top_up(rt, client, f"bank-{folder.name}", 10_000_00)
    env = clean_environment(folder / "data")
    env |= {
        "GATEWAY_DATABASE_URL": database_url,
        "GATEWAY_REDIS_URL": redis_url,
        "GATEWAY_SECRET_KEY": secret,
        "GATEWAY_CHANNELS": json.dumps(CHANNELS),
        "GATEWAY_STRANGERS_PER_MINUTE": "0",
        "GATEWAY_PRIVATE_ADDRESSES": json.dumps(["127.0.0.1:1"]),
        **{f"GATEWAY_{name}": value for name, value in settings.items()},
    }
    return env, key


@asynccontextmanager
async def api_process(env: dict[str, str], folder: Path, *words: str, name: str = "api"):
    """A `gateway api` with these words; its port and process id."""
    ready, out = folder / f"{name}.ready", folder / f"{name}.log"
    with out.open("w") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", "api", *words, "--port", "0", "--ready-file", str(ready),
            cwd=REPOSITORY, env=env, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + HANG_S
        while not (ready.exists() and ready.read_text()):
            assert process.returncode is None, out.read_text()
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        yield json.loads(ready.read_text())["port"], process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), HANG_S)
