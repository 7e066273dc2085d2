"""The command `gateway up`: everything on one machine, in one tree of processes.

The tree starts, restarts and stops as one. Without channels and providers in the settings it is a
try-out, with simulated mobile money, the phone at /phone, and example workers and work. With them
it is a small deployment, and nothing is simulated.
"""

import asyncio
import json
import logging
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from gateway.base import logs
from gateway.base.errors import SettingsError
from gateway.cli.run import tryout
from gateway.cli.run.api import listen, listen_locally
from gateway.cli.run.process_group import Children, gateway_argv
from gateway.cli.serving import UP_LOCK, own_servers, served
from gateway.console.pages.index import KEY_FILE
from gateway.servers.account import SystemUser
from gateway.servers.private import make_private
from gateway.servers.rundir import make_run_dir
from gateway.servers.watch import ServerWatch
from gateway.settings import Settings
from gateway.settings.for_test_gateway import FOLDER as TEST_FOLDER
from gateway.settings.tryout import is_tryout

_WATCH_S = 0.5
_FREE_BYTES_MIN = 200 * 2**20
_PAYS_AFTER_S = 1.5  # the delay lets a newcomer watch the payment in progress
# Phones have priority, also on the processor: work that can wait runs at a lower priority.
_NICE_LATER, _NICE_LAST = 5, 10
CLIENTS_SOCKET = "clients.sock"
_LOCALS = ("127.0.0.1", "::1", "localhost")
Say = Callable[[str], None]


class StopRequested(BaseException):  # This is not an error, like KeyboardInterrupt.
    """The end by Ctrl-C or SIGTERM."""


def up(
    settings: Settings, *, port: int | None, ready_file: Path | None, say: Say, crowd: bool = True
) -> None:
    """Run until Ctrl-C or SIGTERM. The same folder again continues with the same data.

    `crowd` lets simulated workers answer what a visitor of a try-out posts.
    """
    wanted = settings.port if port is None else port
    with (
        _stopped_by_signals(),
        _alone(settings.data_dir),
        listen(settings.host, wanted) as door,  # A taken port is reported before anything starts.
    ):
        _check_room(settings.data_dir)
        simulated = is_tryout(settings)
        if simulated:  # A newcomer reads the next steps here; what goes well is in the log files.
            logs.configure(settings.log_format, least=logging.WARNING)
        with Children(settings.data_dir / "logs", say, routine=not simulated) as children:
            # The operator needs no database, so it starts meanwhile.
            env = _simulated(children, settings) if simulated else {}
            say("starting PostgreSQL and Redis ...")
            with served(settings, migrated=True) as ready, _inner(settings.data_dir) as inner:
                children.attend(ServerWatch(own_servers(settings), say))
                if simulated:
                    _add_tryout(ready, crowd=crowd)
                    children.wait_ready("operators")
                env = _environment(ready, door, env)
                _start(ready, children, door, inner, env)
                if simulated and crowd:
                    children.start("crowd", gateway_argv("crowd"), env, nice=_NICE_LATER)
                actual = int(door.getsockname()[1])
                say(_banner(ready, actual, simulated=simulated))
                if ready_file:
                    _write(ready_file, json.dumps({"port": actual, "pid": os.getpid()}))
                try:
                    _watch(children, ready, env)
                finally:
                    children.stop()  # The processes stop before the servers, which they use.


def _check_room(data_dir: Path) -> None:
    """Raise SettingsError on a nearly full disk.

    A database that starts there would report it in many ways, none of them plain.
    """
    free = shutil.disk_usage(data_dir).free
    if free < _FREE_BYTES_MIN:
        raise SettingsError(
            f"the disk that holds {data_dir} has {free // 2**20} MB free, and {_FREE_BYTES_MIN // 2**20} are needed: "
            "free some space, or set GATEWAY_DATA_DIR to a folder on another disk"
        )


def _watch(children: Children, settings: Settings, env: Mapping[str, str]) -> NoReturn:
    """Keep the processes alive. The test gateway starts once the first test key was made."""
    serves_tests = False
    while True:
        children.watch()
        if not serves_tests and (settings.data_dir / TEST_FOLDER).exists():
            serves_tests = True
            children.start("test-gateway", gateway_argv("test-gateway"), env, nice=_NICE_LAST)
        time.sleep(_WATCH_S)


