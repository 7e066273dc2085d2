"""Where a batch's money went: each paid answer with the payout and the receipt that carried it, as CSV."""

from collections.abc import AsyncGenerator, AsyncIterable

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from gateway.api.auth import Client, Rt
from gateway.api.paths import BatchPath
from gateway.errors import Refused
from gateway.store import batches, traces
from gateway.store.traces import Link
from gateway.tabular import CsvWriter

router = APIRouter(prefix="/api/v1")

PROOF_COLUMNS = (
    "task", "answer", "answered_at", "currency", "amount_minor", "fate", "transfer", "payout", "provider", "receipt", "paid_at",
)  # fmt: skip


@router.get(
    "/batches/{batch}/proof.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def proof(
    rt: Rt, client: Client, batch: BatchPath, *, raw: bool = False
) -> StreamingResponse:
    """What each paid answer of your batch became: paid out (with the operator's receipt), on its way, or still in its
    worker's balance. One line a part: an answer may be paid by two payouts. Workers are not named."""
    row = await batches.of_client(rt.db, client, batch)
    if row is None:
        raise Refused(f"no batch {batch!r}", status=404)
    links = traces.of_batch(rt.db, batch)
    lines = as_csv(links, row["currency"], raw=raw)
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8")


async def as_csv(
    links: AsyncIterable[Link], currency: str, *, raw: bool = False
) -> AsyncGenerator[bytes]:
    """Yield the proof line by line, so that any size will do."""
    writer = CsvWriter(raw=raw)
    yield writer.row(PROOF_COLUMNS).encode()
    async for link in links:
        yield writer.row(_columns(link, currency)).encode()


def _columns(link: Link, currency: str) -> list[object]:
    assert link.answer is not None
    payout = link.payout
    ends = [payout["ref"], payout["provider"]] if payout else ["", ""]
    paid = payout if payout and link.fate == "paid" else None
    return [
        link.answer["task"],
        link.answer["slot"],
        link.answer["answered_at"].isoformat(),
        currency,
        link.amount_minor,
        link.fate,
        link.earning,
        *ends,
        paid["receipt"] if paid else "",
        paid["settled_at"].isoformat() if paid else "",
    ]
