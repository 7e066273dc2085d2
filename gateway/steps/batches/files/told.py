"""The rows of answers and of the proof in the form in which one client reads them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from gateway.base.money import typed_amount
from gateway.base.pseudonyms import Pseudonyms
from gateway.steps.quality.confidences import Checked
from gateway.store.batches.batches import Batch
from gateway.store.batches.listed_answers import ListedAnswer
from gateway.store.ledger.traces import Link
from gateway.tasks.question import Option

# Columns are added at the end only, because programs may rely on the positions of the others.
RESULT_COLUMNS: Final = (
    "task", "state", "value", "confidence", "answers", "rule", "confidence_checked", "checked_with_gold", "tied", "decided_at",
)  # fmt: skip
ANSWER_COLUMNS: Final = (
    "task", "answer", "worker", "channel", "said", "value", "asked_at", "answered_at", "lead_time_s", "counted", "gold", "right",
    "price", "currency", "options_order",
)  # fmt: skip
PROOF_COLUMNS: Final = (
    "task", "answer", "answered_at", "currency", "amount_minor", "fate", "transfer", "payout", "provider", "receipt", "paid_at",
    "state", "value", "confidence", "confidence_checked", "checked_with_gold",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _ToldWorker:
    name: str
    """The pseudonym."""
    order: list[str]
    """The options in the order in which the worker saw them."""


@dataclass(frozen=True, slots=True)
class AnswerTeller:
    """The form in which one client reads the answers of a batch."""

    batch: Batch
    names: Pseudonyms
    _known: dict[int, _ToldWorker] = field(default_factory=dict[int, _ToldWorker], repr=False)

    def told(self, one: ListedAnswer) -> dict[str, Any]:
        """Return an answer as the client reads it."""
        worker = self._known.get(one.worker) or self._worker(one.worker)
        return {
            "task": one.task,
            "answer": one.slot,
            "worker": worker.name,
            "channel": one.via,
            "said": one.said,
            "value": one.value,
            "asked_at": one.asked_at.isoformat(),
            "answered_at": one.answered_at.isoformat(),
            "lead_time_s": round((one.answered_at - one.asked_at).total_seconds(), 1),
            "counted": not one.is_void,
            "gold": one.is_gold,
            "right": one.is_right,
            "price": typed_amount(one.price_minor, self.batch.currency),
            "currency": self.batch.currency,
            "options_order": worker.order,
            "columns": one.own,
        }

    def _worker(self, worker: int) -> _ToldWorker:
        options: Sequence[Option] = self.batch.options_for(worker)
        told = _ToldWorker(self.names.of(worker), [option.id for option in options])
        self._known[worker] = told
        return told


def fields_for_client(row: dict[str, Any], names: Pseudonyms) -> dict[str, Any]:
    """Return a result whose fields, if it has any, name the workers in the client's own form."""
    if not row.get("fields"):
        return row
    fields = cast("dict[str, dict[str, Any]]", row["fields"])

    def told(one: dict[str, Any]) -> dict[str, Any]:
        by = one["settled_by"]
        return {**one, "settled_by": None if by is None else names.of(by)}

    return {**row, "fields": {name: told(one) for name, one in fields.items()}}


def proof_row(link: Link, currency: str, known: Checked) -> dict[str, Any]:
    """Return one line of the proof: a part of a paid answer, and where its money is."""
    answer, payout = link.answer, link.payout
    assert answer is not None
    paid = payout if payout and link.fate == "paid" else None
    return {
        "task": answer["task"],
        "answer": answer["slot"],
        "answered_at": answer["answered_at"].isoformat(),
        "currency": currency,
        "amount_minor": link.amount_minor,
        "fate": link.fate,
        "transfer": str(link.earning),
        "payout": payout["ref"] if payout else "",
        "provider": payout["provider"] if payout else "",
        "receipt": paid["receipt"] if paid else "",
        "paid_at": paid["settled_at"].isoformat() if paid else "",
        "state": answer["decision"],
        "value": answer["result"],
        **known.told(answer["confidence"], answer["rule"]),
    }
