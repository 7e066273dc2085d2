"""Trusted contacts outside the database hold proof of its history.

They also hear of a worker who does not agree.
"""
# pyright: basic

from dataclasses import replace

import pytest

from gateway.gsm.segments import segments
from gateway.settings import Controls
from gateway.steps.payouts.adjust import open_adjustment
from gateway.store.ledger import seals
from tests.support.town import COORDINATOR

KEEPER = "+254733000009"


def ruled(town, **rules):
    settings = town.rt.settings.model_copy(update={"controls": Controls(**rules)})
    town.rt = replace(town.rt, settings=settings)


@pytest.fixture
async def amina(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?", price="15.00")
    for words in ("WORK", "1", "1"):
        await amina.texts(words)
    await town.answers_bells()
    return amina


async def heads(person):
    return [words for words in await person.messages() if words.startswith("Ledger ")]


async def test_once_a_day_contacts_get_the_head_and_it_is_in_the_chain(town, amina):
    ruled(town, tell=(KEEPER,), heads_to_coordinators=True)
    keeper = town.meets("keeper", KEEPER)
    for _ in range(3):
        await town.ticks(minutes=2)
    (told,) = await heads(keeper)
    assert await heads(town["wanjiku"]) == [told]
    assert segments(told) == 1
    kept = next(word for word in told.split() if len(word) == 64)
    assert (await seals.verify(town.rt.db, kept)).faults == ()
    await amina.texts("PAY")
    await town.ticks(days=1)
    await town.ticks(minutes=2)
    assert len(await heads(keeper)) == 2


async def test_an_insider_who_makes_history_anew_cannot_make_the_old_head_come_out(town, amina):
    """An insider with all rights takes the seals away and seals another history.

    The SMS still tells.
    """
    ruled(town, tell=(KEEPER,))
    keeper = town.meets("keeper", KEEPER)
    await town.ticks(minutes=2)
    kept = next(word for word in (await heads(keeper))[0].split() if len(word) == 64)
    await town.rt.db.execute(
        """do $$ begin set local session_replication_role = replica;
             delete from seal; update transfer set at = at - interval '1 second'; end $$"""
    )
    await town.ticks(minutes=2)
    assert (await seals.verify(town.rt.db)).faults == (), "the chain itself is whole"
    (fault,) = (await seals.verify(town.rt.db, kept)).faults
    assert "made anew" in fault


async def appealed(town, amina):
    async with town.rt.db.transaction() as db:
        ref = await open_adjustment(town.rt, db, await town.value("select min(id) from answer"))
    await amina.texts(f"APPEAL {ref}")
    for _ in range(2):
        await town.ticks(minutes=1)
    return ref


async def test_an_appeal_reaches_her_coordinator_once(town, amina):
    ref = await appealed(town, amina)
    told = [words for words in await town["wanjiku"].messages() if ref in words]
    assert len(told) == 1
    assert told[0].startswith(f"Amina ..01 appeals {ref}")
    assert segments(told[0]) == 1


async def test_without_a_coordinator_it_reaches_the_contacts_outside(town, amina):
    ruled(town, tell=(KEEPER,))
    await town.rt.db.execute("update worker set coordinator_id = null, partner_id = null")
    keeper = town.meets("keeper", KEEPER)
    ref = await appealed(town, amina)
    assert len([words for words in await keeper.messages() if ref in words]) == 1
    assert COORDINATOR != KEEPER
