"""The webhooks of clients."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.base.ids import ClientId
from gateway.store.db import Connection, Database, Row

_COLUMNS: Final = (
    "id, client_id, url, events, batch_id, description, state, disabled_because, failing_since,"
    " former_until, created_at"
)


@dataclass(frozen=True, slots=True)
class ClientWebhook:
    """A client's webhook, without its secrets."""

    id: str
    client: ClientId
    url: str
    events: tuple[str, ...]
    """The types of event that it receives; empty for all."""
    batch: str | None
    """The only batch of which it receives events."""
    description: str
    state: str
    """`active`, `off` (by the client) or `disabled` (by the gateway)."""
    disabled_because: str
    failing_since: datetime | None
    """The time of the first failed call since the last successful one."""
    former_until: datetime | None
    """The time until which the secret before the last change signs as well."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewClientWebhook:
    """A webhook that is to be stored."""

    id: str
    client: ClientId
    url: str
    events: Sequence[str]
    batch: str | None
    description: str
    secret_sealed: bytes


async def insert(db: Connection, new: NewClientWebhook) -> None:
    """Store a webhook, and watch the progress of the client's running batches for it."""
    await db.execute(
        """insert into webhook (id, client_id, url, events, batch_id, description, secret_sealed)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        new.id,
        new.client,
        new.url,
        list(new.events),
        new.batch,
        new.description,
        new.secret_sealed,
    )
    await watch_progress(db, new.client)


async def watch_progress(db: Connection, client: ClientId) -> None:
    """Watch the progress of each running batch of which an active webhook is told."""
    await db.execute(
        """insert into batch_progress (batch_id)
           select b.id from batch b where b.client_id = $1 and b.state = 'running'
             and is_told(b.client_id, b.id, 'batch.progress')
           on conflict do nothing""",
        client,
    )


async def number_of_client(db: Connection, client: ClientId) -> int:
    """Return the number of a client's webhooks, and let no other request add one meanwhile."""
    await db.execute("select from client where id = $1 for no key update", client)
    return await db.value("select count(*) from webhook where client_id = $1", client)


async def all_of_client(db: Database, client: ClientId) -> list[ClientWebhook]:
    """Return a client's webhooks, oldest first."""
    rows = await db.rows(
        f"select {_COLUMNS} from webhook where client_id = $1 order by created_at, id",
        client,
    )
    return [_webhook(row) for row in rows]


async def of_client(
    db: Connection | Database, client: ClientId, webhook: str
) -> ClientWebhook | None:
    """Return a webhook, or None when it belongs to another client."""
    row = await db.row(
        f"select {_COLUMNS} from webhook where client_id = $1 and id = $2", client, webhook
    )
    return None if row is None else _webhook(row)


async def sealed_secret(db: Connection | Database, webhook: str) -> bytes:
    """Return the sealed secret with which calls of a webhook are signed, and lock nothing."""
    return await db.value("select secret_sealed from webhook where id = $1", webhook)


async def change(db: Connection, changed: ClientWebhook) -> None:
    """Store the fields that a client may change, and the state.

    A webhook that is switched on again has not failed yet.
    """
    await db.execute(
        """update webhook set url = $2, events = $3, description = $4, state = $5,
             disabled_because = case when $5 = 'active' then '' else disabled_because end,
             failing_since = case when $5 = 'active' and state <> 'active' then null else failing_since end
           where id = $1""",
        changed.id,
        changed.url,
        list(changed.events),
        changed.description,
        changed.state,
    )


async def end_deliveries(db: Connection, webhook: str, because: str) -> None:
    """Set the waiting deliveries of a webhook to failed, with the reason."""
    await db.execute("select end_deliveries(p_webhook => $1, p_because => $2)", webhook, because)


async def delete(db: Connection, webhook: str) -> None:
    """Delete a webhook with its deliveries. Messages expire by their age."""
    await db.execute("delete from webhook where id = $1", webhook)


async def replace_secret(
    db: Connection, webhook: str, sealed: bytes, former_until: datetime
) -> None:
    """Store a new secret. The one before it signs as well until that time."""
    await db.execute(
        """update webhook set former_sealed = secret_sealed, former_until = $3, secret_sealed = $2
           where id = $1""",
        webhook,
        sealed,
        former_until,
    )


async def notices(db: Database, client: ClientId) -> list[tuple[str, str]]:
    """Return the id of each webhook that the gateway disabled, with the reason."""
    rows = await db.rows(
        """select id, disabled_because from webhook
           where client_id = $1 and state = 'disabled' order by id""",
        client,
    )
    return [(row["id"], row["disabled_because"]) for row in rows]


def _webhook(row: Row) -> ClientWebhook:
    return ClientWebhook(
        id=row["id"],
        client=ClientId(row["client_id"]),
        url=row["url"],
        events=tuple(row["events"]),
        batch=row["batch_id"],
        description=row["description"],
        state=row["state"],
        disabled_because=row["disabled_because"],
        failing_since=row["failing_since"],
        former_until=row["former_until"],
        created_at=row["created_at"],
    )
