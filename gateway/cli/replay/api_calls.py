"""The calls of the client API that replays and the demo make."""

import asyncio
from http import HTTPStatus
from typing import Any

from gateway.base.errors import Failed
from gateway.cli.replay.town import Town

_CALLS_MAX, _AGAIN_MAX_S = 60, 5


async def call_api(town: Town, method: str, path: str, **given: Any) -> Any:
    """Return the API's answer, read where it is JSON. Raises Failed when the API refuses.

    While phones have priority, wait as long as the answer says, as a good client does.
    """
    for attempt in range(1, _CALLS_MAX + 1):
        async with town.api.request(method, path, **given) as answer:
            again_s, text = answer.headers.get("Retry-After", ""), await answer.text()
            is_busy = answer.status == HTTPStatus.SERVICE_UNAVAILABLE and again_s.isdecimal()
            if not is_busy or attempt == _CALLS_MAX:
                if answer.status >= HTTPStatus.BAD_REQUEST:
                    raise Failed(f"{method} {path}: {answer.status} {text}", retryable=False)
                is_json = answer.content_type == "application/json"
                return await answer.json() if is_json else text
        await asyncio.sleep(min(int(again_s), _AGAIN_MAX_S))
    raise AssertionError("the last call returns or raises")
