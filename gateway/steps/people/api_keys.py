"""The API keys of a client: adding one with scopes and an expiry, and revoking one."""

from dataclasses import dataclass
from datetime import timedelta

from gateway.base.errors import Refused
from gateway.base.ids import ClientId
from gateway.base.scopes import ALL, scopes_named
from gateway.base.text.strings import line
from gateway.base.vault import key_hash, new_api_key
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection, Database
from gateway.store.people import api_keys, clients
from gateway.store.people.api_keys import KeyToStore, ListedKey

_SHOWN, _LAST = 8, 4
_NAME_MAX, _DAYS_MAX = 60, 3660


@dataclass(frozen=True, slots=True)
class WantedKey:
    """A key that the operator asks for: a name, scopes as text, and the days until the key expires.

    The defaults are every scope and no expiry.
    """

    name: str = ""
    scopes: str = ALL
    days: int | None = None


async def add_key(rt: Runtime, client: ClientId, wanted: WantedKey | None = None) -> str:
    """Add a key for a client and return it, once. Raises Refused for an unknown client."""
    await _must_exist(rt, client)
    return await store_new_key(rt, rt.db, client, wanted or WantedKey())


async def store_new_key(
    rt: Runtime, db: Connection | Database, client: ClientId, wanted: WantedKey
) -> str:
    """Make and store a key, in the caller's transaction where it has one. Return it."""
    key, days = new_api_key(test=rt.test), wanted.days
    if days is not None and not 1 <= days <= _DAYS_MAX:
        raise Refused(f"days: must be from 1 to {_DAYS_MAX:,}, not {days}", field="days")
    expires_at = rt.clock.now() + timedelta(days=days) if days else None
    name = line(wanted.name, "name", _NAME_MAX, least=0)
    scopes = scopes_named(wanted.scopes)
    new = KeyToStore(key_hash(key), key[:_SHOWN], key[-_LAST:], name, scopes, expires_at)
    await api_keys.add(db, client, new)
    return key


async def list_keys(rt: Runtime, client: ClientId) -> list[ListedKey]:
    """Return the keys of a client. Raises Refused for an unknown client."""
    await _must_exist(rt, client)
    return await api_keys.of_client(rt.db, client)


async def revoke_key(rt: Runtime, client: ClientId, named: str) -> None:
    """Revoke the keys with these first 8 or last 4 characters, or with this name.

    Raises Refused where no such key is left.
    """
    await _must_exist(rt, client)
    if not await api_keys.revoke(rt.db, client, named):
        raise Refused(f"{client} has no key {named!r} that is not revoked", status=404)


async def _must_exist(rt: Runtime, client: ClientId) -> None:
    if await clients.account_of(rt.db, client) is None:
        raise Refused(f"no client {client!r}; list them with: gateway client list", status=404)
