"""The access tokens of providers, shared by all processes.

Some providers end every older token when they give a new one.
"""

from datetime import timedelta

from gateway.base.clock import Clock
from gateway.base.errors import OtherKey
from gateway.base.vault import Vault
from gateway.store.db import Database

# A token is not used in its last seconds, since the request may arrive after its end.
_MARGIN = timedelta(seconds=30)


class StoredTokens:
    def __init__(self, db: Database, vault: Vault, clock: Clock) -> None:
        self._db, self._vault, self._clock = db, vault, clock

    async def get(self, name: str) -> str | None:
        sealed = await self._db.value(
            "select token_sealed from provider_token where name = $1 and expires_at > $2",
            name,
            self._clock.now(),
        )
        try:
            return self._vault.open(sealed) if sealed else None
        except OtherKey:
            return None  # The provider gives another one.

    async def put(self, name: str, token: str, lives_s: int) -> None:
        await self._db.execute(
            """insert into provider_token (name, token_sealed, expires_at) values ($1, $2, $3)
               on conflict (name) do update set token_sealed = excluded.token_sealed, expires_at = excluded.expires_at""",
            name,
            self._vault.seal(token),
            self._clock.now() + timedelta(seconds=lives_s) - _MARGIN,
        )

    async def drop(self, name: str, token: str) -> None:
        if await self.get(name) == token:
            await self._db.execute("delete from provider_token where name = $1", name)
