"""A worker who dials is told that there is work: once, and not while she is at it."""


async def test_a_dialler_gets_one_notice_when_work_comes(town):
    amina = await town.enrols("amina")
    await amina.dials()
    await town.posts_batch("Is it open?", policy="fixed:1")
    await town.ticks()
    assert not [m for m in await amina.messages() if "There is paid work" in m], (
        "she has just looked in"
    )
    town.clock.advance(minutes=11)
    await town.ticks()
    await town.ticks()
    notices = [m for m in await amina.messages() if "There is paid work for you" in m]
    assert len(notices) == 1, "once is enough"
    assert "dial *384*20#" in notices[0]
