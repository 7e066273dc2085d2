"""A whole gateway in its own processes, for one replay.

It has servers, API, runners, ticker and a mobile-money operator. The phones' carrier runs in this
process, because it drives the phones. The gateway is reached over HTTP only.
"""

import asyncio
import json
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from gateway.app import open_runtime
from gateway.base.errors import Failed, GatewayError
from gateway.base.ids import ClientId
from gateway.base.net import outside
from gateway.base.net.addresses import PermittedAddresses
from gateway.cli.run.process_group import Children, gateway_argv
from gateway.cli.serving import served
from gateway.queue.inline import InlineJobQueue
from gateway.settings import load
from gateway.settings.apart import apart
from gateway.simulator.carriers.africastalking import CarrierServer
from gateway.simulator.carriers.terms import CarrierHooks, CarrierTerms
from gateway.steps.people import register
from gateway.steps.runtime import Runtime
from gateway.store.schema import migrate

CHANNEL, SECRET = "at", "replay-secret"
SHORTCODE, SERVICE_CODE = "20880", "*384*20#"
PARTNER = "TOWN"
FLOAT_MINOR = 10**12
_CALL = aiohttp.ClientTimeout(total=300)

Say = Callable[[str], None]

_Result = TypeVar("_Result")


def _silent(_line: str) -> None:
    """Ignore a line."""


@dataclass(frozen=True, slots=True)
class Town:
    """A running gateway with its surroundings.

    `rt` only reads the gateway's books. It drives nothing.
    """

    gateway_url: str
    operator_url: str
    carrier: CarrierServer
    rt: Runtime
    api: aiohttp.ClientSession
    client: ClientId


@asynccontextmanager
async def town(
    *, runners: int, top_up_minor: int, currency: str = "KES", say: Say = _silent
) -> AsyncGenerator[Town]:
    """Run a whole gateway in a temporary folder, apart from every real one.

    `say` receives the folder's name. Raises Failed in one line that names the logs when it breaks
    off.
    """
    with ended_by_signals():
        async with _town(runners, top_up_minor, currency, say) as here:
            yield here


@asynccontextmanager
async def _town(runners: int, top_up_minor: int, currency: str, say: Say) -> AsyncGenerator[Town]:
    folder = Path(tempfile.mkdtemp(prefix="gateway-replay-"))
    config = folder / "gateway.toml"
    children = Children(folder / "logs")
    keep_logs = False
    try:
        say(f"simulating in {folder}, which is removed at the end;")
        say("no real gateway is touched")
        with apart(config):
            async with _running(folder, config, children, runners, top_up_minor, currency) as here:
                yield here
    except TimeoutError as late:
        keep_logs = True
        raise Failed(
            f"the simulation stopped: no answer came in time ({late or 'time-out'}); is this machine very busy? "
            f"(logs are kept in {folder / 'logs'})",
            retryable=False,
        ) from late
    except GatewayError as failed:
        keep_logs = True
        raise Failed(f"{failed} (logs are kept in {folder / 'logs'})", retryable=False) from failed
    finally:
        children.stop()
        _remove(folder, keep_logs=keep_logs)


@asynccontextmanager
async def _running(
    folder: Path, config: Path, children: Children, runners: int, top_up_minor: int, currency: str
) -> AsyncGenerator[Town]:
    """Start the operators, the servers and the gateway's processes, and yield their town."""
    async with CarrierServer(CarrierTerms(service_codes=frozenset({SERVICE_CODE}))) as carrier:
        operator_url = _start_operators(folder, children)
        port = free_port()
        _write_config(config, folder, port, carrier.url, operator_url)
        # The folder is the town's own, and its database is made below, in this loop.
        with served(load(), known=False) as settings:
            assert settings.database_url
            await migrate(settings.database_url.get_secret_value())
            _start_gateway(folder, children, runners)
            url = f"http://127.0.0.1:{port}"
            carrier.hooks = CarrierHooks.under(url, sms=f"{CHANNEL}/{SECRET}")
            async with open_runtime(settings, InlineJobQueue(), connections=4) as rt:
                client, key = await register.add_client(rt, "Replay", currency)
                await register.top_up(rt, client, "replay", top_up_minor)
                await register.add_partner(rt, PARTNER, "Replay town")
                permitted = PermittedAddresses.read([f"127.0.0.1:{port}"])
                headers = {"Authorization": f"Bearer {key}"}
                async with outside.session(
                    permitted, base_url=url, headers=headers, timeout=_CALL
                ) as api:
                    yield Town(url, operator_url, carrier, rt, api, client)
            children.stop()


def _start_operators(folder: Path, children: Children) -> str:
    """Start the simulated mobile-money operator and return its address."""
    ready = folder / "operators.ready"
    options = ["--data-dir", str(folder / "operators"), "--float-minor", str(FLOAT_MINOR)]
    argv = gateway_argv("operators", "--port", "0", *options, "--ready-file", str(ready))
    children.start("operators", argv, ready_file=ready)
    return f"http://127.0.0.1:{children.wait_ready('operators')['port']}"


def _start_gateway(folder: Path, children: Children, runners: int) -> None:
    """Start the gateway's processes, which inherit this process's cleaned environment."""
    ready = folder / "api.ready"
    children.start("api", gateway_argv("api", "--ready-file", str(ready)), ready_file=ready)
    for number in range(1, runners + 1):
        children.start(f"runner-{number}", gateway_argv("runner"))
    children.start("ticker", gateway_argv("ticker"))
    children.wait_ready("api")


@contextmanager
def ended_by_signals() -> Generator[None]:
    """Turn SIGTERM and SIGHUP into an ordinary end, so that the folder is removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_number: int, _frame: object) -> None:
        # The signal acts like Ctrl-C, after which an event loop ends properly. An exception would
        # break off in its middle.
        signal.raise_signal(signal.SIGINT)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_until_interrupted(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run an event loop that SIGINT ends properly, also in the background of a script.

    A shell without job control lets its background processes ignore SIGINT. An event loop that
    begins so leaves it ignored. A handler that comes later would break off in the loop's middle.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        return asyncio.run(work)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return asyncio.run(work)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _remove(folder: Path, *, keep_logs: bool) -> None:
    """Remove the simulation's folder, except for the logs of a failed one."""
    if not keep_logs:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for path in folder.iterdir():
        if path.name != "logs":
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


def free_port() -> int:
    """Return a currently free port, because the runners need the address before the API listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def _write_config(path: Path, folder: Path, port: int, carrier_url: str, operator_url: str) -> None:
    """Write the settings of this town.

    The credentials are the simulator's, which requires some and accepts any.
    """
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
        # A recorded day is played in seconds, at any hour.
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
    path.write_text("\n".join(text) + "\n")
