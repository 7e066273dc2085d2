"""A whole gateway in its own processes, for one replay: servers, API, runners, ticker and a mobile-money operator.

The phones' carrier runs in this process (it drives the phones); everything of the gateway is reached over HTTP.
"""

import json
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from gateway import outside
from gateway.addresses import Permitted
from gateway.app import open_runtime
from gateway.cli.children import Children, gateway_argv
from gateway.cli.serving import served
from gateway.errors import Failed, GatewayError
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
_CALL = aiohttp.ClientTimeout(total=300)


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
    children = Children(folder / "logs")
    try:
        async with CarrierServer(Terms(service_codes=frozenset({SERVICE_CODE}))) as carrier:
            ready = folder / "operators.ready"
            options = ["--data-dir", str(folder / "operators"), "--float-minor", str(FLOAT_MINOR)]
            argv = gateway_argv("operators", "--port", "0", *options, "--ready-file", str(ready))
            children.start("operators", argv, ready_file=ready)
            operator_url = f"http://127.0.0.1:{children.wait_ready('operators')['port']}"
            port = free_port()
            config = _write_config(folder, port, carrier.url, operator_url)
            env = {"GATEWAY_CONFIG": str(config)}
            os.environ["GATEWAY_CONFIG"] = str(config)
            with served(load()) as settings:
                assert settings.database_url
                await migrate(settings.database_url.get_secret_value())
                ready = folder / "api.ready"
                children.start(
                    "api", gateway_argv("api", "--ready-file", str(ready)), env, ready_file=ready
                )
                for number in range(1, runners + 1):
                    children.start(f"runner-{number}", gateway_argv("runner"), env)
                children.start("ticker", gateway_argv("ticker"), env)
                children.wait_ready("api")
                url = f"http://127.0.0.1:{port}"
                carrier.hooks = Hooks.under(url, sms=f"{CHANNEL}/{SECRET}")
                async with open_runtime(settings, InlineBells(), connections=4) as rt:
                    client, key = await admit.add_client(rt, "Replay", currency)
                    await admit.top_up(rt, client, "replay", top_up_minor)
                    await admit.add_partner(rt, PARTNER, "Replay town")
                    permitted = Permitted.read([f"127.0.0.1:{port}"])
                    headers = {"Authorization": f"Bearer {key}"}
                    async with outside.session(
                        permitted, base_url=url, headers=headers, timeout=_CALL
                    ) as api:
                        yield Town(url, operator_url, carrier, rt, api, client)
                children.stop()
        shutil.rmtree(folder, ignore_errors=True)
    except GatewayError as failed:
        # What went wrong stands in the processes' logs.
        raise Failed(f"{failed} (logs are kept in {folder / 'logs'})", retryable=False) from failed
    finally:
        children.stop()
        os.environ.pop("GATEWAY_CONFIG", None)


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
        # A recorded day is played in seconds, at whatever hour it is.
        'quiet_hours = ""',
        # The simulated carrier and operator listen on this machine.
        'private_addresses = ["127.0.0.0/8"]',
        "prompts_per_hour = 100000",
        "prompts_per_day = 100000",
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
