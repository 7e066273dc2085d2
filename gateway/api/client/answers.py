"""The client's routes for results, and for every single answer behind them."""

from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from gateway.api.callers.auth import Client, Rt
from gateway.api.client.batch_view import my_batch
from gateway.api.client.lists import TaskState
from gateway.api.client.pages import PAGE_MAX
from gateway.api.client.paths import BatchPath
from gateway.api.client.results import (
    ClientRows,
    as_csv,
    as_json,
    as_lines,
    in_pieces,
)
from gateway.api.result_responses import AnswerOut, ResultOut
from gateway.base.errors import Refused
from gateway.base.text.strings import Id
from gateway.steps.batches.files.told import (
    ANSWER_COLUMNS,
    RESULT_COLUMNS,
    AnswerTeller,
    fields_for_client,
)
from gateway.steps.quality.confidences import results_of
from gateway.steps.runtime import Runtime
from gateway.store.batches import batches, listed_answers, results
from gateway.store.batches.listed_answers import AnswerCursor
from gateway.store.batches.results import ResultsAsked
from gateway.tasks.exports.table_form import TableForm

router = APIRouter(prefix="/api/v1")
NEXT: Final = "Next-After"
"""The header with the cursor of the next page. It is missing on the last one."""
_FORMATS: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {NEXT: {"schema": {"type": "string"}, "description": "Cursor of the next page"}},
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/jsonl": {"schema": {"type": "string"}},
        },
    }
}


class RowsAsked(BaseModel):
    """The form in which rows are asked for, and the size of a page."""

    format: Literal["json", "csv", "jsonl"] = "json"
    limit: Annotated[
        int | None, Field(ge=1, le=PAGE_MAX, description="Without it: all, as a stream")
    ] = None
    raw: Annotated[
        bool, Field(description="In CSV: no apostrophe before what a spreadsheet would execute")
    ] = False

    def form(
        self,
        columns: Sequence[str],
        options: Sequence[str],
        own: Sequence[str],
        fields: Sequence[str] = (),
    ) -> "RowForm":
        """Return how rows with these columns are written."""
        return RowForm(TableForm(columns, options, own, fields), self.format, self.raw)


class ResultsQuery(RowsAsked):
    """The query parameters of results."""

    after: Annotated[Id | None, Field(description="Your id of the last task that you have")] = None
    state: TaskState | None = None
    decided_after: Annotated[datetime | None, Field(examples=["2026-11-30T12:00:00Z"])] = None


class AnswersQuery(RowsAsked):
    """The query parameters of answers."""

    after: Annotated[
        str | None,
        Field(pattern="^[0-9]{1,9}[.][0-9]{1,4}$", description="`Next-After` of the page before"),
    ] = None
    answered_after: Annotated[datetime | None, Field(examples=["2026-11-30T12:00:00Z"])] = None


@router.get("/batches/{batch}/results", response_model=list[ResultOut], responses=_FORMATS)
async def found(
    rt: Rt, client: Client, batch: BatchPath, asked: Annotated[ResultsQuery, Query()]
) -> Response:
    """Return the results so far, task by task in your order.

    Without `limit` they are streamed, so any size will do. With it, the header `Next-After` holds
    the cursor of the next page.
    """
    row = await my_batch(rt, client, batch)
    part = ResultsAsked(await _position(rt, batch, asked.after), asked.state, asked.decided_after)
    order = await rt.batches.fresh(batch)
    rows = results_of(rt, order, row["state"], part)
    own = await batches.own_columns(rt.db, batch)
    fields = [one.name for one in order.fields]
    form = asked.form(RESULT_COLUMNS, order.option_ids, own, fields)
    names = rt.vault.pseudonyms(client)
    told = ((one["task"], fields_for_client(one, names)) async for one in rows)
    return await _page(told, form, asked.limit)


@router.get("/batches/{batch}/answers", response_model=list[AnswerOut], responses=_FORMATS)
async def answers(
    rt: Rt, client: Client, batch: BatchPath, asked: Annotated[AnswersQuery, Query()]
) -> Response:
    """Return every answer, task by task in your order.

    `worker` is an id that is yours alone: it stays the same for the same worker, and another client
    knows her by another one. Without `limit` the answers are streamed. With it, the header
    `Next-After` holds the cursor of the next page.
    """
    await my_batch(rt, client, batch)
    order = await rt.batches.fresh(batch)
    behind = AnswerCursor(*map(int, asked.after.split("."))) if asked.after else AnswerCursor()
    rows = listed_answers.of_batch(rt.db, batch, after=behind, since=asked.answered_after)
    teller = AnswerTeller(order, rt.vault.pseudonyms(client))
    told = ((f"{one.at.position}.{one.at.slot}", teller.told(one)) async for one in rows)
    form = asked.form(ANSWER_COLUMNS, (), await batches.own_columns(rt.db, batch))
    return await _page(told, form, asked.limit)


@dataclass(frozen=True, slots=True)
class RowForm:
    """The form in which rows are written."""

    csv: TableForm
    format: str
    raw: bool

    def stream(self, rows: ClientRows) -> tuple[AsyncGenerator[bytes], str]:
        """Return the rows as bytes, and the media type."""
        match self.format:
            case "csv":
                lines = as_csv(rows, self.csv, raw=self.raw)
                return in_pieces(lines), "text/csv; charset=utf-8"
            case "jsonl":
                return in_pieces(as_lines(rows)), "application/jsonl"
            case _:
                return in_pieces(as_json(rows)), "application/json"


async def _page(
    rows: AsyncIterable[tuple[str, dict[str, Any]]], form: RowForm, limit: int | None
) -> Response:
    """Return all rows as a stream, or the first `limit` of them with the cursor of the next page.

    Each row comes with its cursor.
    """
    if limit is None:
        stream, media = form.stream(row async for _, row in rows)
        return StreamingResponse(stream, media_type=media)
    page, more = list[tuple[str, dict[str, Any]]](), False
    async for one in rows:
        more = len(page) == limit
        if more:
            break
        page.append(one)
    stream, media = form.stream(_each([row for _, row in page]))
    headers = {NEXT: quote(page[-1][0], safe="")} if more else {}
    return Response(b"".join([part async for part in stream]), media_type=media, headers=headers)


async def _each(rows: Sequence[dict[str, Any]]) -> AsyncGenerator[dict[str, Any]]:
    for row in rows:
        yield row


async def _position(rt: Runtime, batch: str, task: str | None) -> int:
    if task is None:
        return 0
    position = await results.position_of(rt.db, batch, task)
    if position is None:
        raise Refused(f"after: there is no task {task!r} in this batch", field="after")
    return position
