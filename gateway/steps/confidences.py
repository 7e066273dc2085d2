"""What may be said of a batch's confidences: whether gold has checked them, and with how much."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from gateway.qa.ties import tied
from gateway.runtime import Runtime
from gateway.steps.comparing import compared_as
from gateway.store import results
from gateway.store.batches import Batch
from gateway.store.db import Row
from gateway.store.reviews import PERSON

_ONLINE = "online"
"""The rule of a result that was judged one answer at a time; its confidence is estimated anew when the batch closes."""
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Checked:
    """`gold`: how many gold tasks of the batch were answered; `done`: whether it is closed, its confidences estimated with them."""

    gold: int
    done: bool

    @property
    def all(self) -> bool:
        """Whether the confidences of the batch's estimated results are checked."""
        return self.done and self.gold > 0

    def of(self, confidence: float | None, rule: str | None) -> bool | None:
        """Return whether one result's confidence is checked; None where it has none, or is the word of a person."""
        if confidence is None or rule == PERSON:
            return None
        return self.all and rule != _ONLINE


async def checked(rt: Runtime, batch: Batch, state: str) -> Checked:
    """Return what the confidences of a batch in this state are checked with."""
    return Checked(await results.gold_answered(rt.db, batch.id), state == "done")


async def results_of(rt: Runtime, batch: Batch, state: str) -> AsyncGenerator[dict[str, Any]]:
    """Yield every result of a batch as clients are told it."""
    known = await checked(rt, batch, state)
    is_text, language = rt.kind_of(batch.kind).IS_TEXT, compared_as(rt, batch)
    async for row in results.of_batch(rt.db, batch.id):
        yield _told(row, known, is_tied=tied(row["values"], is_text=is_text, language=language))


def _told(row: Row, known: Checked, *, is_tied: bool) -> dict[str, Any]:
    confidence: float | None = row["confidence"]
    return {
        "task": row["name"],
        "state": row["state"],
        "value": row["value"],
        "confidence": None if confidence is None else round(confidence, _DIGITS),
        "confidence_checked": known.of(confidence, row["rule"]),
        "checked_with_gold": known.gold if known.of(confidence, row["rule"]) else 0,
        "answers": row["answered"],
        "tied": is_tied,
        "rule": row["rule"],
    }
