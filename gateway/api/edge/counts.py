"""The counts of webhook events, over all webhook processes of one machine.

Each process counts for itself. A process that forwards other requests to a client process keeps its
counts in a file and continues from there after a restart. The client process adds the files up for
`/metrics`.
"""

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
from prometheus_client.core import CounterMetricFamily

Labels = tuple[str, str, str, str]
"""The channel, event, outcome and reason."""
NAMES = ("channel", "event", "outcome", "reason")
DISCONNECTED = "disconnected"
"""The reason under which callers are counted that disconnected in the middle of a body."""
_DOOR = ""  # no channel has this name
_SAVE_S = 1.0


class Counts:
    """The counts of one process. `folder` holds the counts of all processes of this machine."""

    def __init__(self, folder: Path, own: str | None = None) -> None:
        self._folder = folder
        self._file = folder / f"{own}.json" if own else None
        self._counts = Counter[Labels](_read(self._file)) if self._file else Counter[Labels]()
        self._saved = self._counts.total()

    def add(self, labels: Labels) -> None:
        self._counts[labels] += 1

    def add_refusal(self, reason: str) -> None:
        """Count a request that the entrance refused, or that its caller dropped."""
        self._counts[_DOOR, "", "", reason] += 1

    @asynccontextmanager
    async def kept(self) -> AsyncGenerator[None]:
        """Save the counts every second while the block runs, and at its end."""
        saving = asyncio.create_task(self._save_often())
        try:
            yield
        finally:
            saving.cancel()
            self._save()

    async def _save_often(self) -> None:
        while True:
            await asyncio.sleep(_SAVE_S)
            await asyncio.to_thread(self._save)

    def _save(self) -> None:
        total = self._counts.total()
        if self._file is None or total == self._saved:
            return
        draft = self._file.with_suffix(".part")
        # A full disk costs counts, never an answer. They are saved when there is space again.
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(orjson.dumps([[*labels, n] for labels, n in [*self._counts.items()]]))
            draft.replace(self._file)
            self._saved = total

    def family(self) -> CounterMetricFamily:
        """Return the sums over this process and the others of this machine."""
        said = "Events that providers posted, by outcome, and by reason where they were refused"
        family = CounterMetricFamily("gateway_webhooks", said, labels=NAMES)
        for labels, number in sorted(self._sums().items()):
            if labels[0] != _DOOR:
                family.add_metric(labels, number)
        return family

    def refusals(self) -> dict[str, int]:
        """Return the refused requests of all processes of this machine, per reason."""
        sums = sorted(self._sums().items())
        return {why: number for (channel, *_, why), number in sums if channel == _DOOR}

    def _sums(self) -> Counter[Labels]:
        sums = Counter[Labels](self._counts)
        others = [] if self._file else [*self._folder.glob("*.json")]
        for path in others:
            sums.update(_read(path))
        return sums


def _read(path: Path) -> dict[Labels, int]:
    with contextlib.suppress(OSError, ValueError, TypeError):
        rows: Iterable[tuple[str, str, str, str, int]] = orjson.loads(path.read_bytes())
        return {(channel, event, outcome, why): n for channel, event, outcome, why, n in rows}
    return {}
