"""The filing of an appeal, as a part of the worker's turn."""

from datetime import timedelta

from gateway.conversation.facts import Appealed
from gateway.steps.runtime import Runtime
from gateway.store.db import Write
from gateway.store.people import appeals
from gateway.store.turns.situation import TurnRow


def appeal_write(rt: Runtime, row: TurnRow, fact: Appealed) -> Write:
    """Return the write that files an appeal with its first deadline.

    The job `appeals` tells the person who looks at it.
    """
    now = rt.clock.now()
    return appeals.file_appeal(
        fact.ref,
        row.worker,
        fact.answer,
        handler=fact.handler,
        due_at=now + timedelta(days=rt.settings.appeals.days),
        now=now,
    )
