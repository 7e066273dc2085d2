"""The clients with their keys and accounts."""

from gateway.base.ids import AccountId, ClientId
from gateway.store.batches import plans, tallies
from gateway.store.db import Connection, Database, Row


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


async def account(db: Database, client: ClientId) -> Row:
    found = await db.row(
        f"""select c.id, c.name, c.currency, c.account_id, a.balance as available,
             (select coalesce(sum(b.reserved - {tallies.EARNED} - {plans.SPENT}), 0)::bigint from batch b {tallies.OF_BATCH}
                where b.client_id = $1 and b.state in ('draft', 'running', 'paused') and {plans.NOT_CHECK}) as reserved
           from client c join account a on a.id = c.account_id where c.id = $1""",
        client,
    )
    assert found is not None
    return found


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
