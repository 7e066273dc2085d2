"""The answers to requests with an `Idempotency-Key`, which a repeated request gets again."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from gateway.base.ids import ClientId
from gateway.store.db import Connection, Database

UNANSWERED: Final = 0
"""Stands for the status of a change that is committed and whose answer is not stored yet."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer, and the hash of the request that it was given to. `body` is decoded JSON.

    The body of an unanswered change is what its answer is made of.
    """

    request_hash: bytes
    status: int
    body: Any
    location: str

    @property
    def is_unanswered(self) -> bool:
        """Return True for a change whose process was killed before it answered."""
        return self.status == UNANSWERED


async def lock(db: Connection, client: ClientId, key: str) -> None:
    """Let the second of two simultaneous requests with one key wait for the first."""
    await db.value("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"{client}:{key}")


async def kept(db: Connection, client: ClientId, key: str) -> KeptAnswer | None:
    """Return the earlier answer under this key."""
    row = await db.row(
        """select request_hash, status, body, location from idempotency
            where client_id = $1 and key = $2""",
        client,
        key,
    )
    return KeptAnswer(**row) if row is not None else None


async def keep(db: Connection, client: ClientId, key: str, answer: KeptAnswer) -> None:
    """Store the answer under this key, unless the change has stored its answer itself."""
    await db.execute(
        f"""insert into idempotency (client_id, key, request_hash, status, body, location)
            values ($1, $2, $3, $4, $5, $6) on conflict (client_id, key) do update
              set status = excluded.status, body = excluded.body, location = excluded.location
              where idempotency.status = {UNANSWERED}""",
        client,
        key,
        answer.request_hash,
        answer.status,
        answer.body,
        answer.location,
    )


class MadeObject(StrEnum):
    """The tables of objects that a request makes, whose ids follow from the request."""

    BATCH = "batch"
    PROJECT = "project"
    WEBHOOK = "webhook"
    FILE_JOB = "file_job"


async def made_at(db: Database, made: MadeObject, object_id: str) -> datetime | None:
    """Return when an object was made, or None where there is none with this id."""
    return await db.value(f"select created_at from {made.value} where id = $1", object_id)


async def remove_before(db: Database, before: datetime, most: int) -> int:
    """Remove at most this many answers that are older, and return how many were removed."""
    done = await db.execute(
        """delete from idempotency where (client_id, key) in (
             select client_id, key from idempotency where created_at < $1
              order by created_at limit $2 for update skip locked)""",
        before,
        most,
    )
    return int(done.split()[-1])
