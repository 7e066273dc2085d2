"""The API keys of clients. Only hashes are stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.base.ids import ClientId
from gateway.store.db import Connection, Database


@dataclass(frozen=True, slots=True)
class KeyInUse:
    """A valid key as a request shows it: its client and what it may do."""

    client: ClientId
    scopes: frozenset[str]
    expires_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as the operator sees it."""

    shown: str
    last_four: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyToStore:
    """A key to be stored: its hash, the parts that identify it, and what it may do."""

    digest: bytes
    shown: str
    last_four: str
    name: str
    scopes: Sequence[str]
    expires_at: datetime | None


async def by_hash(db: Database, digest: bytes) -> KeyInUse | None:
    """Return the key with this hash, or None where it is unknown or revoked."""
    row = await db.row(
        """select client_id, scopes, expires_at, used_at from api_key
            where hash = $1 and revoked_at is null""",
        digest,
    )
    if row is None:
        return None
    scopes = frozenset[str](row["scopes"])
    return KeyInUse(ClientId(row["client_id"]), scopes, row["expires_at"], row["used_at"])


async def shown(db: Database, digest: bytes) -> str:
    """Return the first characters of a key, which identify it; "" for an unknown key."""
    return await db.value("select shown from api_key where hash = $1", digest) or ""


async def note_use(db: Database, digest: bytes, now: datetime) -> None:
    """Store the time of a key's last use."""
    await db.execute("update api_key set used_at = $2 where hash = $1", digest, now)


async def add(db: Connection | Database, client: ClientId, key: KeyToStore) -> None:
    """Store a key's hash and the parts that identify it. The key itself is never stored."""
    await db.execute(
        """insert into api_key (hash, client_id, shown, last_four, name, scopes, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        key.digest,
        client,
        key.shown,
        key.last_four,
        key.name,
        list(key.scopes),
        key.expires_at,
    )


async def of_client(db: Database, client: ClientId) -> list[ListedKey]:
    """Return a client's keys, oldest first."""
    rows = await db.rows(
        """select shown, last_four, name, scopes, created_at, expires_at, revoked_at, used_at
             from api_key where client_id = $1 order by created_at, hash""",
        client,
    )
    return [ListedKey(**row) for row in rows]


async def revoke(db: Database, client: ClientId, named: str) -> int:
    """Revoke the active keys with these first or last characters or this name; return how many."""
    done = await db.execute(
        """update api_key set revoked_at = now()
            where client_id = $1 and revoked_at is null
              and (shown = left($2, 8) or last_four = $2 or name = $2) and $2 <> ''""",
        client,
        named,
    )
    return int(done.split()[-1])
