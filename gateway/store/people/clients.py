"""The clients with their keys and accounts."""

from gateway.base.ids import AccountId, ClientId
from gateway.store.batches import plans, tallies
from gateway.store.db import Connection, Database, Row


async def by_key(db: Database, digest: bytes) -> ClientId | None:
    found = await db.value(
        "select client_id from api_key where hash = $1 and revoked_at is null", digest
    )
    return ClientId(found) if found else None


async def insert(
    db: Connection, client: ClientId, name: str, currency: str, account: AccountId
) -> None:
    await db.execute(
        "insert into client (id, name, currency, account_id) values ($1, $2, $3, $4)",
        client,
        name,
        currency,
        account,
    )


async def add_key(db: Connection | Database, client: ClientId, digest: bytes, shown: str) -> None:
    """Store a key's hash and its first characters. The key itself is never stored."""
    await db.execute(
        "insert into api_key (hash, client_id, shown) values ($1, $2, $3)", digest, client, shown
    )


async def keys(db: Database, client: ClientId) -> list[Row]:
    """Return a client's keys by their first characters, oldest first."""
    return await db.rows(
        "select shown, created_at, revoked_at from api_key where client_id = $1 order by created_at",
        client,
    )


async def revoke_keys(db: Database, client: ClientId, shown: str) -> int:
    """Revoke the active keys that begin with these characters, and return how many."""
    done = await db.execute(
        "update api_key set revoked_at = now() where client_id = $1 and shown = $2 and revoked_at is null",
        client,
        shown,
    )
    return int(done.split()[-1])


async def account(db: Database, client: ClientId) -> Row:
    found = await db.row(
        f"""select c.id, c.name, c.currency, c.account_id, a.balance as available,
             (select coalesce(sum(b.reserved - c.answers * b.price - {plans.SPENT}), 0)::bigint from batch b {tallies.OF_BATCH}
                where b.client_id = $1 and b.state in ('draft', 'running', 'paused') and {plans.NOT_CHECK}) as reserved
           from client c join account a on a.id = c.account_id where c.id = $1""",
        client,
    )
    assert found is not None
    return found


async def remembered(db: Database, client: ClientId, key: str) -> Row | None:
    """Return the earlier response to this Idempotency-Key."""
    return await db.row(
        "select request_hash, status, body from idempotency where client_id = $1 and key = $2",
        client,
        key,
    )


async def remember(
    db: Database, client: ClientId, key: str, request_hash: bytes, status: int, body: object
) -> None:
    await db.execute(
        """insert into idempotency (client_id, key, request_hash, status, body) values ($1, $2, $3, $4, $5)
           on conflict do nothing""",
        client,
        key,
        request_hash,
        status,
        body,
    )


async def account_of(db: Database | Connection, client: ClientId) -> Row | None:
    """Return the ledger account (`account_id`) and the currency of a client."""
    return await db.row("select account_id, currency from client where id = $1", client)


async def balance_of(db: Database, client: ClientId) -> int:
    """Return the money that a client can still reserve, in minor units."""
    return await db.value(
        "select a.balance from client c join account a on a.id = c.account_id where c.id = $1",
        client,
    )


async def first_named(db: Database, name: str) -> str | None:
    """Return the id of the first client with this name."""
    return await db.value("select id from client where name = $1 order by created_at limit 1", name)


async def with_balances(db: Database) -> list[Row]:
    """Return each client with its currency and balance, the oldest first."""
    return await db.rows(
        """select c.id, c.name, c.currency, a.balance
           from client c join account a on a.id = c.account_id order by c.created_at"""
    )


async def lock_request(db: Connection, client: str, key: str) -> None:
    """Let the second of two simultaneous requests with one key wait for the first."""
    await db.value("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"{client}:{key}")
