"""What the simulated operators beside Daraja share: a request is written down, answered, executed a moment later, told.

Each operator is a file of its own with its paths, its words and its refusals. Nothing here is shared with the product.
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
from gateway.simulator.operators.books import OperatorBooks, Payment
from gateway.simulator.operators.post import PostRoom

BODY_MAX_BYTES: Final = 64 * 1024
RESULT_DELAY_S: Final = 0.05


@dataclass
class Portal:
    """What a business sets up in the operator's portal.

    `callback_url` "": the operator tells nothing by itself.
    """

    callback_url: str = ""
    validation_url: str = ""
    result_delay_s: float = RESULT_DELAY_S


class Operator(ABC):
    """One operator. Its books are `books`; `post` sends what it has to tell."""

    token_life_s: float = 3600.0

    def __init__(self, books: OperatorBooks, plan: FaultPlan, portal: Portal | None = None) -> None:
        self.books = books
        self.plan = plan
        self.portal = portal or Portal()
        self.post = PostRoom(books, plan, self.forged)

    @abstractmethod
    def routes(self) -> list[Route]: ...

    @abstractmethod
    def told(self, payment: Payment) -> bytes:
        """The callback of a payment that came to its end."""

    @abstractmethod
    def forged(self, true: bytes) -> bytes:
        """The same callback, saying that it was paid although nobody knows."""

    def set_plan(self, plan: FaultPlan) -> None:
        self.plan = self.post.plan = plan

    def resume(self) -> None:
        """Go on with what a killed process left: payments to make, results to tell."""
        for payment in self.books.unfinished():
            self.post.spawn(self.carry_out(payment.key, 0.0))
        self.post.tell_again()

    async def begin(self, key: str, faults: frozenset[str]) -> None:
        """Execute an accepted payment: at once where the plan has its result come early, else in a moment."""
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

    def seen(self, key: str, faults: frozenset[str]) -> Payment | None:
        """What a status query finds: nothing yet of a young payment, where the plan has answers lag behind."""
        found = self.books.find(key)
        young = found and self.books.now() - found.accepted_at < self.plan.lag_s
        return None if "status_lag" in faults and young else found

    def new_token(self, app: str) -> str:
        """A token for `app`; older ones stay good until they expire."""
        token = secrets.token_urlsafe(24)
        with self.books.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO token VALUES (?, ?, ?)",
                (f"{app}:{token}", token, self.books.now() + self.token_life_s),
            )
        return token

    def knows(self, authorization: str) -> bool:
        """Whether the bearer token is one of ours and still lives."""
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
    """The JSON object of a body, empty when there is none."""
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def part(body: Mapping[str, object], name: str) -> dict[str, object]:
    found = body.get(name)
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def minor_of(value: object, per_major: int) -> int | None:
    """A whole or decimal amount in major units as minor units; None when it is none or not above zero."""
    try:
        minor = round(float(str(value)) * per_major)
    except (ValueError, OverflowError):
        return None
    return minor if minor > 0 else None


def basic_of(header: str) -> str:
    """`user:password` of a Basic authorization header, "" when it is none."""
    try:
        return base64.b64decode(header.removeprefix("Basic "), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
