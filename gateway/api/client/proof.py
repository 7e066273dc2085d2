"""The proof of payment for a batch as CSV: each paid answer with its payout and receipt."""

from collections.abc import AsyncGenerator, AsyncIterable

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from gateway.api.callers.auth import Client, Rt
from gateway.api.client.paths import BatchPath
from gateway.api.client.results import in_pieces
from gateway.base.errors import Refused
from gateway.base.tabular import CsvWriter
from gateway.steps.batches.files.told import PROOF_COLUMNS, proof_row
from gateway.steps.quality.confidences import Checked
from gateway.store.batches import listed_batches, results
from gateway.store.ledger import traces
from gateway.store.ledger.traces import Link
from gateway.tasks.exports.table_form import cell

router = APIRouter(prefix="/api/v1")


@router.get(
    "/batches/{batch}/proof.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def proof(
    rt: Rt, client: Client, batch: BatchPath, *, raw: bool = False
) -> StreamingResponse:
    """Return a CSV that shows for each paid answer of your batch where its money is.

    It was paid out (with the operator's receipt), is on its way, or is still in its worker's
    balance. There is one line per part, because an answer may be paid by two payouts. Workers are
    not named. The last columns show the decided value of the task, its confidence, and whether gold
    has checked it.
    """
    row = await listed_batches.of_client(rt.db, client, batch)
    if row is None:
        raise Refused(f"no batch {batch!r}", status=404)
    known = Checked(await results.gold_answered(rt.db, batch), row["state"] == "done")
    lines = as_csv(traces.of_batch(rt.db, batch), row["currency"], known, raw=raw)
    return StreamingResponse(in_pieces(lines), media_type="text/csv; charset=utf-8")


async def as_csv(
    links: AsyncIterable[Link], currency: str, known: Checked, *, raw: bool = False
) -> AsyncGenerator[bytes]:
    """Yield the proof line by line, so that any size will do.

    `known` says whether the confidences are checked.
    """
    writer = CsvWriter(raw=raw)
    yield writer.row(PROOF_COLUMNS).encode()
    async for link in links:
        yield writer.row([cell(one) for one in proof_row(link, currency, known).values()]).encode()
