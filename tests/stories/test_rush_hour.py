"""Many phones at the same moment: nobody waits for ever, nobody is lost."""

import asyncio

PHONES = 60  # more than the connections to the database


async def test_sixty_people_join_in_the_same_second(town):
    people = [town.meets(f"p{n}") for n in range(PHONES)]
    async with asyncio.timeout(20):
        replies = await asyncio.gather(*(p.sends("JOIN KIBERA") for p in people))
    assert {reply.status_code for reply in replies} == {200}
    assert await town.count("worker", "state = 'active'") == PHONES


async def test_sixty_people_type_their_code_in_the_same_second(town):
    people = [town.meets(f"p{n}") for n in range(PHONES)]
    for person in people:
        await person.dials("1", "1")
    async with asyncio.timeout(20):
        screens = await asyncio.gather(*(p.presses("KIBERA") for p in people))
    assert all("Do you agree?" in screen for screen in screens)
