"""The body of an import, written to a file as it comes. This process neither holds nor reads it."""

import asyncio
import hashlib

from fastapi import Request

from gateway.api.contract.held_body import held_of
from gateway.steps.batches.files.folder import BoundedFile, FileFolder

_WRITTEN_AT_ONCE = 2**20


async def receive_file(request: Request, folder: FileFolder, name: str) -> tuple[int, str]:
    """Write the body to a new file. Return its size and its SHA-256 in hexadecimal digits.

    Raises Failed where the disk is full. Nothing is kept of a body that did not arrive as a whole.
    A body that is in a file already, because the request may be repeated, is not written again.
    """
    held = held_of(request)
    if held is not None and await asyncio.to_thread(held.move, folder.path_of(name)):
        return held.size, held.sha256
    file = await asyncio.to_thread(_created, folder, name, _announced(request))
    digest, some = hashlib.sha256(), bytearray()

    def written() -> None:
        digest.update(some)
        file.write(some)

    try:
        # The entrance counts the bytes and ends the body at its limit.
        async for chunk in request.stream():
            some += chunk
            if len(some) >= _WRITTEN_AT_ONCE:
                await asyncio.to_thread(written)
                some = bytearray()
        await asyncio.to_thread(written)
        await asyncio.to_thread(file.finish)
    except BaseException:
        file.abandon()
        folder.remove(name)
        raise
    return file.size, digest.hexdigest()


def _created(folder: FileFolder, name: str, announced: int) -> BoundedFile:
    file = folder.create(name)
    try:
        folder.check_room(announced)
    except BaseException:
        file.abandon()
        folder.remove(name)
        raise
    return file


def _announced(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0
