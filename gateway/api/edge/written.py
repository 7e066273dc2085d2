"""Answers as bytes, for the calls that are answered before a request is made."""

from functools import lru_cache

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from gateway.api.callers.request_ids import REQUEST_ID

_Lines = tuple[tuple[str, str], ...]


def written(
    request_id: str,
    body: bytes,
    media_type: str | None,
    headers: _Lines = (),
    status: int = 200,
) -> bytes:
    """Return the bytes of an answer, as the application would send it.

    >>> written("a1", b"", None).splitlines()
    [b'HTTP/1.1 200 OK', b'content-length: 0', b'x-request-id: a1', b'']
    """
    head = _head(status, len(body), media_type, headers)
    return b"%b%b\r\n\r\n%b" % (head, request_id.encode(), body)


@lru_cache(maxsize=256)
def _head(status: int, length: int, media_type: str | None, headers: _Lines) -> bytes:
    """Return the bytes up to the request's id. They are made once per screen."""
    like = Response(bytes(length), status, dict(headers), media_type)
    lines = [b"%b: %b\r\n" % line for line in like.raw_headers]
    return b"".join([STATUS_LINE[status], *lines, REQUEST_ID.encode(), b": "])