def _start(
    settings: Settings,
    children: Children,
    door: socket.socket,
    inner: socket.socket,
    env: Mapping[str, str],
) -> None:
    """Start the gateway's own processes behind the listening sockets.

    Wait for those that answer requests. The supervisor holds both sockets. Webhook processes share
    the public socket `door`: while one of them lives, a connection is answered, and while none
    lives, it waits for the next instead of being refused. (With a port per process, SO_REUSEPORT,
    the waiting connections of a killed process would be lost with it.)
    """
    ready = settings.data_dir / "ready"
    answering = {"clients": (["--clients"], inner, _NICE_LATER)}
    for number in range(1, settings.webhook_processes + 1):
        name = f"webhooks-{number}"
        words = ["--webhooks", "--clients-at", inner.getsockname(), "--name", name]
        answering[name] = (words, door, 0)
    for name, (words, listener, nice) in answering.items():
        file, fd = ready / f"{name}.json", listener.fileno()
        argv = gateway_argv("api", *words, "--fd", str(fd), "--ready-file", str(file))
        children.start(name, argv, env, ready_file=file, pass_fds=[fd], nice=nice)
    for number in range(1, settings.runners + 1):
        children.start(f"runner-{number}", gateway_argv("runner", "--light"), env, nice=_NICE_LATER)
    children.start("runner-heavy", gateway_argv("runner", "--heavy"), env, nice=_NICE_LAST)
    children.start("runner-calls", gateway_argv("runner", "--calls"), env, nice=_NICE_LAST)
    children.start("runner-files", gateway_argv("runner", "--files"), env, nice=_NICE_LAST)
    children.start("ticker", gateway_argv("ticker"), env, nice=_NICE_LATER)
    for name in answering:
        children.wait_ready(name)


