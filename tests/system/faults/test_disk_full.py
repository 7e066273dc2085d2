"""A full disk: every USSD key gets a polite screen, and /readyz says so.

All is well at once when there is space again. As root on a small file system of its own; else the
gateway's processes may write no file, which is the same to them.
"""

import errno
import os
import resource
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.console.tree import Tree, children_of, eventually

pytestmark = pytest.mark.timeout(1200)

FULL_S = float(os.environ.get("DISK_FULL_S", "6"))
SIZE = "700m"
AS_ROOT = os.geteuid() == 0


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if AS_ROOT:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], check=True)
    yield folder
    if AS_ROOT:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def tree(disk) -> Iterator[Tree]:
    running = Tree(disk / "data")
    running.log = disk.parent / "up.log"
    running.start()
    yield running
    running.stop()


def fill_up(file: int, disk: Path) -> None:
    """Take all space of a disk, although the servers write to it at the same moment."""
    taken = 0
    while free := shutil.disk_usage(disk).free:
        try:
            os.posix_fallocate(file, taken, free)
        except OSError as bad:
            if bad.errno != errno.ENOSPC:
                raise
        taken = os.fstat(file).st_size


@contextmanager
def full(tree: Tree, disk: Path) -> Iterator[None]:
    """Fill the disk until the block ends."""
    if AS_ROOT:
        filler = disk / "filler"
        with filler.open("wb") as file:
            fill_up(file.fileno(), disk)
        assert shutil.disk_usage(disk).free == 0
        try:
            yield
        finally:
            filler.unlink()
        return
    limits = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in children_of(tree.pid)}
    for pid, (_, hard) in limits.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        for pid, before in limits.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def posts(tree: Tree, path: str, **form: str) -> tuple[int, str]:
    request = urllib.request.Request(  # noqa: S310  # our own server
        f"{tree.url}{path}", urllib.parse.urlencode(form).encode(), method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310  # our own server
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as bad:
        return bad.code, bad.read().decode()


def key(tree: Tree, number: int) -> tuple[int, str]:
    return posts(
        tree, "/in/phone/local/ussd", session=f"k{number}", text="", **{"from": "+254711000001"}
    )


def readiness(tree: Tree) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"{tree.url}/readyz", timeout=300) as answer:  # noqa: S310  # our own server
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as bad:
        return bad.code, bad.read().decode()


def test_every_key_is_answered_on_a_full_disk_and_all_is_well_when_there_is_space(tree, disk):
    assert readiness(tree)[0] == 200
    usual = key(tree, 0)
    assert usual[0] == 200
    keys, slowest_s, sms = list[tuple[int, str]](), 0.0, list[tuple[str, int]]()
    with full(tree, disk):
        ends = time.monotonic() + FULL_S
        while time.monotonic() < ends or len(keys) < 20:
            began = time.monotonic()
            keys.append(key(tree, len(keys) + 1))
            slowest_s = max(slowest_s, time.monotonic() - began)
            forged = posts(tree, "/in/phone/wrong-secret/sms", id="1", text="x")
            assert forged[0] == 404, "a line that cannot be logged breaks no answer"
            form = {
                "id": f"full-{len(keys)}",
                "from": "+254711000001",
                "to": "20880",
                "text": "HELP",
            }
            sms.append((form["id"], posts(tree, "/in/phone/local/sms", **form)[0]))
        not_ready = readiness(tree)
    freed = time.monotonic()
    eventually(lambda: key(tree, 10_000)[1] == usual[1], 300)
    back_s = time.monotonic() - freed
    print(f"{len(keys)} keys on a full disk, slowest {slowest_s:.2f} s; back after {back_s:.2f} s")  # noqa: T201  # figures

    assert {status for status, _ in keys} == {200}
    assert all(body for _, body in keys)
    assert {status for _, status in sms} <= {200, 503}
    if AS_ROOT:
        assert not_ready[0] == 503, not_ready
    eventually(lambda: readiness(tree)[0] == 200, 300)
    # What got its 200 is kept; what got a 503 is brought again by the provider.
    for name, status in sms:
        if status != 200:
            form = {"id": name, "from": "+254711000001", "to": "20880", "text": "HELP"}
            assert posts(tree, "/in/phone/local/sms", **form)[0] == 200
    eventually(lambda: list((tree.folder / "spool").glob("*.events")) == [], 300)
    assert list((tree.folder / "spool").glob("*.draft")) == []
