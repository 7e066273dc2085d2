"""What the database says of a run: whether anything that a phone was told is missing, or there twice."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from bench._edges.phones import Heard
from gateway.settings import Settings
from gateway.steps.dial import event_id
from gateway.store.db import plain_dsn
from gateway.ussd.port import UssdStep
from gateway.vault import Vault

_WORKED_OFF_S = 300.0
SERVICE_CODE = "*384*20880#"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`lost`: answers and SMS that were acknowledged and are not kept. `doubled`: what was recorded twice.

    `worked_off_s`: how long after the load the last stored SMS was processed.
    """

    lost: int
    doubled: int
    worked_off_s: float


class Books:
    """Counts in the database of one product."""

    def __init__(self, settings: Settings) -> None:
        assert settings.database_url and settings.secret_key
        self._dsn = plain_dsn(settings.database_url.get_secret_value())
        self._vault = Vault(settings.secret_key.get_secret_value())

    def answers(self) -> int:
        """Return how many answers there are."""
        return asyncio.run(self._value("select count(*) from answer"))

    def judge(self, before: int, heard: Sequence[Heard]) -> Verdict:
        """Compare what phones were told with what is recorded. `before`: the answers before the load."""
        return asyncio.run(self._judge(before, heard))

    async def _judge(self, before: int, heard: Sequence[Heard]) -> Verdict:
        texts = [text for one in heard for text in one.texts]
        began = time.monotonic()
        await self._worked_off(texts)
        worked_off_s = time.monotonic() - began
        saved = [self._event(*step) for one in heard for step in one.saved]
        unclear = sum(one.unclear for one in heard)
        kept_keys = await self._value(
            "select count(*) from inbox where kind = 'ussd' and event_id = any($1) and state = 'done'",
            saved,
        )
        kept_texts = await self._value(
            "select count(*) from inbox where kind = 'sms' and event_id = any($1)", texts
        )
        answers = await self._value("select count(*) from answer") - before
        twice = await self._value(
            """select coalesce(sum(n - 1), 0)::int from (select count(*) as n from inbox
               where event_id = any($1) group by kind, event_id having count(*) > 1) again""",
            saved + texts,
        )
        missing = max(0, len(saved) - answers)
        lost = max(len(saved) - kept_keys, missing) + len(texts) - kept_texts
        return Verdict(lost, twice + max(0, answers - len(saved) - unclear), worked_off_s)

    async def _worked_off(self, texts: list[str]) -> None:
        deadline = time.monotonic() + _WORKED_OFF_S
        while time.monotonic() < deadline:
            if not await self._value(
                "select count(*) from inbox where kind in ('sms', 'ussd') and state = 'waiting'"
            ):
                return
            await asyncio.sleep(0.2)
        raise SystemExit("stored events are not worked off: it hangs")

    def _event(self, session: str, transcript: str) -> str:
        return event_id(self._vault, UssdStep(session, "", SERVICE_CODE, transcript))

    async def _value(self, query: str, *arguments: object) -> int:
        books = await asyncpg.connect(self._dsn)
        try:
            return await books.fetchval(query, *arguments)
        finally:
            await books.close()
