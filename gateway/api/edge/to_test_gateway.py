"""The way of requests with a test key: to the test gateway, and never into the real one."""

from pathlib import Path
from typing import Final

from starlette.types import Receive, Scope, Send

from gateway.api.edge.forward import Forward
from gateway.api.problems import problem
from gateway.base.vault import TEST_KEY
from gateway.servers.rundir import run_dir
from gateway.settings.for_test_gateway import FOLDER

SOCKET: Final = "test-keys.sock"
RETRY_S: Final = 5


def has_test_key(scope: Scope) -> bool:
    """Return whether a request names a test key.

    >>> has_test_key({"headers": [(b"authorization", b"Bearer gw_test_x")]})
    True
    >>> has_test_key({"headers": [(b"authorization", b"Bearer gw_x")]})
    False
    """
    given = next((v for n, v in scope["headers"] if n == b"authorization"), b"")
    return given.partition(b" ")[2].strip().startswith(TEST_KEY.encode())


class ToTestGateway:
    """The application that forwards requests with a test key to the test gateway of this folder."""

    def __init__(self, data_dir: Path) -> None:
        self._home = data_dir / FOLDER

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = run_dir(self._home) / SOCKET
        if not socket.exists():
            away = problem(
                503,
                "test keys need the test gateway, which does not run: ask the operator to start it "
                "with `gateway test-gateway`; nothing was done",
            )
            away.headers["Retry-After"] = str(RETRY_S)
            await away(scope, receive, send)
            return
        # The test gateway may be started anew at any time, so each request looks for its socket.
        async with Forward.opened(socket) as forward:
            await forward(scope, receive, send)
