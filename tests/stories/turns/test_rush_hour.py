"""Many phones at the same moment: no phone waits for ever, and none is lost."""

import asyncio
from functools import partial

from tests.support.town import Town, eventually

PHONES = 60  # more than the connections to the database


async def test_sixty_workers_join_in_the_same_second(town):
    people = [town.meets(f"p{n}") for n in range(PHONES)]
    async with asyncio.timeout(300):
        replies = await asyncio.gather(*(p.sends("JOIN KIBERA") for p in people))
    assert {reply.status_code for reply in replies} == {200}
    await eventually(partial(all_are, town, "invited"))
    async with asyncio.timeout(300):
        replies = await asyncio.gather(*(p.sends("YES") for p in people))
    assert {reply.status_code for reply in replies} == {200}
    await eventually(partial(all_are, town, "active"))


async def all_are(town: Town, state: str) -> bool:
    """Return whether all phones have come to this state.

    On a busy machine some texts are stored first, and heard a little later.
    """
    await town.answers_bells()
    return await town.count("worker", "state = $1", state) == PHONES


async def test_sixty_workers_type_their_code_in_the_same_second(town):
    people = [town.meets(f"p{n}") for n in range(PHONES)]
    for person in people:
        await person.dials("1", "1")
    async with asyncio.timeout(300):
        screens = await asyncio.gather(*(p.presses("KIBERA") for p in people))
    assert all("Do you agree?" in screen for screen in screens)


async def test_a_reply_whose_sending_cannot_be_confirmed_goes_out_again(town):
    """The reply was sent, but the provider's answer was lost and no receipt came.

    A reply twice harms less than none.
    """
    amina = await town.enrols("amina")
    before = len(await amina.messages())
    await amina.texts("BAL")
    await town.rt.db.execute(
        "update outbox set state = 'unknown', sent_at = now(), provider_id = null where purpose = 'reply'"
    )
    town.clock.advance(seconds=61)
    await town.ticks()  # the sweep finds it
    await town.ticks()  # and it goes out
    states = {
        row["state"]
        for row in await town.rt.db.rows("select state from outbox where purpose = 'reply'")
    }
    assert states == {"accepted"}
    assert len(await amina.messages()) > before
