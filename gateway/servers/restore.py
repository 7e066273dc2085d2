"""The program that starts the servers of a data folder which are down, and then ends.

Usage: `python -m gateway.servers.restore FOLDER NAME...`. It is a process of its own because a
start may take long (a crash recovery) while the supervisor must go on watching. The servers stay
up, since others use them. The last line of its output says what prevents the start.
"""

import sys
import threading
from pathlib import Path
from typing import Final

from gateway.servers.embedded import EmbeddedServers
from gateway.servers.errors import ServerError

IDLE_KEEPER_S: Final = 15.0


def main(folder: str, *names: str) -> int:
    """Start the named servers (`postgres`, `redis`) again and return the exit code."""
    servers = EmbeddedServers(Path(folder), postgres="postgres" in names, redis="redis" in names)
    # A stopped keeper holds its lock for ever, so it must end once its server is gone.
    for kept in servers.kept:
        timer = threading.Timer(IDLE_KEEPER_S, kept.end_idle_keeper)
        timer.daemon = True
        timer.start()
    try:
        with servers:
            return 0
    except ServerError as bad:
        sys.stderr.write(f"{bad}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
