"""Drafts: edited, deleted, and copied from any batch.

A change of a draft that concerns its tasks checks every task again by the new settings. All of it
is one commit, or nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from uuid import uuid4

import asyncpg
import orjson

from gateway.base.errors import Refused
from gateway.base.failpoints import reach
from gateway.base.ids import ClientId
from gateway.base.pseudonyms import Pseudonyms
from gateway.steps.batches.life.change import Author
from gateway.steps.batches.prepare import (
    Filled,
    UploadReading,
    lines_of,
    remove,
    slices_of,
)
from gateway.steps.batches.quoting.promise import check_accuracy
from gateway.steps.batches.routes_on_air import air_of
from gateway.steps.batches.submit.create import BatchSpec, checked_batch, create_batch
from gateway.steps.batches.submit.fill import add_prepared
from gateway.steps.batches.uploading import SLICE, AlsoWritten, Upload, begun, ended
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches import batches, plans, promises, uploads
from gateway.store.batches.batches import Batch
from gateway.store.batches.life import batch_state, changes, drafts, running, unfinished_copies
from gateway.store.batches.life.drafts import StoredTask
from gateway.store.db import Connection
from gateway.tasks.life.actions import check_allowed

_WRITTEN_AT_ONCE = 2**20


async def edit(
    rt: Runtime,
    client: ClientId,
    batch_id: str,
    spec: BatchSpec,
    changed: Mapping[str, tuple[object, object]],
    author: Author,
) -> None:
    """Give a draft other settings. `changed` has the former and the new value of each field.

    Raises Refused naming the field, or the row of a task that does not fit the new settings.
    """
    row = await _state(rt, client, batch_id)
    check_allowed("edit", row)
    new = await checked_batch(rt, client, spec, (await rt.batches.fresh(batch_id)).id)
    if spec.accuracy is not None:
        check_accuracy(rt, spec.kind)
    again = not set(changed) <= _NOT_OF_TASKS and await drafts.has_tasks(rt.db, batch_id)
    if not again:
        await until_settled(lambda: _write(rt, client, new, spec, changed, author))
        await rt.batches.fresh(batch_id)
        return
    out = _new_file(rt)
    try:
        async with begun(rt, client, batch_id) as turn:
            filled = await prepared_again(rt, client, batch_id, new, out)
            await until_settled(
                lambda: _write(rt, client, new, spec, changed, author, (turn, filled, out))
            )
    finally:
        remove(out)
    await rt.batches.fresh(batch_id)


_NOT_OF_TASKS = frozenset({"name", "labels", "open", "deadline", "at_deadline", "accept_h"})
"""The fields of a batch on which no task depends."""


async def _state(rt: Runtime, client: ClientId, batch_id: str) -> str:
    row = await batch_state.state_and_upload(rt.db, batch_id, client)
    if row is None:
        raise Refused(f"no batch {batch_id!r}", status=404)
    state: str = row["state"]
    return state


async def _write(
    rt: Runtime,
    client: ClientId,
    new: Batch,
    spec: BatchSpec,
    changed: Mapping[str, tuple[object, object]],
    author: Author,
    tasks: tuple[Upload, Filled, Path] | None = None,
) -> None:
    async with rt.db.transaction() as db:
        row = await running.lock_life(db, client, new.id)
        if row is None:
            raise Refused(f"no batch {new.id!r}", status=404)
        if await changes.made_before(db, new.id, author.request) is not None:
            return
        check_allowed("edit", row.state)
        await batches.change_draft(db, new)
        await batches.set_labels(db, new.id, spec.labels)
        await drafts.remove_plan(db, new.id)
        await promises.replace_promise(db, new.id, spec.accuracy)
        if not spec.quality.is_default:
            await plans.insert_plan(db, new.id, spec.quality)
        if "price" in changed or "kind" in changed or "value" in changed:
            await drafts.remove_permission(db, new.id)
        if tasks is not None:
            turn, filled, out = tasks
            if await uploads.lock_upload(db, new.id, turn.token) != "draft":
                raise Refused("another change of this draft has begun; try again", status=409)
            await drafts.remove_tasks(db, new.id)
            after = 0
            for some in slices_of(lines_of(out), SLICE):
                await uploads.append_slice(db, new.id, after, some)
                after += len(some.rows)
            await drafts.set_filled(db, new.id, asdict(filled))
        await changes.record_change(
            db,
            new.id,
            "edit",
            actor=author.key,
            before={name: was for name, (was, _) in changed.items()},
            after={name: becomes for name, (_, becomes) in changed.items()},
            key=author.request,
        )


async def label(
    rt: Runtime,
    client: ClientId,
    batch_id: str,
    labels: Mapping[str, str],
    before: Mapping[str, str],
    author: Author,
) -> None:
    """Give a batch other labels, in any state."""

    async def labelled() -> None:
        async with rt.db.transaction() as db:
            row = await running.lock_life(db, client, batch_id)
            if row is None:
                raise Refused(f"no batch {batch_id!r}", status=404)
            if await changes.made_before(db, batch_id, author.request) is not None:
                return
            await batches.set_labels(db, (await rt.batches.get(batch_id)).id, labels)
            await changes.record_change(
                db,
                batch_id,
                "label",
                actor=author.key,
                before={"labels": dict(before)},
                after={"labels": dict(labels)},
                key=author.request,
            )

    await until_settled(labelled)


async def delete(
    rt: Runtime, client: ClientId, batch_id: str, with_it: AlsoWritten | None = None
) -> None:
    """Delete a draft with its tasks. Raises Refused for a batch in another state."""
    check_allowed("delete", await _state(rt, client, batch_id))
    await ended(rt, client, batch_id)  # An upload that goes on is refused.

    async def deleted() -> None:
        async with rt.db.transaction() as db:
            row = await running.lock_life(db, client, batch_id)
            if row is None:
                raise Refused(f"no batch {batch_id!r}", status=404)
            check_allowed("delete", row.state)
            if await drafts.webhooks_of(db, batch_id):
                raise Refused(
                    "a webhook is told of this batch only: delete that webhook first", status=409
                )
            await _deleted(db, batch_id)
            if with_it is not None:
                await with_it(db)

    await until_settled(deleted)


async def _deleted(db: Connection, batch_id: str) -> None:
    try:
        await drafts.delete_draft(db, batch_id)
    except asyncpg.ForeignKeyViolationError as bad:
        raise Refused(
            "this draft cannot be deleted, because other records name it; POST /cancel ends it",
            status=409,
        ) from bad


async def copy(
    rt: Runtime, client: ClientId, source: str, spec: BatchSpec, *, tasks: bool, author: Author
) -> Batch:
    """Make a draft with the settings of a batch, and with its tasks if they are wanted, gold too.

    Tasks that do not fit any more are refused by row, and no draft is made then. The draft is
    marked until all its tasks are there: one that a killed process leaves is removed, or made anew
    by the repeated request.
    """
    fill = tasks and await drafts.has_tasks(rt.db, source)
    made = await create_batch(rt, client, spec, by=author.key, unfinished=fill)
    if not await unfinished_copies.is_unfinished(rt.db, made.id):
        return made
    reach("copy.begun")
    out = _new_file(rt)
    try:
        filled = await prepared_again(rt, client, source, made, out)
        finish = partial(unfinished_copies.finish, batch=made.id)
        await add_prepared(rt, client, made.id, filled, lines_of(out), finish)
    except BaseException:
        await delete(rt, client, made.id)
        raise
    finally:
        remove(out)
    return made


async def prepared_again(
    rt: Runtime, client: ClientId, source: str, batch: Batch, out: Path
) -> Filled:
    """Check the tasks of `source` by the settings of `batch`, and write them to `out`."""
    stored, names = _new_file(rt), rt.vault.pseudonyms(client)
    try:
        await _dump(rt, await rt.batches.fresh(source), batch.option_ids, names, stored)
        filled = await rt.helpers.run(
            "prepare_again", stored, out, batch, air_of(rt), UploadReading(names)
        )
    finally:
        remove(stored)
    assert isinstance(filled, Filled)
    return filled


async def _dump(
    rt: Runtime, source: Batch, options: Sequence[str], names: Pseudonyms, path: Path
) -> None:
    """Write the tasks of a batch to a file, each with its prediction if that is still an option."""
    record = bool(source.fields)
    with path.open("wb") as file:  # small writes to a local file
        some = bytearray()
        async for one in drafts.uploaded_tasks(rt.db, source.id):
            said = one.predicted if one.predicted and one.predicted[0] in options else None
            cells = _cells(one, names, record=record)
            some += orjson.dumps((cells, one.own or {}, said)) + b"\n"
            if len(some) >= _WRITTEN_AT_ONCE:
                file.write(some)
                some = bytearray()
        file.write(some)


def _cells(one: StoredTask, names: Pseudonyms, *, record: bool) -> dict[str, object]:
    """Return a stored task as a row of an upload."""
    cells: dict[str, object] = {"id": one.name, "text": one.text}
    if one.gold is not None:
        cells["gold"] = orjson.loads(one.gold) if record else one.gold
    if one.gold_reason:
        cells["gold_reason"] = one.gold_reason
    if one.audience or one.workers:
        named = {"workers": [names.of(each) for each in one.workers]} if one.workers else {}
        cells["audience"] = {**(one.audience or {}), **named}
    return cells


def _new_file(rt: Runtime) -> Path:
    folder = rt.settings.data_dir / "uploads"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{uuid4().hex}.copy"
