"""The `Idempotency-Key`, which makes every repeated change harmless.

A repeated key and request get the first answer again. Another request under the key is refused.
This stands before all routes of the client API, so that no route can lack it.
"""

import asyncio
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Message, Receive, Scope, Send

from gateway.api.callers.auth import CLIENT
from gateway.api.contract.held_body import HeldBody, held
from gateway.api.problems import problem
from gateway.base.errors import Fault
from gateway.base.errors.problem_codes import FaultRule, ProblemCode
from gateway.base.failpoints import reach
from gateway.base.ids import ClientId
from gateway.steps.batches.files.folder import FileFolder
from gateway.steps.repeated import FirstTry, KeyedRequest, doing
from gateway.steps.runtime import Runtime
from gateway.store.people import idempotency
from gateway.store.people.idempotency import KeptAnswer

HEADER = "Idempotency-Key"
KEY_CHARACTERS_MAX = 200
SECRET_ANSWER = "secret_answer"  # noqa: S105  # the name of a mark
"""The mark in a request's state of an answer that is to be kept sealed."""
REPEATED = "Idempotent-Replayed"
"""The header of a repeated answer, for which nothing was done this time."""
CHANGING = frozenset(("DELETE", "PATCH", "POST", "PUT"))
# Each such request holds a connection while its route needs another. With more at once they could
# wait for each other for ever.
_AT_ONCE = 4
_SEALED, _EMPTY = "sealed", "empty"


class Repeats:
    """The ASGI application around the client API that answers repeated requests."""

    def __init__(self, rt: Runtime, api: FastAPI) -> None:
        self._rt, self._api = rt, api
        self._gate = asyncio.Semaphore(_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client: ClientId | None = scope.get("state", {}).get(CLIENT)
        key = Request(scope).headers.get(HEADER)
        if client is None or not key or not self._changes(scope):
            await self._api(scope, receive, send)
            return
        if len(key) > KEY_CHARACTERS_MAX or not key.isprintable():
            rule = f"1 to {KEY_CHARACTERS_MAX} printable characters"
            fault = Fault(rule, HEADER, rule=FaultRule.FORM)
            await problem(422, f"{HEADER}: {rule}", (fault,))(scope, receive, send)
            return
        async with held(FileFolder(self._rt.settings), scope, receive) as request:
            answer = await self._once(client, key, scope, request)
        await answer(scope, receive, send)

    def _changes(self, scope: Scope) -> bool:
        """Return whether the request changes something at an address that takes its method."""
        if scope["method"] not in CHANGING:
            return False
        return any(route.matches(scope)[0] is Match.FULL for route in self._api.router.routes)

    async def _once(self, client: ClientId, key: str, scope: Scope, request: HeldBody) -> Response:
        """Return the kept answer to this request, or run it and keep its answer."""
        # The second of two simultaneous copies waits here until the first is recorded.
        async with self._gate, self._rt.db.transaction() as db:
            await idempotency.lock(db, client, key)
            known = await idempotency.kept(db, client, key)
            if known is None or (known.is_unanswered and known.request_hash == request.digest):
                answer = _Answer()
                # An object of a killed process has the same id, so that its repetition finds it.
                first = FirstTry.of(known) if known is not None else None
                with doing(self._rt, KeyedRequest(client, key, request.digest, first)):
                    await self._api(scope, request.receive, answer.send)
                reach("answer.unkept")
                if answer.succeeded:
                    kept = self._kept(request.digest, answer, scope["state"])
                    await idempotency.keep(db, client, key, kept)
                return answer.response()
        if known.request_hash != request.digest:
            code = ProblemCode.IDEMPOTENCY_KEY_REUSED
            why = f"this {HEADER} was used for another request"
            return problem(409, why, (Fault(why, HEADER),), code=code)
        return self._again(known)

    def _kept(
        self, digest: bytes, answer: "_Answer", state: MutableMapping[str, Any]
    ) -> KeptAnswer:
        body: object = {_EMPTY: True}
        if answer.body:
            text = answer.body.decode()
            secret = state.get(SECRET_ANSWER)
            body = {_SEALED: self._rt.vault.seal(text).hex()} if secret else orjson.loads(text)
        return KeptAnswer(digest, answer.status, body, answer.header(b"location"))

    def _again(self, known: KeptAnswer) -> Response:
        body: Any = known.body
        headers = {REPEATED: "true"}
        if known.location:
            headers["Location"] = known.location
        if body == {_EMPTY: True}:
            return Response(status_code=known.status, headers=headers)
        sealed = cast("dict[str, object]", body).get(_SEALED) if isinstance(body, dict) else None
        if isinstance(sealed, str):
            content = self._rt.vault.open(bytes.fromhex(sealed)).encode()
        else:
            content = orjson.dumps(body)
        return Response(content, known.status, headers, media_type="application/json")


@dataclass
class _Answer:
    """The answer of a route, which is held until it is recorded."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])
    body: bytes = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    @property
    def succeeded(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    def header(self, name: bytes) -> str:
        return next((value.decode() for key, value in self.headers if key.lower() == name), "")

    def response(self) -> Response:
        made = Response(self.body, self.status)
        made.raw_headers = self.headers
        return made
