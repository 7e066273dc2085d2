"""The mark of a batch's confidences: whether gold has checked them, and with how many gold tasks.

Every output of a confidence (results, proof, the history of a task, a correction's diff, commands)
uses `Checked.told`, and `in_words` for its wording.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypedDict

from gateway.qa.judging.overlap import CONFIDENCE
from gateway.qa.judging.ties import tied
from gateway.qa.judging.verdict_effect import ONLINE
from gateway.steps.quality.comparison import compared_as
from gateway.steps.quality.keying.keyed_fields import field_results, is_open
from gateway.steps.runtime import Runtime
from gateway.store.batches import results
from gateway.store.batches.batches import Batch
from gateway.store.batches.results import ALL, ResultsAsked, ResultsOfBatch, StoredResult
from gateway.store.batches.reviews import AUDIT, PERSON, REVIEW
from gateway.store.db import Row

_DIGITS = 4
_COUNTED_KEPT = 1 << 12


class MarkedConfidence(TypedDict):
    """A confidence with its mark (`Checked.of`).

    `checked_with_gold` is 0 where it is not checked.
    """

    confidence: float | None
    confidence_checked: bool | None
    checked_with_gold: int


@dataclass(frozen=True, slots=True)
class Checked:
    """The check of a batch's confidences with gold."""

    gold: int
    """The number of gold tasks of the batch that were answered."""
    done: bool
    """True if the batch is closed and its confidences were estimated with them."""

    @property
    def all(self) -> bool:
        """Return True if the confidences of the batch's estimated results are checked."""
        return self.done and self.gold > 0

    def of(self, confidence: float | None, rule: str | None) -> bool | None:
        """Return True if one result's confidence is checked.

        Return None where the result has no confidence, or where a person or an audit decided it.
        The confidence of a review rests on the reviewers' skills, which this gold did not check.
        """
        if confidence is None or rule in (PERSON, AUDIT):
            return None
        return self.all and rule not in (ONLINE, REVIEW)

    def told(self, confidence: float | None, rule: str | None) -> MarkedConfidence:
        """Return one result's confidence with its mark."""
        is_checked = self.of(confidence, rule)
        return {
            "confidence": None if confidence is None else round(confidence, _DIGITS),
            "confidence_checked": is_checked,
            "checked_with_gold": self.gold if is_checked else 0,
        }


def in_words(told: MarkedConfidence | Mapping[str, Any]) -> str:
    """Return the words behind a confidence; "" where there is none, or a person decided.

    >>> in_words(Checked(40, done=True).told(0.97, "auto"))
    ', checked with 40 gold tasks'
    >>> in_words(Checked(40, done=True).told(1.0, "person"))
    ''
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


async def check_confidences(rt: Runtime, batch: Batch, state: str) -> Checked:
    """Return the check of the confidences of a batch in this state."""
    return Checked(await results.gold_answered(rt.db, batch.id), state == "done")


async def sure_of(rt: Runtime, answers: Sequence[Row | None]) -> list[MarkedConfidence | None]:
    """Return the marked confidence of the decision behind each paid answer.

    The rows come from `gateway.store.ledger.traces`. The entry is None for a row that is not an
    answer.
    """
    known: dict[str, Checked] = {}
    for batch in {answer["batch"] for answer in answers if answer}:
        state = await results.state_of(rt.db, batch)
        known[batch] = Checked(await results.gold_answered(rt.db, batch), state == "done")
    return [
        known[answer["batch"]].told(answer["confidence"], answer["rule"]) if answer else None
        for answer in answers
    ]


class ToldResult(NamedTuple):
    """The result of one task in the form that clients receive, with the task's question."""

    position: int
    text: str
    """The question, where it was asked for."""
    gold: str | None
    gold_reason: str | None
    """The reason why the gold is right, where gold was asked for."""
    told: dict[str, Any]


async def results_of(
    rt: Runtime, batch: Batch, state: str, asked: ResultsAsked = ALL
) -> AsyncGenerator[dict[str, Any]]:
    """Yield the results of a batch that are asked for, in the form that clients receive."""
    async for one in told_results(rt, batch, state, asked):
        yield one.told


async def told_results(
    rt: Runtime, batch: Batch, state: str, asked: ResultsAsked = ALL
) -> AsyncGenerator[ToldResult]:
    """Yield the results of a batch that are asked for, with the questions of their tasks."""
    teller = _Teller(rt, batch, await check_confidences(rt, batch, state))
    async for row in teller.source(asked).each(rt.db):
        told = teller.told(row)
        yield ToldResult(row.position, row.text, row.gold, row.gold_reason, told)


async def pages_of_results(
    rt: Runtime, batch: Batch, state: str, asked: ResultsAsked = ALL
) -> AsyncGenerator[list[dict[str, Any]]]:
    """Yield what `results_of` yields, many rows at a time. The next ones are read meanwhile."""
    teller = _Teller(rt, batch, await check_confidences(rt, batch, state))
    async with aclosing(teller.source(asked).pages(rt.db)) as pages:
        async for page in pages:
            yield [teller.told(row) for row in page]


class _Teller:
    """The form in which clients receive the results of one batch."""

    def __init__(self, rt: Runtime, batch: Batch, known: Checked) -> None:
        self._rt, self._batch, self._known = rt, batch, known
        self._form, self._language = rt.kind_of(batch.kind).ANSWERS, compared_as(rt.kind_of, batch)
        self._none = dict.fromkeys(batch.option_ids, 0)
        # Many tasks of a batch have the same answers.
        self._counted = lru_cache(_COUNTED_KEPT)(self._count)

    def source(self, asked: ResultsAsked) -> ResultsOfBatch:
        """Return the rows to read."""
        batch = self._batch
        return ResultsOfBatch(
            batch.id,
            batch.method,
            batch.confidence or CONFIDENCE,
            entries=bool(batch.fields),
            predicted=batch.handling.use_predictions,
            asked=asked,
        )

    def told(self, row: StoredResult) -> dict[str, Any]:
        """Return one result as the client receives it."""
        batch, values = self._batch, row.values
        if batch.fields:
            entries = list(zip(row.workers or (), values, strict=True))
            fields = field_results(self._rt, batch, row.value, entries, row.skills, by_person=row.rule == PERSON)  # fmt: skip
            counts = self._counts(values)
            return {**_told(row, self._known, counts, is_tied=is_open(fields)), "fields": fields}
        counts, is_tied = self._counted(tuple(values))
        told = _told(row, self._known, counts.copy(), is_tied=is_tied)
        if batch.handling.use_predictions:
            told["prediction"] = row.prediction
        return told

    def _count(self, values: tuple[str, ...]) -> tuple[dict[str, int], bool]:
        """Return the answers per value, and whether no value leads."""
        return self._counts(values), tied(values, self._form, self._language)

    def _counts(self, values: Sequence[str]) -> dict[str, int]:
        counts = self._none.copy()
        for value in values:
            counts[value] = counts.get(value, 0) + 1
        return counts


def _told(
    row: StoredResult, known: Checked, counts: dict[str, int], *, is_tied: bool
) -> dict[str, Any]:
    marked = known.told(row.confidence, row.rule)
    # One literal costs half as much as merging two.
    return {
        "task": row.name,
        "state": row.state,
        "value": row.value,
        "confidence": marked["confidence"],
        "confidence_checked": marked["confidence_checked"],
        "checked_with_gold": marked["checked_with_gold"],
        "answers": row.answered,
        "tied": is_tied,
        "rule": row.rule,
        "counts": counts,
        "decided_at": row.decided_at.isoformat() if row.decided_at else None,
        "columns": row.own or {},
    }
