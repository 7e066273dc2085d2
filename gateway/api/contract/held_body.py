"""The whole body of a request that may be repeated: in memory while it is small, else in a file.

A route that stores its body takes the file over, so that a large upload is written once.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope

from gateway.steps.batches.files.folder import BoundedFile, FileFolder

HELD: Final = "held_body"
"""The place in a request's state of its body, where that is in a file."""
_IN_MEMORY: Final = 2**20


@dataclass
class HeldBody:
    """The whole body of a request."""

    digest: bytes
    """The hash of method, address and body."""
    sha256: str
    """The hash of the body alone, in hexadecimal digits."""
    size: int
    small: bytes
    path: Path | None
    """The file with a body that is not small. A route may move it away."""
    rest: Receive
    told: int = 0
    left: bool = False

    async def receive(self) -> Message:
        """Return the next piece of the body, and after it what the caller does."""
        if self.left:
            return await self.rest()
        piece = self.small if self.path is None else await asyncio.to_thread(self._read)
        self.told += len(piece)
        self.left = self.told >= self.size or not piece
        return {"type": "http.request", "body": piece, "more_body": not self.left}

    def _read(self) -> bytes:
        assert self.path is not None
        with self.path.open("rb") as file:
            file.seek(self.told)
            return file.read(_IN_MEMORY)

    def move(self, to: Path) -> bool:
        """Make the file that of its route. Return False where another disk makes a copy needed."""
        assert self.path is not None
        try:
            self.path.rename(to)
        except OSError:
            return False
        self.left = True
        return True


def held_of(request: Request) -> HeldBody | None:
    """Return the body of a request that is in a file already, or None."""
    found = request.scope.get("state", {}).get(HELD)
    return found if isinstance(found, HeldBody) else None


@asynccontextmanager
async def held(folder: FileFolder, scope: Scope, receive: Receive) -> AsyncGenerator[HeldBody]:
    """Read the whole body, and hold it during the block.

    Raises ClientDisconnect where the caller leaves before it has sent all, and Failed where the
    disk is full.
    """
    asked = f"{scope['method']} {scope['path']}?".encode() + scope["query_string"]
    digest, alone = hashlib.sha256(asked + b"\0"), hashlib.sha256()
    name, some, size = f"{uuid4().hex}.body", bytearray(), 0
    file: BoundedFile | None = None
    more = True
    try:
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            piece: bytes = message.get("body", b"")
            digest.update(piece)
            alone.update(piece)
            some += piece
            size += len(piece)
            more = message.get("more_body", False)
            if len(some) > _IN_MEMORY or (file is not None and not more):
                file = file or await asyncio.to_thread(folder.create, name)
                await asyncio.to_thread(file.write, some)
                some = bytearray()
        if file is not None:
            await asyncio.to_thread(file.finish)
        path = folder.path_of(name) if file is not None else None
        body = HeldBody(digest.digest(), alone.hexdigest(), size, bytes(some), path, receive)
        if path is not None:
            scope["state"][HELD] = body
        yield body
    finally:
        if file is not None:
            file.abandon()
            await asyncio.to_thread(folder.remove, name)
