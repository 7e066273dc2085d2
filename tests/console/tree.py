"""A `gateway up` of a test's own: started, talked to, stopped or killed."""

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.settings.apart import scrubbed_environment

REPOSITORY = Path(__file__).parents[2]
# Two busy cores start seven Python processes and a database.
UP_WITHIN_S = 300.0


def clean_environment(folder: Path) -> dict[str, str]:
    """Return this environment without gateway settings, with the data folder of a test."""
    kept = scrubbed_environment()
    return {**kept, "GATEWAY_DATA_DIR": str(folder)}


def gateway(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """One command, run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *words],
        cwd=REPOSITORY,
        env={**clean_environment(folder), **more},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def eventually(what, within_s: float = 300.0):
    """The first true result of `what`."""
    deadline = time.monotonic() + within_s
    while not (found := what()):
        assert time.monotonic() < deadline, f"not within {within_s:.0f} s"
        time.sleep(0.1)
    return found


def words_of(pid: int) -> dict[int, list[str]]:
    """The gateway's processes below one, by id, with the words of each command."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            words = folder.joinpath("cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if parent == pid and "gateway" in words:
            found[int(folder.name)] = words[words.index("gateway") + 1 :]
    return found


def children_of(pid: int) -> dict[int, str]:
    """The gateway's processes below one, by id, with the command each runs."""
    return {child: words[0] for child, words in words_of(pid).items()}


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@dataclass
class Tree:
    """A running `gateway up`."""

    folder: Path
    process: subprocess.Popen[str] | None = None
    port: int = 0
    settings: dict[str, str] = field(default_factory=dict[str, str])
    """Variables of its environment."""
    crowd: bool = False
    """Let simulated workers answer."""
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.folder.with_suffix(".log")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    @property
    def said(self) -> str:
        return self.log.read_text()

    def start(self) -> "Tree":
        ready = self.folder.with_suffix(".ready")
        ready.unlink(missing_ok=True)
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gateway", "up", "--port", "0", "--ready-file", ready),
                    "--crowd" if self.crowd else "--no-crowd",
                ],
                cwd=REPOSITORY,
                env=clean_environment(self.folder) | self.settings,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
            )
        process = self.process
        eventually(lambda: ready.exists() or process.poll() is not None, UP_WITHIN_S)
        assert process.poll() is None, self.said
        self.port = json.loads(ready.read_text())["port"]
        return self

    def ready(self) -> bool:
        """Return whether it says that it can work."""
        try:
            return bool(self.ask("/readyz")["ready"])
        except OSError:
            return False

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it; its exit code."""
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(300)

    def ask(self, path: str, body: object = None, **headers: str) -> Any:
        """GET, or POST of JSON; what was answered, read."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, headers)  # noqa: S310  # our own server
        if data is not None:
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=600) as response:  # noqa: S310
            text = response.read().decode()
        return json.loads(text) if text[:1] in "[{" else text

    def posts(self, path: str, **form: str) -> int:
        """POST a form, as providers do; the status."""
        data = urllib.parse.urlencode(form).encode()
        try:
            with urllib.request.urlopen(f"{self.url}{path}", data, timeout=600) as response:  # noqa: S310
                return response.status
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code

    def messages(self, number: str) -> list[str]:
        return [m["text"] for m in self.ask(f"/phone/messages?number={number}")]
