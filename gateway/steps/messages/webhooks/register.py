"""A client's own actions on its webhooks: add, change, try, give a new secret, send again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from gateway.base.errors import Refused
from gateway.base.errors.problem_codes import ProblemCode
from gateway.base.ids import ClientId, digest_of_request, new_public_id
from gateway.base.net.webhook_signature import new_secret
from gateway.steps.messages.webhooks.events import TEST, message_body
from gateway.steps.messages.webhooks.receivers import check_url
from gateway.steps.repeated import first_try, id_to_make, keep_result
from gateway.steps.runtime import Runtime
from gateway.store.batches import listed_batches
from gateway.store.db import Connection, Database
from gateway.store.messages import webhook_deliveries, webhooks
from gateway.store.messages.webhook_deliveries import WebhookDelivery
from gateway.store.messages.webhooks import ClientWebhook, NewClientWebhook
from gateway.store.people.idempotency import MadeObject

WEBHOOKS_MAX: Final = 20
"""The largest number of webhooks of one client."""
FORMER_SECRET_VALID: Final = timedelta(hours=24)
"""The time for which the secret before the last change signs as well."""


@dataclass(frozen=True, slots=True)
class WebhookChange:
    """A client's change of a webhook. None leaves a field as it is."""

    url: str | None = None
    events: Sequence[str] | None = None
    description: str | None = None
    active: bool | None = None


async def add_webhook(
    rt: Runtime,
    client: ClientId,
    url: str,
    events: Sequence[str],
    batch: str | None,
    description: str,
) -> tuple[ClientWebhook, str]:
    """Add a webhook, and return it with its secret, which is shown this once.

    Raises Refused for a private address, for another client's batch and above the limit.
    """
    check_url(rt.settings, url)
    if batch is not None and await listed_batches.of_client(rt.db, client, batch) is None:
        raise Refused(f"no batch {batch!r}", field="batch", status=404)
    made = await id_to_make(rt, MadeObject.WEBHOOK, "wh")
    if made.is_made:  # Its answer was lost, and with it the secret.
        sealed = await webhooks.sealed_secret(rt.db, made.id)
        return await _one(rt.db, client, made.id), rt.vault.open(sealed)
    secret, webhook = new_secret(), made.id
    async with rt.db.transaction() as db:
        if await webhooks.number_of_client(db, client) >= WEBHOOKS_MAX:
            raise Refused(
                f"there are {WEBHOOKS_MAX} webhooks, the most that are allowed; delete one first",
                status=409,
                code=ProblemCode.LIMIT_REACHED,
            )
        new = NewClientWebhook(
            id=webhook,
            client=client,
            url=url,
            events=sorted(set(events)),
            batch=batch,
            description=description,
            secret_sealed=rt.vault.seal(secret),
        )
        await webhooks.insert(db, new)
        return await _one(db, client, webhook), secret


async def change_webhook(
    rt: Runtime, client: ClientId, webhook: str, change: WebhookChange
) -> ClientWebhook:
    """Change a webhook, and return it as it is then.

    Switching it off ends what waits to be sent. Switching it on again, also after the gateway
    disabled it, sends later events only: earlier ones can be sent again one by one.
    """
    if change.url is not None:
        check_url(rt.settings, change.url)
    async with rt.db.transaction() as db:
        was = await _one(db, client, webhook)
        state = was.state if change.active is None else "active" if change.active else "off"
        await webhooks.change(
            db,
            replace(
                was,
                url=was.url if change.url is None else change.url,
                events=was.events if change.events is None else tuple(sorted(set(change.events))),
                description=was.description if change.description is None else change.description,
                state=state,
            ),
        )
        if state == "off":
            await webhooks.end_deliveries(db, webhook, "the webhook was switched off")
        await webhooks.watch_progress(db, client)
        return await _one(db, client, webhook)


async def delete_webhook(rt: Runtime, client: ClientId, webhook: str) -> None:
    """Delete a webhook and its deliveries."""
    if first_try() is not None:
        return
    async with rt.db.transaction() as db:
        await _one(db, client, webhook)
        await webhooks.delete(db, webhook)
        await keep_result(db)


async def replace_secret(rt: Runtime, client: ClientId, webhook: str) -> tuple[ClientWebhook, str]:
    """Give a webhook a new secret, and return both. The former one signs as well for 24 hours.

    The same request makes the same secret. A repetition whose first answer was lost changes
    nothing: a second new secret would end the one that the client still uses.
    """
    secret = new_secret(digest_of_request("webhook secret"))
    async with rt.db.transaction() as db:
        was = await _one(db, client, webhook)
        if rt.vault.open(await webhooks.sealed_secret(db, webhook)) == secret:
            return was, secret
        until = rt.clock.now() + FORMER_SECRET_VALID
        await webhooks.replace_secret(db, webhook, rt.vault.seal(secret), until)
        return await _one(db, client, webhook), secret


async def send_test(rt: Runtime, client: ClientId, webhook: str) -> WebhookDelivery:
    """Send a test message to one webhook, and return the delivery. Raises Refused if it is off."""
    if (first := first_try()) is not None:
        await _one(rt.db, client, webhook)
        rt.jobs.enqueue("call_webhooks")
        return await _delivery(rt.db, webhook, first.result)
    now = rt.clock.now()
    async with rt.db.transaction() as db:
        _check_active(await _one(db, client, webhook))
        body = message_body(TEST, now, {"webhook": webhook, "test": True})
        made = await webhook_deliveries.insert_test(db, new_public_id("msg"), webhook, body, now)
        delivery = await _delivery(db, webhook, made)
        await keep_result(db, made)
    rt.jobs.enqueue("call_webhooks")
    return delivery


async def send_again(rt: Runtime, client: ClientId, webhook: str, delivery: int) -> WebhookDelivery:
    """Send a delivery once more, under the same message id.

    Raises Refused if the webhook is off.
    """
    async with rt.db.transaction() as db:
        found = await _one(db, client, webhook)
        await _delivery(db, webhook, delivery)
        if first_try() is None:
            _check_active(found)
            await webhook_deliveries.again(db, webhook, delivery, rt.clock.now())
            await keep_result(db)
        again = await _delivery(db, webhook, delivery)
    rt.jobs.enqueue("call_webhooks")
    return again


async def one_webhook(rt: Runtime, client: ClientId, webhook: str) -> ClientWebhook:
    """Return a client's webhook. Raises Refused with 404 for another client's."""
    return await _one(rt.db, client, webhook)


async def _one(db: Connection | Database, client: ClientId, webhook: str) -> ClientWebhook:
    found = await webhooks.of_client(db, client, webhook)
    if found is None:
        raise Refused(f"no webhook {webhook!r}", status=404)
    return found


async def _delivery(db: Connection | Database, webhook: str, delivery: int) -> WebhookDelivery:
    found = await webhook_deliveries.of_webhook(db, webhook, delivery)
    if found is None:
        raise Refused(f"no delivery {delivery}", status=404)
    return found


def _check_active(webhook: ClientWebhook) -> None:
    if webhook.state != "active":
        raise Refused(
            "the webhook is not active; switch it on first, with PATCH and active true", status=409
        )
