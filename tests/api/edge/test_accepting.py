"""New connections of a rush are accepted many at a time, however long a round of the loop takes."""

import asyncio
import socket
from typing import Any

import uvicorn
import uvloop

from gateway.cli.run.api import accepting, config, listen

CALLERS = 160


def test_callers_of_a_rush_do_not_wait_for_one_round_of_the_loop_each():
    """A round may take 10 ms in a rush, and no caller may wait for a hundred of them."""
    with listen("127.0.0.1", 0) as listener:
        rounds = uvloop.run(rounds_until_all_are_answered(listener))
    assert rounds < CALLERS / 4


async def rounds_until_all_are_answered(listener: socket.socket) -> int:
    """Serve callers that are all connected already, and count the rounds of the event loop."""
    callers = [socket.create_connection(listener.getsockname()) for _ in range(CALLERS)]
    for caller in callers:
        caller.sendall(b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n")
    application = Counting()
    server = uvicorn.Server(config(application))
    serving = asyncio.create_task(server.serve(sockets=accepting(listener)))
    await application.first.wait()
    rounds = await counted(application.last)
    for caller in callers:
        caller.close()
    server.should_exit = True
    await serving
    return rounds


async def counted(last: asyncio.Event) -> int:
    """Return the number of rounds until the event."""
    rounds = 0
    while not last.is_set():  # Each sleep is one round, which is counted.
        await asyncio.sleep(0)
        rounds += 1
    return rounds


class Counting:
    """An application that tells its first answer and the last one."""

    def __init__(self) -> None:
        self.answered = 0
        self.first, self.last = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.answered += 1
        self.first.set()
        if self.answered == CALLERS:
            self.last.set()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})
