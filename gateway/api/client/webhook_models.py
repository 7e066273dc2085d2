"""The requests and responses of the routes for webhooks."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.api.contract.listed import (
    DeliveryStateOut,
    EventOut,
    WebhookStateOut,
)
from gateway.api.contract.told import ResponseModel
from gateway.api.strict import StrictModel
from gateway.base.text.strings import Id, Line200
from gateway.steps.messages.webhooks.events import EventType
from gateway.store.messages.webhook_deliveries import WebhookDelivery
from gateway.store.messages.webhooks import ClientWebhook

Url = Annotated[str, Field(min_length=1, max_length=2000, examples=["https://example.org/hook"])]
# JSON has no enumerations, so a strict model would refuse the names of the events.
Events = Annotated[
    list[Annotated[EventType, Field(strict=False)]],
    Field(max_length=len(EventType), examples=[["batch.done", "task.decided"]]),
]


class WebhookIn(StrictModel):
    """A new webhook. Without `events`, it receives all of them; without `batch`, of all batches."""

    url: Url
    events: Annotated[Events, Field(default_factory=list[EventType])]
    batch: Annotated[Id | None, Field(default=None)]
    description: Annotated[Line200, Field(default="")]


class WebhookChangeIn(StrictModel):
    """A change of a webhook. Fields that are left out stay as they are."""

    url: Annotated[Url | None, Field(default=None)]
    events: Annotated[Events | None, Field(default=None)]
    description: Annotated[Line200 | None, Field(default=None)]
    active: Annotated[bool | None, Field(default=None)]


class WebhookOut(ResponseModel):
    """A webhook.

    `state` is `active`, `off` (switched off by you) or `disabled` (by the gateway, for the reason
    in `disabled_because`). `failing_since` is the time of the first failed call since the last
    successful one. Until `former_secret_valid_until`, calls are signed with two secrets.
    """

    id: str
    url: str
    events: list[EventOut]
    batch: str | None
    description: str
    state: WebhookStateOut
    disabled_because: str
    failing_since: datetime | None
    former_secret_valid_until: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, webhook: ClientWebhook) -> "WebhookOut":
        """Return the response about a webhook."""
        return cls(
            id=webhook.id,
            url=webhook.url,
            events=list(webhook.events),
            batch=webhook.batch,
            description=webhook.description,
            state=webhook.state,
            disabled_because=webhook.disabled_because,
            failing_since=webhook.failing_since,
            former_secret_valid_until=webhook.former_until,
            created_at=webhook.created_at,
        )


class WebhookSecretOut(WebhookOut):
    """A webhook with its secret, which is shown this once."""

    secret: Annotated[str, Field(examples=["whsec_..."])]

    @classmethod
    def with_secret(cls, webhook: ClientWebhook, secret: str) -> "WebhookSecretOut":
        """Return the response that shows a secret."""
        return cls(**WebhookOut.of(webhook).model_dump(), secret=secret)


class DeliveryOut(ResponseModel):
    """A message on its way to one webhook.

    `state` is `waiting`, `delivered` or `failed`. `next_attempt_at` is null when no call is due.
    `status` and `answer` are those of the last call: the HTTP status with the first 1,000 bytes of
    the receiver's answer, or null with the reason why there was none.
    """

    id: int
    message: str
    type: EventOut
    event_at: datetime
    state: DeliveryStateOut
    attempts: int
    last_attempt_at: datetime | None
    next_attempt_at: datetime | None
    status: int | None
    answer: str

    @classmethod
    def of(cls, delivery: WebhookDelivery) -> "DeliveryOut":
        """Return the response about a delivery."""
        return cls(
            id=delivery.id,
            message=delivery.message,
            type=delivery.type,
            event_at=delivery.at,
            state=delivery.state,
            attempts=delivery.attempts,
            last_attempt_at=delivery.tried_at,
            next_attempt_at=delivery.due_at if delivery.state == "waiting" else None,
            status=delivery.status,
            answer=delivery.answer,
        )


class DeliveriesOut(ResponseModel):
    """A page of deliveries. `next` is the cursor of the next page, and null on the last one."""

    deliveries: list[DeliveryOut]
    next: int | None
