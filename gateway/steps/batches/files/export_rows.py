"""The rows of an export, read from the database page by page."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.steps.batches.files.told import (
    ANSWER_COLUMNS,
    PROOF_COLUMNS,
    RESULT_COLUMNS,
    AnswerTeller,
    fields_for_client,
    proof_row,
)
from gateway.steps.quality.confidences import check_confidences, told_results
from gateway.steps.runtime import Runtime
from gateway.store.batches import batch_tasks, listed_answers, listed_tasks
from gateway.store.batches.batches import Batch
from gateway.store.batches.listed_answers import AnswerCursor
from gateway.store.batches.results import ResultsAsked
from gateway.store.ledger import traces
from gateway.tasks.exports.port import Content, ExportedBatch, ExportRow

_COLUMNS: Final = {
    Content.RESULTS: RESULT_COLUMNS,
    Content.ANSWERS: ANSWER_COLUMNS,
    Content.PROOF: PROOF_COLUMNS,
}


@dataclass(frozen=True, slots=True)
class ExportSource:
    """The batch of an export, its state, and the content that is exported."""

    rt: Runtime
    batch: Batch
    state: str
    content: Content

    async def about(self, ordered_at: datetime) -> ExportedBatch:
        """Return the description of the batch for a format."""
        batch, is_proof = self.batch, self.content is Content.PROOF
        merged = set(batch.option_ids)
        return ExportedBatch(
            id=batch.id,
            name=batch.name,
            kind=batch.kind,
            instructions=batch.instructions,
            content=self.content,
            columns=_COLUMNS[self.content],
            options=[one for one in batch.options if one.id in merged],
            fields=batch.fields,
            own=() if is_proof else await batch_tasks.own_columns(self.rt.db, batch.id),
            method=batch.method,
            created_at=ordered_at,
        )

    async def number(self, *, whole_tasks: bool) -> int | None:
        """Return how many rows there will be, or None where only reading them tells."""
        if self.content is Content.PROOF:
            return None
        if whole_tasks or self.content is Content.RESULTS:
            return await listed_tasks.number_to_export(self.rt.db, self.batch.id, gold=whole_tasks)
        return await listed_answers.number(self.rt.db, self.batch.id)

    async def rows(self, *, whole_tasks: bool) -> AsyncGenerator[ExportRow]:
        """Yield the rows in the client's order."""
        if whole_tasks:
            source = self._whole_tasks()
        elif self.content is Content.RESULTS:
            source = self._results()
        elif self.content is Content.ANSWERS:
            source = self._answers()
        else:
            source = self._proof()
        async for row in source:
            yield row

    async def _results(self) -> AsyncGenerator[ExportRow]:
        names = self.rt.vault.pseudonyms(self.batch.client)
        asked = ResultsAsked(with_text=True)
        async for one in told_results(self.rt, self.batch, self.state, asked):
            yield ExportRow(fields_for_client(one.told, names), one.text, one.gold)

    async def _answers(self) -> AsyncGenerator[ExportRow]:
        teller = AnswerTeller(self.batch, self.rt.vault.pseudonyms(self.batch.client))
        every = listed_answers.of_batch(self.rt.db, self.batch.id, after=AnswerCursor(), since=None)
        async for one in every:
            yield ExportRow(teller.told(one), one.text, one.gold)

    async def _whole_tasks(self) -> AsyncGenerator[ExportRow]:
        """Yield every task with its answers. Both come in the order of the client's tasks."""
        names = self.rt.vault.pseudonyms(self.batch.client)
        teller = AnswerTeller(self.batch, names)
        every = listed_answers.of_batch(self.rt.db, self.batch.id, after=AnswerCursor(), since=None)
        answer = await anext(every, None)
        asked = ResultsAsked(with_text=True, with_gold=True)
        async for one in told_results(self.rt, self.batch, self.state, asked):
            answers = list[dict[str, Any]]()
            while answer is not None and answer.at.position <= one.position:
                if answer.at.position == one.position:
                    answers.append(teller.told(answer))
                answer = await anext(every, None)
            told = fields_for_client(one.told, names)
            yield ExportRow(told, one.text, one.gold, answers, one.gold_reason)

    async def _proof(self) -> AsyncGenerator[ExportRow]:
        known = await check_confidences(self.rt, self.batch, self.state)
        async for link in traces.of_batch(self.rt.db, self.batch.id):
            yield ExportRow(proof_row(link, self.batch.currency, known))
