"""The common parts of the lists of the client API: the size of a page, and `ETag`."""

import hashlib
from typing import Annotated, Final

from fastapi import Query, Request, Response
from pydantic import BaseModel

from gateway.base.errors import Refused

PAGE_MAX: Final = 1000
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="The size of the page")]


def etagged(request: Request, page: BaseModel) -> Response:
    """Return a page with its `ETag`, or 304 without a body if the caller has the same page."""
    body = page.model_dump_json().encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    asked = {one.strip().removeprefix("W/") for one in _if_none_match(request).split(",")}
    if tag in asked or "*" in asked:
        return Response(status_code=304, headers={"ETag": tag})
    return Response(body, media_type="application/json", headers={"ETag": tag})


def _if_none_match(request: Request) -> str:
    return request.headers.get("if-none-match", "")


def label_asked(written: str | None) -> dict[str, str] | None:
    """Return the label to filter by, written as `key:value`. Raises Refused for another form.

    >>> label_asked("project:shops"), label_asked(None)
    ({'project': 'shops'}, None)
    """
    if written is None:
        return None
    key, colon, value = written.partition(":")
    if not key or not colon or not value:
        raise Refused("label: write it like project:shops", field="label")
    return {key: value}
