"""A whole gateway in its own processes, for one replay: servers, API, runners, ticker and a mobile-money operator.

The phones' carrier runs in this process (it drives the phones); everything of the gateway is reached over HTTP.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from gateway.app import open_runtime
from gateway.cli.serving import served
from gateway.errors import Failed
from gateway.ids import ClientId
from gateway.queue.inline import InlineBells
from gateway.runtime import Runtime
from gateway.settings import load
from gateway.simulator.carriers.africastalking import CarrierServer
from gateway.simulator.carriers.terms import Hooks, Terms
from gateway.steps import admit
from gateway.store.schema import migrate

CHANNEL, SECRET = "at", "replay-secret"
SHORTCODE, SERVICE_CODE = "20880", "*384*20#"
PARTNER = "TOWN"
FLOAT_MINOR = 10**12
_READY_S = 90.0
_STOP_S = 15.0


@dataclass(frozen=True, slots=True)
class Town:
    """A running gateway with its surroundings. `rt` reads our books; nothing is driven through it."""

    gateway_url: str
    operator_url: str
    carrier: CarrierServer
    rt: Runtime
    api: aiohttp.ClientSession
    client: ClientId


@asynccontextmanager
async def town(*, runners: int, top_up_minor: int, currency: str = "KES") -> AsyncGenerator[Town]:
    """Start everything in a folder of its own, and take it away afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-replay-"))
    children = Children(folder)
    try:
        async with CarrierServer(Terms(service_codes=frozenset({SERVICE_CODE}))) as carrier:
            operator = children.start_ready(
                "operators",
                [
                    "--port",
                    "0",
                    "--data-dir",
                    str(folder / "operators"),
                    "--float-minor",
                    str(FLOAT_MINOR),
                ],
                {},
            )
            operator_url = f"http://127.0.0.1:{operator}"
            port = free_port()
            config = _write_config(folder, port, carrier.url, operator_url)
            env = {"GATEWAY_CONFIG": str(config)}
            os.environ["GATEWAY_CONFIG"] = str(config)
            with served(load()) as settings:
                assert settings.database_url
                await migrate(settings.database_url.get_secret_value())
                children.start_ready("api", [], env)
                for _ in range(runners):
                    children.start("runner", [], env)
                children.start("ticker", [], env)
                url = f"http://127.0.0.1:{port}"
                carrier.hooks = Hooks.under(url, sms=f"{CHANNEL}/{SECRET}")
                async with open_runtime(settings, InlineBells(), connections=4) as rt:
                    client, key = await admit.add_client(rt, "Replay", currency)
                    await admit.top_up(rt, client, "replay", top_up_minor)
                    await admit.add_partner(rt, PARTNER, "Replay town")
                    async with aiohttp.ClientSession(
                        url, headers={"Authorization": f"Bearer {key}"}
                    ) as api:
                        yield Town(url, operator_url, carrier, rt, api, client)
                children.stop()
    finally:
        children.stop()
        os.environ.pop("GATEWAY_CONFIG", None)
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port nobody uses right now: the runners must know the gateway's address before it listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def _write_config(folder: Path, port: int, carrier_url: str, operator_url: str) -> Path:
    """The settings of this town. The credentials are the simulator's: it asks for some, and takes any."""
    at = {
        "username": "replay",
        "api_key": "simulator",
        "sender": SHORTCODE,
        "base_url": carrier_url,
    }
    mpesa = {
        "base_url": operator_url,
        "consumer_key": "replay",
        "consumer_secret": "replay",
        "initiator": "replay",
        "security_credential": "cmVwbGF5",
        "shortcode": "600997",
    }
    text = [
        f"data_dir = {json.dumps(str(folder))}",
        f"port = {port}",
        f'public_url = "http://127.0.0.1:{port}"',
        f'sms_channel = "{CHANNEL}"',
        f"[channels.{CHANNEL}]",
        f'secret = "{SECRET}"',
        f"[channels.{CHANNEL}.sms]",
        'kind = "africastalking"',
        f"[channels.{CHANNEL}.sms.options]",
        *(f"{key} = {json.dumps(value)}" for key, value in at.items()),
        f"[channels.{CHANNEL}.ussd]",
        'kind = "africastalking"',
        f"[channels.{CHANNEL}.ussd.options]",
        f'service_code = "{SERVICE_CODE}"',
        "[providers.mpesa]",
        'kind = "mpesa"',
        "[providers.mpesa.options]",
        *(f"{key} = {json.dumps(value)}" for key, value in mpesa.items()),
    ]
    path = folder / "gateway.toml"
    path.write_text("\n".join(text) + "\n")
    return path


class Children:
    """The gateway's processes; each command's output goes to a log file of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def start(
        self, command: str, arguments: Sequence[str], env: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        log = (self._folder / f"{command}.log").open("ab")
        child = subprocess.Popen(  # noqa: S603  # our own command
            [sys.executable, "-m", "gateway", command, *arguments],
            env={**os.environ, **env},
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        log.close()
        self._running.append((command, child))
        return child

    def start_ready(self, command: str, arguments: Sequence[str], env: dict[str, str]) -> int:
        """Start a server and wait until it answers; its port."""
        ready = self._folder / f"{command}.ready"
        child = self.start(command, [*arguments, "--ready-file", str(ready)], env)
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            if ready.exists() and (text := ready.read_text()):
                return int(json.loads(text)["port"])
            if child.poll() is not None:
                break
            time.sleep(0.02)
        tail = (
            (self._folder / f"{command}.log").read_text(errors="replace").strip().splitlines()[-5:]
        )
        raise Failed(
            f"gateway {command} did not start: {' / '.join(tail) or 'it said nothing'}",
            retryable=False,
        )

    def stop(self) -> None:
        for _, child in reversed(self._running):
            child.terminate()
        for _, child in self._running:
            try:
                child.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._running.clear()
