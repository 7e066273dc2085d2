"""A real Kannel for tests.

It is found where Debian's `kannel` is installed, and started on ports of its own.
"""

import os
import random
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest

PATH = os.environ.get("PATH", "") + ":/usr/sbin"
BEARERBOX, SMSBOX = shutil.which("bearerbox", path=PATH), shutil.which("smsbox", path=PATH)
needs_kannel = pytest.mark.skipif(
    not (BEARERBOX and SMSBOX), reason="LEFT OUT: no Kannel here (apt-get install kannel)"
)


def free_ports(*names):
    """Return ports below those that the system gives to outgoing connections.

    One of those could take a port before Kannel does.
    """
    ports = dict[str, int]()
    for port in random.SystemRandom().sample(range(12_000, 32_000), 2_000):
        if len(ports) == len(names):
            break
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        ports[names[len(ports)]] = port
    assert len(ports) == len(names)
    return ports


def wait_for(port):
    for _ in range(3000):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"nothing listens on {port}")


@contextmanager
def boxes(conf, log, ports):
    """Run both boxes over this file until the block is over.

    The box port listens first, the send port after it.
    """
    started = []
    try:
        with log.open("w") as out:
            for program, port in ((BEARERBOX, ports["box"]), (SMSBOX, ports["send"])):
                started.append(subprocess.Popen([program, "-v", "1", conf], stdout=out, stderr=out))
                wait_for(port)
        yield
    finally:
        for box in reversed(started):
            box.kill()
            box.wait()
