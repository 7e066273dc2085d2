"""Makes outgoing SMS: counts what they cost, seals whom they go to."""

from gateway.ids import WorkerId
from gateway.runtime import Runtime
from gateway.sms.segments import count
from gateway.store.batches import Batch
from gateway.store.turns import Message

PRIORITY = {"reply": 0, "money": 0, "invitation": 1, "question": 1, "notice": 1, "standing": 1}


def promise_of(ref: str) -> str:
    """The cause of the reply that promises the payout `ref`: by it, news of the payout finds it."""
    return f"asked:{ref}"


def in_place_of(waiting: str | None, news: str) -> str:
    """News of a payout in place of the reply that only promises it and has not gone (None: there is none): the promise is
    its last line, the rest of it stays."""
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
    """`batch`: the one it asks for, or whose answer it replies to: it bears the cost."""
    counted = count(text)
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
