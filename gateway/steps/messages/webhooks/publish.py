"""The job that makes messages of clients' events, and deliveries of the messages."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from gateway.base.failpoints import reach
from gateway.base.ids import new_public_id
from gateway.steps.messages.webhooks.events import (
    OF_TASKS,
    TASKS_MAX,
    message_body,
    progress_reached,
)
from gateway.steps.runtime import Runtime
from gateway.store.messages import client_events
from gateway.store.messages.client_events import ClientEvent, WatchedBatch

_EVENTS = 2_000
_BATCHES = 100
_FORGOTTEN = 1_000
_LOOK_EVERY = timedelta(seconds=15)
KEPT = timedelta(days=30)
"""The time for which messages can be listed and sent again."""


async def publish_events(rt: Runtime) -> int:
    """Make messages of all waiting events, and return their number.

    An event leaves its queue in the transaction that makes its message.
    """
    await _look_at_progress(rt)
    now, made, some = rt.clock.now(), 0, _EVENTS
    while some == _EVENTS:
        async with rt.db.transaction() as db:
            events = await client_events.take(db, _EVENTS)
            some = len(events)
            for of, data in messages_of(events):
                body = message_body(of.type, of.at, data | _links(rt, of, data), test=rt.test)
                made += await client_events.publish(db, new_public_id("msg"), of, body)
            reach("webhooks.published")
    await client_events.forget_messages(rt.db, now - KEPT, _FORGOTTEN)
    if made:
        rt.jobs.enqueue("call_webhooks")
    return made


def messages_of(events: Sequence[ClientEvent]) -> Iterator[tuple[ClientEvent, dict[str, Any]]]:
    """Yield the data of each message, with the last event that it tells.

    Events of tasks of one batch are told together, up to 100 tasks at a time. All others are told
    one by one.
    """
    single = [one for one in events if one.type not in OF_TASKS]
    tasks = [one for one in events if one.type in OF_TASKS]
    for one in single:
        yield one, one.data
    for _, group in groupby(sorted(tasks, key=_batch_and_type), key=_batch_and_type):
        same = list(group)
        for at in range(0, len(same), TASKS_MAX):
            part = same[at : at + TASKS_MAX]
            yield part[-1], {"batch": part[0].batch, "tasks": [one.data for one in part]}


def _batch_and_type(event: ClientEvent) -> tuple[str, str]:
    return event.batch or "", event.type


def _links(rt: Runtime, of: ClientEvent, data: dict[str, Any]) -> dict[str, str]:
    """Return the address at which the client reads more."""
    root = f"{rt.settings.public_url.rstrip('/')}/api/v1"
    if project := data.get("project"):
        end = "/result" if data["state"] == "done" else ""
        return {"link": f"{root}/projects/{project}{end}"}
    if of.type in OF_TASKS or data.get("state") == "done":
        return {"link": f"{root}/batches/{of.batch}/results"}
    for kind in ("import", "export"):
        if kind in data:
            return {"link": f"{root}/batches/{of.batch}/{kind}s/{data[kind]}"}
    return {"link": f"{root}/batches/{of.batch}" if of.batch else f"{root}/account"}


async def _look_at_progress(rt: Runtime) -> None:
    now = rt.clock.now()
    for one in await client_events.watched(rt.db, now, _BATCHES):
        async with rt.db.transaction() as db:
            percent = progress_reached(one.answers, one.answers_wanted)
            if percent > one.told_percent and one.is_running:
                await client_events.tell_progress(db, one, percent, _progress(one, percent))
            await client_events.look_later(db, one.batch, now + _LOOK_EVERY)
            if not one.is_running:
                await client_events.forget_progress(db, one.batch)


def _progress(one: WatchedBatch, percent: int) -> dict[str, Any]:
    return {
        "batch": one.batch,
        "state": "running",
        "percent": percent,
        "answers": one.answers,
        "answers_wanted": one.answers_wanted,
    }
