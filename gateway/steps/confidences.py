"""What may be said of a batch's confidences: whether gold has checked them, and with how much.

Wherever a confidence is told (results, proof, the story of a task, a correction's diff, commands),
it is told by `Checked.told`, and in words by `in_words`.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from gateway.qa.overlap import CONFIDENCE
from gateway.qa.ties import tied
from gateway.runtime import Runtime
from gateway.steps.comparing import compared_as
from gateway.store import results
from gateway.store.batches import Batch
from gateway.store.db import Row
from gateway.store.reviews import PERSON

_ONLINE = "online"
"""The rule of a result that was judged one answer at a time; its confidence is estimated anew when
the batch closes.
"""
_DIGITS = 4


class Sure(TypedDict):
    """A confidence as it is told, never without its mark (`Checked.of`); `checked_with_gold` is 0 where it is not checked."""

    confidence: float | None
    confidence_checked: bool | None
    checked_with_gold: int


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

    def told(self, confidence: float | None, rule: str | None) -> Sure:
        """Return one result's confidence with its mark."""
        is_checked = self.of(confidence, rule)
        return {
            "confidence": None if confidence is None else round(confidence, _DIGITS),
            "confidence_checked": is_checked,
            "checked_with_gold": self.gold if is_checked else 0,
        }


def in_words(told: Sure | Mapping[str, Any]) -> str:
    """Return what stands behind a confidence; nothing where there is none, or a person decided.

    >>> in_words(Checked(40, done=True).told(0.97, "auto")), in_words(Checked(40, done=True).told(1.0, "person"))
    (', checked with 40 gold tasks', '')
    >>> in_words(Checked(0, done=True).told(0.97, "auto"))
    ', not checked with gold'
    """
    match told["confidence_checked"]:
        case True:
            return f", checked with {told['checked_with_gold']} gold tasks"
        case False:
            return ", not checked with gold"
        case _:
            return ""


async def checked(rt: Runtime, batch: Batch, state: str) -> Checked:
    """Return what the confidences of a batch in this state are checked with."""
    return Checked(await results.gold_answered(rt.db, batch.id), state == "done")


async def sure_of(rt: Runtime, answers: Sequence[Row | None]) -> list[Sure | None]:
    """Return how sure the decision is that each paid answer was part of (`gateway.store.traces`); None for what is no answer."""
    known: dict[str, Checked] = {}
    for batch in {answer["batch"] for answer in answers if answer}:
        state = await results.state_of(rt.db, batch)
        known[batch] = Checked(await results.gold_answered(rt.db, batch), state == "done")
    return [
        known[answer["batch"]].told(answer["confidence"], answer["rule"]) if answer else None
        for answer in answers
    ]


async def results_of(rt: Runtime, batch: Batch, state: str) -> AsyncGenerator[dict[str, Any]]:
    """Yield every result of a batch as clients are told it."""
    known = await checked(rt, batch, state)
    is_text, language = rt.kind_of(batch.kind).IS_TEXT, compared_as(rt, batch)
    bar = batch.confidence or CONFIDENCE
    async for row in results.of_batch(rt.db, batch.id, batch.method, bar):
        yield _told(row, known, is_tied=tied(row["values"], is_text=is_text, language=language))


def _told(row: Row, known: Checked, *, is_tied: bool) -> dict[str, Any]:
    return {
        "task": row["name"],
        "state": row["state"],
        "value": row["value"],
        **known.told(row["confidence"], row["rule"]),
        "answers": row["answered"],
        "tied": is_tied,
        "rule": row["rule"],
    }
