"""Hosts that are network namespaces of this machine, or, without root, addresses of its loopback.

A namespace is a host with an address, a cable and processes. Killing a host kills its processes;
cutting it off takes its cable away. On the loopback there is no cable: there a host that is cut off
is one whose processes stand still, so that they neither answer nor hang up. All addresses are of
hosts made here, and nothing leaves the machine.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

NETWORK = "10.77.0."
# Another network for each run, so that two may run at once.
LOOPBACK = f"127.{64 + os.getpid() % 128}.0."
ADDRESSES = {
    "front": 10,
    "web1": 11,
    "web2": 12,
    "api1": 21,
    "api2": 22,
    "run1": 31,
    "run2": 32,
    "db1": 41,
    "db2": 42,
    "witness": 43,
    "outside": 99,
}
"""The last number of each host's address. `outside` is where carriers, operators and clients are.
"""
_MARK = "gwf"
_CLONE_NEWNET = 0x40000000


def can_have_namespaces() -> bool:
    """Return whether this user may make network namespaces here."""
    if os.geteuid() != 0 or not all(shutil.which(p) for p in ("ip", "nsenter", "setpriv")):
        return False
    name = f"gwtry{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if made.returncode:
        return False
    bridge = ["ip", "-n", name, "link", "add", "name", "b0", "type", "bridge"]
    can = subprocess.run(bridge, capture_output=True, check=False).returncode == 0
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return can


@dataclass
class Host:
    """One machine. `enter`: the words in front of a command that is run on it."""

    name: str
    address: str
    folder: Path
    enter: tuple[str, ...]
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        user: tuple[int, int] | None = None,
        log: str,
        for_ever: bool = False,
    ) -> None:
        """Start a program; it ends with this process.

        `for_ever`: start it again whenever it ends, as systemd does.
        """
        demoted = [f"--reuid={user[0]}", f"--regid={user[1]}", "--clear-groups"] if user else []
        setpriv = ["setpriv", *demoted, "--pdeathsig", "KILL", "--"]
        guard = setpriv if shutil.which("setpriv") else []
        words = [*guard, *(str(word) for word in argv)]
        if for_ever:
            words = ["sh", "-c", 'while :; do "$@"; sleep 1; done', "again", *words]
            words = [*setpriv[:1], *setpriv[-3:], *words] if guard else words
        with (self.folder / f"{log}.log").open("ab") as out:
            self.started.append(
                subprocess.Popen(
                    [*self.enter, *words],
                    env=dict(env),
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    start_new_session=True,
                )
            )

    def processes(self) -> list[int]:
        """Return the processes of the host: those that work in its folder."""
        found = list[int]()
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (folder / "cwd").readlink().is_relative_to(self.folder):
                    found.append(int(folder.name))
        return found

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to every process of the host."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """Kill every process of the host at once, as a loss of power does. Its disk stays."""
        # Twice: a process may have started another one meanwhile.
        for _ in range(2):
            self.signal(signal.SIGKILL)
            for process in self.started:
                process.wait(60)
        self.started.clear()


class Network:
    """All hosts; they and all their processes are gone when the block ends."""

    def __init__(self, folder: Path, *, namespaces: bool) -> None:
        self.folder = folder
        self.namespaces = namespaces
        self._mark = f"{_MARK}{os.getpid()}"
        self._switch = f"{self._mark}-switch"
        self.hosts = {name: self._host(name, last) for name, last in ADDRESSES.items()}

    def __enter__(self) -> Self:
        for host in self.hosts.values():
            host.folder.mkdir(parents=True)
        if self.namespaces:
            _remove_leftovers()
            self._make()
            self._move_in(self.hosts["outside"])
        return self

    def __exit__(self, *_: object) -> None:
        for host in self.hosts.values():
            host.signal(signal.SIGCONT)
            host.kill()
        if self.namespaces:
            for name in [self._switch, *(self._space(name) for name in self.hosts)]:
                subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)

    def cut_off(self, host: Host) -> None:
        """Take the host's cable away; without namespaces, let its processes stand still."""
        if self.namespaces:
            _ip("-n", self._switch, "link", "set", host.name, "down")
        else:
            host.signal(signal.SIGSTOP)

    def join_again(self, host: Host) -> None:
        """Undo `cut_off`."""
        if self.namespaces:
            _ip("-n", self._switch, "link", "set", host.name, "up")
        else:
            host.signal(signal.SIGCONT)

    def of_this_network(self, text: str, host: Host) -> str:
        """Return a text of the example with the addresses that the hosts have here."""
        if self.namespaces:
            return text
        # All hosts share one loopback here, so what is local to a host is at its own address.
        text = text.replace("127.0.0.1", host.address)
        # Only root may listen on port 80.
        text = text.replace(f"{NETWORK}10:80\n", f"{NETWORK}10:8080\n")
        text = text.replace(f"http://{NETWORK}10\n", f"http://{NETWORK}10:8080\n")
        # What comes from the loopback has 127.0.0.1 as its sender.
        text = text.replace(f"{NETWORK}0/24", "127.0.0.0/8").replace(
            f'["{NETWORK}10"]', '["127.0.0.1"]'
        )
        return text.replace(NETWORK, LOOPBACK)

    def _space(self, name: str) -> str:
        return f"{self._mark}-{name}"

    def _host(self, name: str, last: int) -> Host:
        space = ("nsenter", f"--net=/run/netns/{self._space(name)}") if self.namespaces else ()
        prefix = NETWORK if self.namespaces else LOOPBACK
        return Host(name, f"{prefix}{last}", self.folder / name, space)

    def _make(self) -> None:
        """Make a switch, and a namespace with a cable to it for each host."""
        _ip("netns", "add", self._switch)
        _ip("-n", self._switch, "link", "add", "switch", "type", "bridge")
        _ip("-n", self._switch, "link", "set", "switch", "up")
        for host in self.hosts.values():
            space = self._space(host.name)
            _ip("netns", "add", space)
            plug = ("type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("-n", self._switch, "link", "add", host.name, *plug)
            _ip("-n", self._switch, "link", "set", host.name, "master", "switch", "up")
            _ip("-n", space, "address", "add", f"{host.address}/24", "dev", "eth0")
            _ip("-n", space, "link", "set", "eth0", "up")
            _ip("-n", space, "link", "set", "lo", "up")

    def _move_in(self, host: Host) -> None:
        """Move this process into a host. It must not have made threads yet."""
        with Path(f"/run/netns/{self._space(host.name)}").open() as space:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.setns(space.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")


def _remove_leftovers() -> None:
    """Remove the namespaces of runs that were killed."""
    for space in Path("/run/netns").glob(f"{_MARK}[0-9]*-*"):
        pid = space.name.removeprefix(_MARK).partition("-")[0]
        if not Path(f"/proc/{pid}").exists():
            subprocess.run(["ip", "netns", "del", space.name], capture_output=True, check=False)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
