"""A shorter message in place of a reply or a question that could not be sent.

A worker therefore never gets silence. The message says that another one was too long, and how to go
on. It is written once per message, and is not replaced itself when it is refused too.
"""

from collections.abc import Sequence

from gateway.phrases import book_in
from gateway.sms.port import RefusalReason, SendStatus, Sent
from gateway.steps.messages.notify import addressee, notice_write
from gateway.steps.messages.origins import shorter_cause
from gateway.steps.runtime import Channel, Runtime
from gateway.store.messages import outbox
from gateway.store.messages.outbox import Claimed

_PURPOSES = frozenset({"reply", "question", "invitation"})


def helps(sent: Sent) -> bool:
    """Return True if another text may be accepted where this one was refused."""
    return sent.outcome is SendStatus.REFUSED and sent.fault in (
        RefusalReason.LENGTH,
        RefusalReason.CONTENT,
    )


async def instead(rt: Runtime, sms_channel: Channel, refused: Sequence[Claimed]) -> None:
    """Write a short message for each refused one that its reader waits for."""
    wanted = [each for each in refused if each.purpose in _PURPOSES]
    if not wanted:
        return
    causes = {each.id: each.cause for each in wanted}
    for row in await outbox.readers(rt.db, list(causes)):
        to = addressee(rt, sms_channel.name, row.to_sealed, row.worker_id)
        if to is None:
            continue
        language = row.language or rt.settings.countries[rt.settings.region].language
        text = book_in(language, rt.books).say("reply.too_long")
        cause = shorter_cause(row.id, causes[row.id])
        await rt.db.write([notice_write(rt, to, text, "reply", cause)])
    rt.jobs.enqueue("deliver", sms_channel.name)
