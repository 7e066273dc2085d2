"""The persons who may decide about money.

The rows say who vouched for each, until when the key is valid, and what was done to it.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.base.errors import Refused
from gateway.base.vault import key_hash
from gateway.store.db import Connection, Database, Row

BOOTSTRAPPED: Final = 2
"""The number of persons who may be added without a voucher, since no decision is possible without a
second person.
"""
_VALID: Final = "gone_at is null and expires_at > now()"


async def person_of(db: Database | Connection, name: str, key: str) -> int:
    """Return the person's id.

    Raises Refused for a wrong key, and for a person who may not decide any more.
    """
    query = (
        f"select id, key_hash, gone_at, expires_at, {_VALID} as valid from person where name = $1"
    )
    row = await db.row(query, name)
    if row is None or not hmac.compare_digest(row["key_hash"], key_hash(key)):
        raise Refused("there is no such person, or this is not her key")
    if row["gone_at"]:
        raise Refused(f"{name} was disabled on {row['gone_at']:%Y-%m-%d} and decides nothing more")
    if not row["valid"]:
        raise Refused(
            f"the key of {name} expired on {row['expires_at']:%Y-%m-%d}: another person renews it with "
            f"gateway persons rekey {name!r} --by NAME"
        )
    return row["id"]


async def nobody_can_vouch(db: Connection) -> bool:
    """Return whether the next person is added without a voucher.

    That is so for the first two, and when no valid person is left.
    """
    await db.execute(
        "lock table person in share row exclusive mode"
    )  # The lock keeps two persons added at once from both being the second one.
    ever, valid = await db.value("select count(*) from person"), await _valid(db)
    return ever < BOOTSTRAPPED or not valid


async def nobody_is_valid(db: Connection) -> bool:
    """Return whether all persons are disabled or expired."""
    await db.execute("lock table person in share row exclusive mode")
    return not await _valid(db)


async def insert_person(db: Connection, name: str, hashed: bytes, good_for: timedelta) -> int:
    """Add a person and return her id. Raises Refused for a name that is taken."""
    done = await db.value(
        """insert into person (name, key_hash, expires_at) values ($1, $2, now() + $3)
           on conflict (name) do nothing returning id""",
        name,
        hashed,
        good_for,
    )
    if done is None:
        raise Refused(
            f"there is a {name!r} already; list all with: gateway persons list", field="name"
        )
    return done


async def rekey(db: Connection, person: int, hashed: bytes, good_for: timedelta) -> None:
    """Give a person another key. The old one is no longer valid."""
    await db.execute(
        """update person set key_hash = $2, expires_at = now() + $3, expiry_told_at = null where id = $1""",
        person,
        hashed,
        good_for,
    )


async def disable(db: Connection, person: int) -> bool:
    """Disable a person. Return False when she was disabled before."""
    query = "update person set gone_at = now() where id = $1 and gone_at is null returning id"
    return await db.value(query, person) is not None


async def note(db: Connection, person: int, event: str, by: int | None, reason: str) -> int:
    """Record what was done to a person, by which person and why, and return the event's id."""
    return await db.value(
        "insert into person_event (person_id, event, by_id, reason) values ($1, $2, $3, $4) returning id",
        person,
        event,
        by,
        reason,
    )


@dataclass(frozen=True, slots=True)
class StoredPerson:
    """A person of the second-person control."""

    id: int
    name: str
    gone_at: datetime | None


async def person_named(db: Connection, name: str) -> StoredPerson:
    """Return the row of the person with this name, locked. Raises Refused when there is none."""
    row = await db.row("select id, name, gone_at from person where name = $1 for update", name)
    if row is None:
        raise Refused(
            f"there is no person {name!r}; list all with: gateway persons list",
            field="name",
            status=404,
        )
    return StoredPerson(**row)


@dataclass(frozen=True, slots=True)
class ExpiredPerson:
    """A person whose key has expired."""

    id: int
    name: str
    expires_at: datetime


async def newly_expired(db: Connection) -> list[ExpiredPerson]:
    """Return the persons whose key has expired since the last call, and mark them as reported."""
    rows = await db.rows(
        """update person set expiry_told_at = now()
           where gone_at is null and expires_at <= now() and expiry_told_at is null
           returning id, name, expires_at"""
    )
    return [ExpiredPerson(**row) for row in rows]


async def list_persons(db: Database) -> list[Row]:
    """Return every person with state, expiry, and the newest event with its author and reason."""
    return await db.rows(
        """select p.name, p.expires_at, p.created_at, e.event, e.at, e.reason, b.name as by,
             case when p.gone_at is not null then 'disabled' when p.expires_at <= now() then 'expired' else 'valid' end
               as state
           from person p
             left join lateral (select * from person_event where person_id = p.id order by id desc limit 1) e on true
             left join person b on b.id = e.by_id
           order by p.id"""
    )


async def _valid(db: Connection) -> int:
    return await db.value(f"select count(*) from person where {_VALID}")
