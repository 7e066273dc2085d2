"""A thousand phones answer at the same moment.

No task gets one paid answer too many, and none too few.
"""

import asyncio
from collections import Counter

from gateway.sms.port import InboundSms
from gateway.steps.turns.hear import process_sms

PHONES, TASKS, OVERLAP = 1000, 300, 3  # a hundred phones more than there are paid answers


async def a_thousand_join(town):
    rt = town.rt
    numbers = [f"+2547{10_000_000 + n}" for n in range(PHONES)]
    await rt.db.execute(
        """select enrol_worker(x.i, x.s, 'P', 'en', 'active', 'KIBERA', null, 'KE', 'KES', 'phone', 'agreed', 'sms', 'phone', 'YES')
           from unnest($1::bytea[], $2::bytea[]) as x(i, s)""",
        [rt.vault.index(number) for number in numbers],
        [rt.vault.seal(number) for number in numbers],
    )
    return numbers


async def test_a_thousand_phones_fill_every_slot_once_and_what_lapses_is_answered_by_others(town):
    numbers = await a_thousand_join(town)
    batch = await town.posts_batch(
        *(f"Is shop {n} open?" for n in range(TASKS)), policy=f"fixed:{OVERLAP}", lease_s=600
    )
    town.jobs.take()
    channel = town.rt.channels["phone"]

    async def text(number, words, moment):
        sms = InboundSms(f"{moment}-{number}", number, "20880", words, None)
        await process_sms(town.rt, channel, sms, b"")

    async def holders():
        rows = await town.rt.db.rows(
            "select w.msisdn_sealed from assignment a join worker w on w.id = a.worker_id where a.state = 'held'"
        )
        return {town.rt.vault.open(row["msisdn_sealed"]) for row in rows}

    await asyncio.gather(*(text(number, "WORK", "work") for number in numbers))
    asked = await holders()
    assert len(asked) == TASKS * OVERLAP, "every paid slot is offered, each to one phone"

    # Fifty stay silent. All others answer at once, some twice, and those who got nothing ask again.
    silent = set(sorted(asked)[:50])
    await asyncio.gather(
        *(text(number, "1", "answer") for number in asked - silent),
        *(text(number, "1", "again") for number in sorted(asked - silent)[:30]),
        *(text(number, "WORK", "again") for number in set(numbers) - asked),
    )
    assert await town.count("answer") == TASKS * OVERLAP - 50

    await town.rt.db.execute("update worker set reach = 'ussd'")  # no worker is pushed a question
    await town.rt.db.execute("update outbox set state = 'accepted', sent_at = now()")
    await town.ticks(minutes=16)
    assert not await holders()
    # The silent ones answer late, at the same moment as others are offered what they left.
    others = sorted(set(numbers) - asked)
    await asyncio.gather(
        *(text(number, "1", "late") for number in silent),
        *(text(number, "WORK", "third") for number in others),
    )
    await asyncio.gather(*(text(number, "1", "last") for number in await holders()))

    counts = Counter(row["task_id"] for row in await town.rt.db.rows("select task_id from answer"))
    assert len(counts) == TASKS, "no task starved"
    assert set(counts.values()) == {OVERLAP}, "and none has a paid answer too many"
    paid = await town.value(
        "select sum(balance)::bigint from account where kind = 'worker_payable'"
    )
    assert paid == TASKS * OVERLAP * 300
    await town.rt.db.execute("delete from outbox where state = 'queued'")
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
