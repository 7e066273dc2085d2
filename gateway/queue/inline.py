"""Bells without Redis: what is rung is kept until somebody answers. For tests and for one-process tools."""


class InlineBells:
    def __init__(self) -> None:
        self._rung: dict[tuple[str, ...], None] = {}

    def ring(self, step: str, *arguments: str) -> None:
        self._rung[(step, *arguments)] = None

    def take(self) -> list[tuple[str, ...]]:
        """What was rung since the last time, each once, in order."""
        rung, self._rung = list(self._rung), {}
        return rung

    async def away(self) -> str:
        """Return "": it is always here."""
        return ""

    async def refused(self) -> int:
        """Return 0: nothing foreign can get in here."""
        return 0
