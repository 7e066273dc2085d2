"""Calls under an access token that all processes share.

When the provider refuses a token, a new one is fetched and the call is made once more. That second
call is no retry of a payment, because a proxy that refuses the token has taken nothing.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import aiohttp

from gateway.base.failpoints import reach
from gateway.base.net.outbound import HttpReply, LostCall, call
from gateway.payments.port import SubmitAnswer, SubmitOutcome, TokenStore
from gateway.payments.wire import as_text, json_object

TOKEN_MARGIN_S = 60  # A token must not expire while the call is on its way.
_TOKEN = re.compile(r"[!-~]+")  # The token becomes a header.
_REFUSED = range(400, 500)


class Bearer:
    """The caller of a provider's API under a shared access token.

    `name` names the token in the store. It stands for the account at the provider and not for the
    provider in the settings, so that two providers of one account share the token. `fetch` asks the
    provider for a token. `refused` tells that a reply refuses the token of the call.
    """

    def __init__(
        self,
        tokens: TokenStore,
        name: str,
        fetch: Callable[[aiohttp.ClientSession], Awaitable[HttpReply | LostCall]],
        refused: Callable[[HttpReply], bool],
    ) -> None:
        self.name = name
        self._tokens = tokens
        self._fetch = fetch
        self._refused = refused
        self._fetching = asyncio.Lock()

    async def call(
        self,
        http: aiohttp.ClientSession,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> HttpReply | LostCall | SubmitAnswer:
        """Call the provider's API under the token, and once more if the token is refused.

        Return an `Answer` instead of a reply when no token could be had and nothing was sent.
        """
        reply: HttpReply | LostCall | SubmitAnswer = SubmitAnswer(SubmitOutcome.NOT_SENT)
        for _ in range(2):
            token = await self._token(http)
            if isinstance(token, SubmitAnswer):
                return token
            sent = {**headers, "Authorization": f"Bearer {token}"}
            reply = await call(http, method, url, headers=sent, body=body)
            if not isinstance(reply, HttpReply) or not self._refused(reply):
                break
            await self._tokens.drop(self.name, token)
        return reply

    async def _token(self, http: aiohttp.ClientSession) -> str | SubmitAnswer:
        """Return the stored token, or fetch a new one.

        Two processes may fetch at the same time. If that ends the first one's token, its next call
        is refused once, and both use the stored token again.
        """
        stored = await self._tokens.get(self.name)
        if stored:
            return stored
        async with self._fetching:
            return await self._tokens.get(self.name) or await self._fetched(http)

    async def _fetched(self, http: aiohttp.ClientSession) -> str | SubmitAnswer:
        reply = await self._fetch(http)
        if isinstance(reply, LostCall):
            return SubmitAnswer(SubmitOutcome.NOT_SENT, code="token", text=reply.text)
        told = json_object(reply.body)
        token, lives = as_text(told.get("access_token")), as_text(told.get("expires_in"))
        if reply.status != HTTPStatus.OK or not _TOKEN.fullmatch(token):
            code = as_text(told.get("errorCode")) or f"HTTP {reply.status}"
            ours = reply.status in _REFUSED and reply.status != HTTPStatus.TOO_MANY_REQUESTS
            return SubmitAnswer(SubmitOutcome.NOT_SENT, code, reply.text, pause_provider=ours)
        lives_s = int(lives) if lives.isdecimal() else 0
        reach("token.fetched")
        await self._tokens.put(self.name, token, max(lives_s - TOKEN_MARGIN_S, 1))
        reach("token.kept")
        return token
