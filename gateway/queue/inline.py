"""Jobs without Redis, for tests and for tools with one process.

A job is kept until its owner takes it.
"""


class InlineJobQueue:
    def __init__(self) -> None:
        self._rung: dict[tuple[str, ...], None] = {}

    def enqueue(self, step: str, *arguments: str) -> None:
        self._rung[(step, *arguments)] = None

    def take(self) -> list[tuple[str, ...]]:
        """Return the jobs enqueued since the last call, each once, in order."""
        rung, self._rung = list(self._rung), {}
        return rung

    async def away(self) -> str:
        """Return "", since a queue in memory is never away."""
        return ""

    async def refused(self) -> int:
        """Return 0, since no other process can add a job here."""
        return 0
