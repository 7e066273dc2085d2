"""The author of a change: the key of a request, by the characters that identify it."""

from typing import Annotated

from fastapi import Depends, Query, Request

from gateway.api.callers.auth import Rt
from gateway.base.vault import key_hash
from gateway.steps.batches.life.change import Author
from gateway.steps.batches.life.more_tasks import AddingTasks
from gateway.store.people import api_keys


async def key_of(rt: Rt, request: Request) -> str:
    """Return the first characters of the API key of a request, which the entrance has checked."""
    _, _, key = request.headers.get("authorization", "").partition(" ")
    return await api_keys.shown(rt.db, key_hash(key.strip()))


ActingKey = Annotated[str, Depends(key_of)]


async def adding_of(
    key: ActingKey,
    request: Request,
    dry_run: Annotated[bool, Query(description="Check and price the tasks, and add none")] = False,  # noqa: FBT002
) -> AddingTasks:
    """Return the adding of tasks that a request asks for."""
    return AddingTasks(author_of(key, request, dry_run=dry_run))


Adding = Annotated[AddingTasks, Depends(adding_of)]


def author_of(key: str, request: Request, *, dry_run: bool = False) -> Author:
    """Return the author of a change, with the request's Idempotency-Key."""
    return Author(key, None if dry_run else request.headers.get("idempotency-key") or None, dry_run)
