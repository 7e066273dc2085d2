"""The SMS to holders outside the database: the ledger's head of the day, and other news."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.base.msisdn import normalise
from gateway.steps.messages.notify import Addressee, addressee, notice_write
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection, Row, Write
from gateway.store.ledger import seals
from gateway.store.messages import outbox
from gateway.store.people import workers


@dataclass(frozen=True, slots=True)
class Holder:
    """A person with a phone who receives such SMS."""

    msisdn: str
    language: str


async def day_head(rt: Runtime) -> int:
    """Send the first head of each day (UTC) to the numbers of the settings.

    Coordinators get it too where the settings say so. A kept SMS proves later that the history
    before it is unchanged. Return the number of receivers.
    """
    day = f"{rt.clock.now():%Y-%m-%d}"
    holders = await _holders(rt)
    if not holders or await outbox.is_written(rt.db, _cause(rt, f"head:{day}", holders[0])):
        return 0
    head, last = await seals.head(rt.db), await seals.last_sealed(rt.db)
    if not head:
        return 0
    async with rt.db.transaction() as db:
        for holder in holders:
            text = rt.books[holder.language].say("seal.head", day=day, last=str(last), head=head)
            await _put(rt, db, holder, text, _cause(rt, f"head:{day}", holder))
    rt.jobs.enqueue("deliver", rt.settings.sms_channel)
    return len(holders)


async def notify_outside(rt: Runtime, db: Connection, text: str, cause: str) -> int:
    """Write one SMS to each number of `controls.tell`, once per cause.

    Return the number of receivers.
    """
    holders = _named(rt)
    for holder in holders:
        await _put(rt, db, holder, text, _cause(rt, cause, holder))
    return len(holders)


def outside_writes(
    rt: Runtime, text: str, cause: str, *, but: frozenset[bytes] = frozenset()
) -> list[Write]:
    """Return the SMS to each number of `controls.tell`, once per cause.

    `but` are the indexes of numbers that are left out. They are parts of the caller's commit.
    """
    return [
        _part(rt, holder, text, _cause(rt, cause, holder))
        for holder in _named(rt)
        if rt.vault.index(holder.msisdn) not in but
    ]


def _part(rt: Runtime, to: Holder, text: str, cause: str) -> Write:
    return notice_write(rt, Addressee(rt.settings.sms_channel, to.msisdn), text, "money", cause)


async def _put(rt: Runtime, db: Connection, to: Holder, text: str, cause: str) -> None:
    await db.write([_part(rt, to, text, cause)])


async def _holders(rt: Runtime) -> list[Holder]:
    found = _named(rt)
    if rt.settings.controls.heads_to_coordinators:
        found += _opened(rt, await workers.coordinators(rt.db))
    return found


def _opened(rt: Runtime, rows: Sequence[Row]) -> list[Holder]:
    """Return the coordinators who can be told.

    Those whose number was sealed with another key cannot.
    """
    found = list[Holder]()
    for row in rows:
        to = addressee(rt, rt.settings.sms_channel, row["msisdn_sealed"])
        if to is not None:
            found.append(Holder(to.msisdn, row["language"]))
    return found


def _named(rt: Runtime) -> list[Holder]:
    return [
        Holder(normalise(number, rt.settings.region), "en") for number in rt.settings.controls.tell
    ]


def _cause(rt: Runtime, what: str, holder: Holder) -> str:
    """Return the cause of one SMS to one holder about one thing; no number stands in a cause."""
    return f"{what}:{rt.vault.index(holder.msisdn).hex()[:16]}"
