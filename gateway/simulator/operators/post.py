"""The operator's callback sender, with the faults that callbacks suffer on the way.

A callback is a row before it is sent, so an operator that was killed sends it after its restart.
Each is sent once, because no retry of a callback is documented.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from typing import Final

from gateway.simulator.faults import FaultPlan
from gateway.simulator.operators.books import OperatorBooks
from gateway.simulator.wire import JSON, Caller

CALLBACK_TIMEOUT_S: Final = 10.0


class BackgroundTasks:
    """The owner of every task of the operator that outlives a request."""

    def __init__(
        self, books: OperatorBooks, plan: FaultPlan, forged: Callable[[bytes], bytes]
    ) -> None:
        """Make a sender for one operator. `forged` turns a true result into a false one."""
        self.books = books
        self._forged = forged
        self.plan = plan
        self._caller = Caller(CALLBACK_TIMEOUT_S)
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Wait until all due payments are made and all callbacks are sent."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._caller.close()

    def tell_again(self) -> None:
        """Send the callbacks that were recorded but not sent before a restart."""
        for (number,) in self.books.db.execute("SELECT id FROM callback WHERE told_at IS NULL"):
            self.spawn(self._send(number))

    async def tell_timeout(self, key: str, url: str, body: bytes) -> None:
        """Send a timeout notice, which returns the request unchanged.

        The payment may still happen.
        """
        await self._send(self._write(key, "timeout", url, body, 0.0))

    async def tell(self, key: str, url: str, body: bytes, faults: frozenset[str]) -> None:
        """Send the callback with a payment's result to the gateway, with these `faults`.

        A fault makes the callback late, lost, malformed or sent twice, or sends a forged one before
        it. The plan gives the delay of a late one.
        """
        late_s = self.plan.late_s if "result_late" in faults else 0.0
        if "result_forged" in faults:
            await self._send(self._write(key, "forged", url, self._forged(body), 0.0))
        if "result_lost" in faults:
            self._write(key, "lost", url, body, late_s, lost=True)
            return
        if "result_malformed" in faults:
            body = body[: len(body) * 2 // 3]
        await self._send(self._write(key, "result", url, body, late_s))
        if "result_duplicate" in faults:
            await self._send(self._write(key, "duplicate", url, body, 0.0))

    def _write(self, key: str, what: str, url: str, body: bytes, in_s: float, *, lost: bool = False) -> int:  # fmt: skip
        now = self.books.now()
        cursor = self.books.db.execute(
            "INSERT INTO callback (key, what, url, body, due_at, told_at) VALUES (?,?,?,?,?,?)",
            (key, what, url, body, now + in_s, now if lost else None),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    async def _send(self, number: int) -> None:
        db = self.books.db
        url, body, due_at = db.execute(
            "SELECT url, body, due_at FROM callback WHERE id = ?", (number,)
        ).fetchone()
        if (wait_s := due_at - self.books.now()) > 0:
            await asyncio.sleep(wait_s)
        answer = await self._caller.post(url, body, JSON)
        try:
            db.execute(
                "UPDATE callback SET told_at = ?, status = ? WHERE id = ?",
                (self.books.now(), answer.status, number),
            )
        except sqlite3.ProgrammingError:
            return  # The operator was closed while the gateway was answering.
