"""The client's routes for webhooks: calls by which the gateway tells the client what happened."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from gateway.api.callers.auth import Client, Rt
from gateway.api.client.idempotency import once
from gateway.api.client.webhook_models import (
    DeliveriesOut,
    DeliveryOut,
    WebhookChangeIn,
    WebhookIn,
    WebhookOut,
    WebhookSecretOut,
)
from gateway.base.bounds import Cursor, RowId
from gateway.base.text.strings import Id
from gateway.steps.messages.webhooks import register
from gateway.steps.messages.webhooks.register import WebhookChange
from gateway.store.messages import webhook_deliveries, webhooks

router = APIRouter(prefix="/api/v1")
WebhookPath = Annotated[Id, Path(description="A webhook's id")]
DeliveryPath = Annotated[RowId, Path(description="A delivery's id")]
_PAGE = 100


@router.post("/webhooks", status_code=201, response_model=WebhookSecretOut)
async def add(rt: Rt, client: Client, given: WebhookIn, request: Request) -> Response:
    """Add a webhook. The response shows its secret, this once."""

    async def made() -> BaseModel:
        webhook, secret = await register.add_webhook(
            rt, client, given.url, given.events, given.batch, given.description
        )
        return WebhookSecretOut.with_secret(webhook, secret)

    return await once(rt, client, request, 201, _as_json(made), secret=True)


@router.get("/webhooks")
async def listed(rt: Rt, client: Client) -> list[WebhookOut]:
    """List your webhooks, oldest first."""
    return [WebhookOut.of(one) for one in await webhooks.all_of_client(rt.db, client)]


@router.get("/webhooks/{webhook}")
async def shown(rt: Rt, client: Client, webhook: WebhookPath) -> WebhookOut:
    """Show a webhook: its state, and since when it fails."""
    return WebhookOut.of(await register.one_webhook(rt, client, webhook))


@router.patch("/webhooks/{webhook}")
async def change(
    rt: Rt, client: Client, webhook: WebhookPath, given: WebhookChangeIn
) -> WebhookOut:
    """Change a webhook's address, events or description, or switch it off or on."""
    wanted = WebhookChange(given.url, given.events, given.description, given.active)
    return WebhookOut.of(await register.change_webhook(rt, client, webhook, wanted))


@router.delete("/webhooks/{webhook}", status_code=204)
async def delete(rt: Rt, client: Client, webhook: WebhookPath) -> None:
    """Delete a webhook and the list of its deliveries."""
    await register.delete_webhook(rt, client, webhook)


@router.post("/webhooks/{webhook}/test", status_code=202, response_model=DeliveryOut)
async def test(rt: Rt, client: Client, webhook: WebhookPath, request: Request) -> Response:
    """Send a message of the type `webhook.test`. Its delivery shows what became of it."""

    async def made() -> BaseModel:
        return DeliveryOut.of(await register.send_test(rt, client, webhook))

    return await once(rt, client, request, 202, _as_json(made))


@router.post("/webhooks/{webhook}/secret", response_model=WebhookSecretOut)
async def secret(rt: Rt, client: Client, webhook: WebhookPath, request: Request) -> Response:
    """Make a new secret. For 24 hours, each call is signed with the former one as well."""

    async def made() -> BaseModel:
        changed, new = await register.replace_secret(rt, client, webhook)
        return WebhookSecretOut.with_secret(changed, new)

    return await once(rt, client, request, 200, _as_json(made), secret=True)


@router.get("/webhooks/{webhook}/deliveries")
async def deliveries(
    rt: Rt,
    client: Client,
    webhook: WebhookPath,
    state: Annotated[Literal["waiting", "delivered", "failed"] | None, Query()] = None,
    after: Annotated[Cursor | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = _PAGE,
) -> DeliveriesOut:
    """List the deliveries of a webhook, newest first, with the receiver's last answer.

    Messages are kept for 30 days.
    """
    await register.one_webhook(rt, client, webhook)
    page = await webhook_deliveries.page(rt.db, webhook, state=state, before=after, limit=limit + 1)
    more = len(page) > limit
    shown_page = [DeliveryOut.of(one) for one in page[:limit]]
    return DeliveriesOut(deliveries=shown_page, next=shown_page[-1].id if more else None)


@router.post(
    "/webhooks/{webhook}/deliveries/{delivery}/replay", status_code=202, response_model=DeliveryOut
)
async def replay(
    rt: Rt, client: Client, webhook: WebhookPath, delivery: DeliveryPath, request: Request
) -> Response:
    """Send a delivery once more. The message keeps its id, so a receiver can tell a repetition."""

    async def made() -> BaseModel:
        return DeliveryOut.of(await register.send_again(rt, client, webhook, delivery))

    return await once(rt, client, request, 202, _as_json(made))


def _as_json(make: Callable[[], Awaitable[BaseModel]]) -> Callable[[], Awaitable[bytes]]:
    async def made() -> bytes:
        return (await make()).model_dump_json().encode()

    return made
