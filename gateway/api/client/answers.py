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
    ClientPages,
    as_csv,
    as_json,
    as_lines,
    in_pages,
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
from gateway.steps.quality.confidences import pages_of_results, results_of
from gateway.steps.runtime import Runtime
from gateway.store.batches import batch_tasks, listed_answers, results
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
    own = await batch_tasks.own_columns(rt.db, batch)
    fields = [one.name for one in order.fields]
    form = asked.form(RESULT_COLUMNS, order.option_ids, own, fields)
    names = rt.vault.pseudonyms(client)
    if asked.limit is None:
        pages = pages_of_results(rt, order, row["state"], part)
        told = ([fields_for_client(one, names) for one in page] async for page in pages)
        return form.streamed(told)
    rows = results_of(rt, order, row["state"], part)
    with_cursor = ((one["task"], fields_for_client(one, names)) async for one in rows)
    return await _page(with_cursor, form, asked.limit)


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
    form = asked.form(ANSWER_COLUMNS, (), await batch_tasks.own_columns(rt.db, batch))
    if asked.limit is None:
        return form.streamed(in_pages(teller.told(one) async for one in rows))
    told = ((f"{one.at.position}.{one.at.slot}", teller.told(one)) async for one in rows)
    return await _page(told, form, asked.limit)


@dataclass(frozen=True, slots=True)
class RowForm:
    """The form in which rows are written."""

    csv: TableForm
    format: str
    raw: bool

    def stream(self, pages: ClientPages) -> tuple[AsyncGenerator[bytes], str]:
        """Return the rows as bytes, and the media type."""
        match self.format:
            case "csv":
                return as_csv(pages, self.csv, raw=self.raw), "text/csv; charset=utf-8"
            case "jsonl":
                return as_lines(pages), "application/jsonl"
            case _:
                return as_json(pages), "application/json"

    def streamed(self, pages: ClientPages) -> StreamingResponse:
        """Return all rows as a stream."""
        stream, media = self.stream(pages)
        return StreamingResponse(stream, media_type=media)


async def _page(
    rows: AsyncIterable[tuple[str, dict[str, Any]]], form: RowForm, limit: int
) -> Response:
    """Return the first `limit` rows with the cursor of the next page.

    Each row comes with its cursor.
    """
    page, more = list[tuple[str, dict[str, Any]]](), False
    async for one in rows:
        more = len(page) == limit
        if more:
            break
        page.append(one)
    stream, media = form.stream(_one_page([row for _, row in page]))
    headers = {NEXT: quote(page[-1][0], safe="")} if more else {}
    return Response(b"".join([part async for part in stream]), media_type=media, headers=headers)


async def _one_page(rows: list[dict[str, Any]]) -> AsyncGenerator[list[dict[str, Any]]]:
    yield rows


async def _position(rt: Runtime, batch: str, task: str | None) -> int:
    if task is None:
        return 0
    position = await results.position_of(rt.db, batch, task)
    if position is None:
        raise Refused(f"after: there is no task {task!r} in this batch", field="after")
    return position
