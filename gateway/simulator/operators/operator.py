"""The common part of the simulated operators beside Daraja.

A request is recorded, answered, and executed a moment later, and then its result is posted. Each
operator is a file of its own with its paths, its words and its refusals. Nothing here is shared
with the product.
"""

import asyncio
import base64
import binascii
import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

import orjson
from starlette.responses import Response
from starlette.routing import Route

from gateway.simulator.faults import FaultPlan
from gateway.simulator.operators.books import OperatorBooks, PaymentRequest
from gateway.simulator.operators.post import BackgroundTasks

BODY_MAX_BYTES: Final = 64 * 1024
RESULT_DELAY_S: Final = 0.05


@dataclass
class Portal:
    """The settings that a business makes in the operator's portal.

    With `callback_url` "" the operator sends no callbacks.
    """

    callback_url: str = ""
    validation_url: str = ""
    result_delay_s: float = RESULT_DELAY_S


class Operator(ABC):
    """A mobile-money operator. Its books are `books`, and `post` sends its callbacks."""

    token_life_s: float = 3600.0

    def __init__(self, books: OperatorBooks, plan: FaultPlan, portal: Portal | None = None) -> None:
        self.books = books
        self.plan = plan
        self.portal = portal or Portal()
        self.post = BackgroundTasks(books, plan, self.forged)

    @abstractmethod
    def routes(self) -> list[Route]: ...

    @abstractmethod
    def told(self, payment: PaymentRequest) -> bytes:
        """Return the callback of a payment that is paid or refused."""

    @abstractmethod
    def forged(self, true: bytes) -> bytes:
        """Return a callback changed into one that reports a payment, whether it was paid or not."""

    def set_plan(self, plan: FaultPlan) -> None:
        self.plan = self.post.plan = plan

    def resume(self) -> None:
        """Continue the unfinished payments and callbacks of a killed process."""
        for payment in self.books.unfinished():
            self.post.spawn(self.carry_out(payment.key, 0.0))
        self.post.tell_again()

    async def begin(self, key: str, faults: frozenset[str]) -> None:
        """Execute an accepted payment after a moment, or at once if its result is to be early."""
        if "result_early" in faults:
            await self.carry_out(key, 0.0)
        else:
            self.post.spawn(self.carry_out(key, self.portal.result_delay_s))

    async def carry_out(self, key: str, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        done = self.books.execute(key, magic=self.plan.magic)
        url = done and (done.result_url or self.portal.callback_url)
        if done and url:
            await self.post.tell(key, url, self.told(done), done.faults)

    def seen(self, key: str, faults: frozenset[str]) -> PaymentRequest | None:
        """Return the payment that a status query finds.

        Returns None for a young payment if the plan has the answers lag behind.
        """
        found = self.books.find(key)
        young = found and self.books.now() - found.accepted_at < self.plan.lag_s
        return None if "status_lag" in faults and young else found

    def new_token(self, app: str) -> str:
        """Return a new token for `app`. Older tokens stay valid until they expire."""
        token = secrets.token_urlsafe(24)
        with self.books.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO token VALUES (?, ?, ?)",
                (f"{app}:{token}", token, self.books.now() + self.token_life_s),
            )
        return token

    def knows(self, authorization: str) -> bool:
        """Return whether the bearer token was issued here and has not expired."""
        token = authorization.removeprefix("Bearer ")
        row = self.books.db.execute(
            "SELECT 1 FROM token WHERE value = ? AND until > ?", (token, self.books.now())
        ).fetchone()
        return row is not None

    def invalidate_tokens(self) -> None:
        with self.books.writing() as db:
            db.execute("DELETE FROM token")


def json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


def object_of(raw: bytes) -> dict[str, object]:
    """Return the JSON object of a body, empty when there is none."""
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def part(body: Mapping[str, object], name: str) -> dict[str, object]:
    found = body.get(name)
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def minor_of(value: object, per_major: int) -> int | None:
    """Return a whole or decimal amount in major units as minor units.

    Returns None unless it is an amount above zero.
    """
    try:
        minor = round(float(str(value)) * per_major)
    except (ValueError, OverflowError):
        return None
    return minor if minor > 0 else None


def basic_of(header: str) -> str:
    """Return `user:password` of a Basic authorization header, or "" for any other header."""
    try:
        return base64.b64decode(header.removeprefix("Basic "), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
