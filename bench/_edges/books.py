"""The check of a run against the database: no reply to a phone may be missing or recorded twice."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from bench._edges.phones import SAID, Heard
from gateway.app import open_runtime
from gateway.queue.inline import InlineJobQueue
from gateway.settings import Settings
from gateway.sms.port import InboundSms
from gateway.steps.runtime import Runtime
from gateway.steps.turns.arrival.sms_identity import identity
from gateway.steps.turns.arrival.ussd_identity import event_id
from gateway.ussd.port import UssdStep

_WORKED_OFF_S = 300.0
SERVICE_CODE = "*384*20880#"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of the check.

    `lost` counts answers and SMS that were acknowledged and are not stored, `doubled` those that
    were recorded twice. `worked_off_s` is the time from the end of the load until the last stored
    SMS was processed.
    """

    lost: int
    doubled: int
    worked_off_s: float


class Books:
    """The counts in the database of one product."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def answers(self) -> int:
        """Return how many answers there are."""
        return asyncio.run(self._answers())

    def await_stored(self) -> None:
        """Wait until all stored SMS are processed."""
        asyncio.run(self._await_stored())

    def judge(self, before: int, heard: Sequence[Heard]) -> Verdict:
        """Compare the replies to the phones with the recorded rows.

        `before` is the number of answers before the load.
        """
        return asyncio.run(self._judge(before, heard))

    async def _await_stored(self) -> None:
        async with self._opened() as rt:
            await _worked_off(rt)

    async def _answers(self) -> int:
        async with self._opened() as rt:
            return await rt.db.value("select count(*) from answer")

    async def _judge(self, before: int, heard: Sequence[Heard]) -> Verdict:
        unclear = sum(one.unclear for one in heard)
        async with self._opened() as rt:
            worked_off_s = await _worked_off(rt)
            texts = [_text(rt, *text) for one in heard for text in one.texts]
            saved = [_event(rt, *step) for one in heard for step in one.saved]
            async with rt.db.transaction() as db:
                # A long run has many ids, and this comparison is not what is measured.
                await db.execute("set local statement_timeout = 0")
                kept_keys = await db.value(
                    "select count(*) from inbox where kind = 'ussd' and event_id = any($1) and state = 'done'",
                    saved,
                )
                kept_texts = await db.value(
                    "select count(*) from inbox where kind = 'sms' and event_id = any($1)", texts
                )
                answers = await db.value("select count(*) from answer") - before
                twice = await db.value(
                    """select coalesce(sum(n - 1), 0)::int from (select count(*) as n from inbox
                       where event_id = any($1) group by kind, event_id having count(*) > 1) again""",
                    saved + texts,
                )
        missing = max(0, len(saved) - answers)
        lost = max(len(saved) - kept_keys, missing) + len(texts) - kept_texts
        return Verdict(lost, twice + max(0, answers - len(saved) - unclear), worked_off_s)

    def _opened(self) -> AbstractAsyncContextManager[Runtime]:
        return open_runtime(self._settings, InlineJobQueue(), connections=2)


async def _worked_off(rt: Runtime) -> float:
    """Wait until the runners have processed all stored SMS, and return the seconds it took."""
    began = time.monotonic()
    while await rt.db.value(
        "select count(*) from inbox where kind in ('sms', 'ussd') and state = 'waiting'"
    ):
        if time.monotonic() > began + _WORKED_OFF_S:
            raise SystemExit("stored events are not worked off: it hangs")
        await asyncio.sleep(0.2)
    return time.monotonic() - began


def _event(rt: Runtime, session: str, number: str, transcript: str) -> str:
    return event_id(rt, UssdStep(session, number, SERVICE_CODE, transcript))


def _text(rt: Runtime, name: str, sender: str) -> str:
    return identity(rt, InboundSms(name, sender, "20880", SAID, None)).event_id
