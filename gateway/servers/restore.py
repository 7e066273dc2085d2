"""Start what is down of a data folder's servers, and end: `python -m gateway.servers.restore FOLDER NAME...`.

A process of its own, since a start may take long (a crash recovery) and the supervisor must go on
watching meanwhile. The servers stay: others use them. Its last line says what is in the way.
"""

import sys
import threading
from pathlib import Path
from typing import Final

from gateway.servers.embedded import EmbeddedServers
from gateway.servers.errors import ServerError

IDLE_KEEPER_S: Final = 15.0


def main(folder: str, *names: str) -> int:
    """Bring the named servers (`postgres`, `redis`) back."""
    servers = EmbeddedServers(Path(folder), postgres="postgres" in names, redis="redis" in names)
    # A keeper that is stopped holds its lock for ever; when its server is gone, it must go as well.
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
