"""What people outside the database are told by SMS: the day's head of the ledger, and a worker who does not agree."""

from dataclasses import dataclass
from datetime import datetime

from gateway.money import amount_text
from gateway.msisdn import normalise
from gateway.runtime import Runtime
from gateway.steps.messages import message
from gateway.store import adjustments, outbox, people, seals, turns
from gateway.store.db import Connection, statement

_NAME_MAX = 12


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody with a phone who is told."""

    msisdn: str
    language: str


async def day_head(rt: Runtime) -> int:
    """The first head of each day (UTC) goes to the numbers of the settings, and to coordinators where they are to have it:
    whoever keeps that SMS can show later that history before it is what it was. How many were told now."""
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
    rt.bells.ring("deliver", rt.settings.sms_channel)
    return len(holders)


async def appeals(rt: Runtime) -> int:
    """Each appeal once to the worker's coordinator, else to the numbers of the settings. How many."""
    told = 0
    for row in await adjustments.not_passed_on(rt.db):
        if row["msisdn_sealed"]:
            holders = [Holder(rt.vault.open(row["msisdn_sealed"]), row["language"])]
        else:
            holders = _named(rt)
        async with rt.db.transaction() as db:
            for holder in holders:
                text = rt.books[holder.language].say(
                    "appeal.to_coordinator",
                    name=row["name"][:_NAME_MAX].strip(),
                    ref=row["ref"],
                    amount=amount_text(row["amount"], row["currency"]),
                    day=_day(row["decide_by"]),
                )
                await _put(rt, db, holder, text, _cause(rt, f"appeal:{row['ref']}", holder))
            await adjustments.note(
                db, row["id"], "passed_on", 0, "coordinator" if row["msisdn_sealed"] else "house"
            )
        told += 1
    if told:
        rt.bells.ring("deliver", rt.settings.sms_channel)
    return told


async def _put(rt: Runtime, db: Connection, to: Holder, text: str, cause: str) -> None:
    told = message(rt, rt.settings.sms_channel, None, to.msisdn, text, "money", cause=cause)
    query, arguments = statement([turns.put_message(told)])
    await db.execute(query, *arguments)


async def _holders(rt: Runtime) -> list[Holder]:
    found = _named(rt)
    if rt.settings.controls.heads_to_coordinators:
        found += [
            Holder(rt.vault.open(row["msisdn_sealed"]), row["language"])
            for row in await people.coordinators(rt.db)
        ]
    return found


def _named(rt: Runtime) -> list[Holder]:
    return [
        Holder(normalise(number, rt.settings.region), "en") for number in rt.settings.controls.tell
    ]


def _cause(rt: Runtime, what: str, holder: Holder) -> str:
    """One SMS to one holder about one thing. No number stands in a cause."""
    return f"{what}:{rt.vault.index(holder.msisdn).hex()[:16]}"


def _day(at: datetime) -> str:
    return f"{at:%d/%m}"
