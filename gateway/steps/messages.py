"""Makes outgoing SMS: counts what they cost, seals whom they go to."""

from gateway.ids import WorkerId
from gateway.runtime import Runtime
from gateway.sms.segments import count
from gateway.store.turns import Message

PRIORITY = {"reply": 0, "money": 0, "invitation": 1, "question": 1, "notice": 1}


def message(
    rt: Runtime,
    channel: str,
    worker: WorkerId | None,
    msisdn: str,
    text: str,
    purpose: str,
    cause: str | None = None,
) -> Message:
    counted = count(text)
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
    )
