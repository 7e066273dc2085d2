"""The common parts of the lists of the client API: the size of a page, and its form."""

from typing import Annotated, Final

from fastapi import Query, Response
from pydantic import BaseModel

from gateway.base.errors import Refused

PAGE_MAX: Final = 1000
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="The size of the page")]


def in_json(page: BaseModel) -> Response:
    """Return a page that is known to be valid, so that FastAPI does not read it once more."""
    return Response(page.model_dump_json().encode(), media_type="application/json")


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