def _environment(settings: Settings, door: socket.socket, env: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that all processes of the tree share, as environment variables."""
    shared = {**env, "GATEWAY_DATA_DIR": str(settings.data_dir.absolute())}
    if settings.public_url == Settings.model_fields["public_url"].default:
        port = int(door.getsockname()[1])
        shared["GATEWAY_PUBLIC_URL"] = f"http://{_reached_at(settings.host)}:{port}"
    return shared


@contextmanager
def _inner(data_dir: Path) -> Generator[socket.socket]:
    """Yield the socket of the client process, in a private folder with a short path."""
    own = SystemUser(os.geteuid(), os.getegid(), demoted=False)
    path = make_run_dir(data_dir, own) / CLIENTS_SOCKET
    with listen_locally(path) as listener:
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


def _simulated(children: Children, settings: Settings) -> dict[str, str]:
    """Start the simulated operator, and return the settings of the other processes for it.

    The simulated phone has no quiet hours.
    """
    data_dir = settings.data_dir
    ready_file = data_dir / "ready" / "operators.json"
    # The operator keeps one port for its whole life, so that the other processes find it after a
    # restart.
    port = _free_port("127.0.0.1")
    argv = gateway_argv("operators", "--port", str(port), "--data-dir", str(data_dir / "operators"))
    argv += ["--ready-file", str(ready_file), "--result-delay-s", str(_PAYS_AFTER_S)]
    children.start("operators", argv, ready_file=ready_file)
    options = {
        "base_url": f"http://127.0.0.1:{port}",
        "consumer_key": "simulated",
        "consumer_secret": "simulated",
        "initiator": "simulated",
        "security_credential": "c2ltdWxhdGVk",
        "shortcode": "600000",
    }
    providers = {tryout.PROVIDER: {"kind": "mpesa", "options": options}}
    return {
        "GATEWAY_LOCAL_PHONE": "true",
        "GATEWAY_PROVIDERS": json.dumps(providers),
        "GATEWAY_PRIVATE_ADDRESSES": json.dumps([*settings.private_addresses, f"127.0.0.1:{port}"]),
        # An empty variable counts as not set. Equal hours mean no quiet hours.
        "GATEWAY_QUIET_HOURS": "0-0",
    }


def _add_tryout(settings: Settings, *, crowd: bool) -> None:
    """Add example workers, work and money. The client's key goes into a file for its owner only.

    The simulated workers join before the first request, so that quotes reckon with them.
    """
    from gateway.app import open_runtime
    from gateway.cli.run.crowd.crowd import SimulatedWorkers
    from gateway.queue.inline import InlineJobQueue

    key_file = settings.data_dir / KEY_FILE

    async def add() -> str | None:
        async with open_runtime(settings, InlineJobQueue(), connections=2) as rt:
            key = await tryout.add_tryout(rt, key_wanted=not key_file.exists())
            if crowd:
                await SimulatedWorkers.of(rt).gathers()
            return key

    if key := asyncio.run(add()):
        handle = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(f"{key}\n")


def _banner(settings: Settings, port: int, *, simulated: bool) -> str:
    url = f"http://{_reached_at(settings.host)}:{port}"
    if not simulated:
        return f"\nThe gateway runs: {url}\nThe configuration: gateway doctor   Stop: Ctrl-C\n"
    (boss, grace), (number, amina) = tryout.COORDINATOR, tryout.WORKER
    code = _service_code(settings)
    lines = [
        "",
        f"  The gateway runs. Open   {url}/phone",
        "",
        f"  1. On {grace}'s phone ({boss}) text:  ADD 0{number[4:]} {amina}",
        f"  2. On {amina}'s phone ({number}) text:  YES",
        f"  3. On {amina}'s phone dial:  {code}   answer questions, then cash out",
        "",
        f"  Start page    {url}/   (an overview, and the next steps)",
        f"  API           {url}/docs   (key of a client with money: {settings.data_dir / KEY_FILE})",
        f"  Figures       {url}/metrics",
        f"  Data, logs    {settings.data_dir}",
        "  Phones, operator and money are simulated: nothing leaves this machine.  Stop: Ctrl-C",
        "",
    ]
    if settings.host not in _LOCALS:
        lines.insert(
            1,
            f"  CAREFUL: {settings.host} is open to others, and on /phone every visitor can act as any worker.",
        )
    return "\n".join(lines)


def _service_code(settings: Settings) -> str:
    sides: Sequence[object] = [
        channel.ussd.options.get("service_code", "")
        for channel in settings.channels.values()
        if channel.ussd
    ]
    return str(next(iter(sides), "")) or "the service code"


def _reached_at(host: str) -> str:
    """Return the address at which this machine itself reaches a server that listens on `host`."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104  # compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _free_port(host: str) -> int:
    listener: socket.socket = listen(host, 0)
    with listener:
        return int(listener.getsockname()[1])


def _write(path: Path, text: str) -> None:
    part = path.with_suffix(f"{path.suffix}.part")
    try:
        part.write_text(text)
        part.replace(path)
    except OSError as bad:
        raise SettingsError(f"cannot write {path}: {bad.strerror}") from bad


@contextmanager
def _alone(data_dir: Path) -> Generator[None]:
    """Allow one `gateway up` per folder.

    A second one would start a second operator on the same books.
    """
    from gateway.servers import locks
    from gateway.servers.diagnose import said_plainly
    from gateway.servers.errors import ServerError

    with said_plainly("gateway up", data_dir):
        os.umask(0o077)
        make_private(data_dir)
        try:
            held = locks.take_lock(data_dir / UP_LOCK, shared=False, wait_s=0.5)
        except ServerError as bad:
            raise SettingsError(
                f"gateway up runs already in {data_dir}: use that one, or set GATEWAY_DATA_DIR to another folder"
            ) from bad
    try:
        yield
    finally:
        os.close(held)


@contextmanager
def _stopped_by_signals() -> Generator[None]:
    """End the block on Ctrl-C, SIGTERM and a closed terminal.

    A second signal does not disturb its cleaning up.
    """
    before = {
        each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    # An ignored signal stays ignored: nohup ignores the closed terminal.
    signals = [each for each, handler in before.items() if handler is not signal.SIG_IGN]

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise StopRequested

    for each in signals:
        signal.signal(each, stop)
    try:
        yield
    except StopRequested:
        return
    finally:
        for each in signals:
            signal.signal(each, before[each])
