"""The making of outgoing SMS: their cost is counted, and the number is sealed."""

from gateway.base.ids import WorkerId
from gateway.gsm.segments import count_segments
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.turns.turns import Message

PRIORITY = {
    "reply": 0,
    "money": 0,
    "invitation": 1,
    "question": 1,
    "notice": 1,
    "standing": 1,
    "weekly": 1,
}


def promise_of(ref: str) -> str:
    """Return the cause of the reply that promises the payout `ref`.

    The payout's outcome finds the reply by it.
    """
    return f"asked:{ref}"


def reply_cause(channel: str, event_id: str) -> str:
    """Return the cause of the reply to an event, where nothing else names it."""
    return f"reply:{channel}:{event_id}"


def in_place_of(waiting: str | None, news: str) -> str:
    """Return the text with a payout's outcome in place of the unsent reply that only promises it.

    `waiting` is that reply, or None. The promise is its last line; its other lines stay.
    """
    before = waiting.rpartition("\n")[0] if waiting else ""
    return f"{before}\n{news}" if before else news


def message(
    rt: Runtime,
    channel: str,
    worker: WorkerId | None,
    msisdn: str,
    text: str,
    purpose: str,
    cause: str | None = None,
    batch: Batch | None = None,
) -> Message:
    """Return an outgoing SMS.

    `batch` is the batch that it asks for, or whose answer it replies to; that batch bears the cost.
    """
    counted = count_segments(text)
    overtakes = PRIORITY[purpose] == 0
    return Message(
        channel=channel,
        worker=worker,
        to=rt.vault.seal(msisdn),
        to_index=rt.vault.index(msisdn),
        text=text,
        segments=counted.segments,
        encoding=str(counted.encoding),
        purpose=purpose,
        priority=PRIORITY[purpose],
        cause=cause,
        batch=batch.id if batch else None,
        lane="" if overtakes else f"{batch.client}/{batch.id}" if batch else "/",
    )
