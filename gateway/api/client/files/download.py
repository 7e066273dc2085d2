"""The download of an export's file, whole or in part, with its `ETag`."""

import re
from pathlib import Path
from typing import Final

from fastapi import Request, Response
from fastapi.responses import FileResponse

from gateway.base.errors import Refused

_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")


def file_response(request: Request, path: Path, *, name: str, media: str, sha256: str) -> Response:
    """Return a file, the part that the `Range` of the request names, or 304.

    Raises Refused for a part that the file does not have.
    """
    tag = f'"{sha256[:32]}"'
    asked = {one.strip().removeprefix("W/") for one in _header(request, "if-none-match").split(",")}
    if tag in asked or "*" in asked:
        return Response(status_code=304, headers={"ETag": tag})
    _check_range(request, path.stat().st_size)
    return FileResponse(path, media_type=media, filename=name, headers={"ETag": tag})


def _check_range(request: Request, size: int) -> None:
    """Leave a `Range` in the request only if it is one part that the file has.

    A server may ignore any other form (RFC 9110, 14.2), and the whole file is returned then.
    """
    written = _header(request, "range")
    if not written:
        return
    found = _RANGE.fullmatch(written.strip())
    if found and (found[1] or found[2]):
        first, last = found[1], found[2]
        is_empty = int(last) == 0 if not first else bool(last) and int(last) < int(first)
        if (first and int(first) >= size) or (not first and is_empty):
            raise Refused(f"Range: the file has {size:,} bytes", status=416, field="Range")
        if not is_empty:
            return
    request.scope["headers"] = [one for one in request.scope["headers"] if one[0] != b"range"]


def _header(request: Request, name: str) -> str:
    return request.headers.get(name, "")
