"""The notice to a coordinator about a worker who is repeatedly not understood.

It is an SMS, and a coordinator gets a few of them per day at most.
"""

import re
from typing import Final

from gateway.base.ids import WorkerId
from gateway.base.msisdn import mask
from gateway.conversation.context import short_name
from gateway.gsm.septets import gsm_only
from gateway.steps.messages.notify import addressee, notice_write
from gateway.steps.runtime import Runtime
from gateway.steps.turns.loop_guard import PREFIX, UNCLEAR_MAX
from gateway.store.db import Write
from gateway.store.messages import outbox
from gateway.store.people import workers

TOLD_PER_DAY_MAX: Final = 10
"""The most such SMS per coordinator and day (UTC); each worker is named once per day."""
_SAID_MAX, _NAME_MAX = 20, 12
_DIGITS = re.compile(r"\d{4,}")


async def alert_writes(
    rt: Runtime, worker: WorkerId, name: str, msisdn: str, said: str
) -> list[Write]:
    """Return the SMS to each coordinator of a worker at the limit of unclear texts; else none.

    The limit is that of the replies themselves (`steps.turns.loop_guard`): an understood text
    resets the count.
    """
    before = await outbox.unclear_in_a_row(rt.db, rt.vault.index(msisdn), PREFIX)
    if before + 1 < UNCLEAR_MAX:
        return []
    parts: list[Write] = []
    for row in await workers.coordinators_of(rt.db, worker):
        day = f"stuck:{row.id}:{rt.clock.now():%Y-%m-%d}:"
        if await outbox.notices_like(rt.db, day) >= TOLD_PER_DAY_MAX:
            continue
        to = addressee(rt, rt.settings.sms_channel, row.msisdn_sealed)
        if to is None:
            continue
        text = rt.books[row.language].say(
            "help.needed",
            first=gsm_only(short_name(name), _NAME_MAX) if name else "?",
            number=mask(msisdn),
            # A possible PIN or number must not reach another person.
            said=gsm_only(_DIGITS.sub("####", said), _SAID_MAX),
        )
        parts.append(notice_write(rt, to, text, "notice", f"{day}{worker}"))
    return parts
