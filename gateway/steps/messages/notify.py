"""The SMS that tells one worker or coordinator something without a question from her."""

from dataclasses import dataclass

import structlog

from gateway.base.errors import OtherKey
from gateway.base.ids import WorkerId
from gateway.steps.messages.compose import message
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection, Database, Write
from gateway.store.turns import turns

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Addressee:
    """The worker or coordinator to whom an SMS goes."""

    channel: str
    """The name of the SMS channel."""
    msisdn: str
    """The open number."""
    worker: WorkerId | None = None
    """The worker; None for every other reader."""


def addressee(
    rt: Runtime, channel: str, sealed: bytes, worker: int | None = None
) -> Addressee | None:
    """Return the addressee with this sealed number.

    Return None, and log it, where the number was sealed with another key. One such number must not
    hold up the notices to all others.
    """
    try:
        msisdn = rt.vault.open(sealed)
    except OtherKey:
        log.warning("no notice: the number was sealed with another key", worker=worker)
        return None
    return Addressee(channel, msisdn, None if worker is None else WorkerId(worker))


def notice_write(
    rt: Runtime, to: Addressee, text: str, purpose: str, cause: str | None = None
) -> Write:
    """Return the write that puts a notice into the outbox.

    An SMS with the same `cause` is written once. The caller enqueues `deliver` for the channel.
    """
    return turns.put_message(message(rt, to.channel, to.worker, to.msisdn, text, purpose, cause))


async def notify(
    rt: Runtime,
    db: Connection | Database,
    to: Addressee,
    text: str,
    purpose: str,
    cause: str | None = None,
) -> None:
    """Write a notice and enqueue its delivery."""
    await db.write([notice_write(rt, to, text, purpose, cause)])
    rt.jobs.enqueue("deliver", to.channel)
