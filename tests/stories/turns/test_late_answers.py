"""A question is kept for its worker for a while, then goes to another worker.

A late reply is never met with silence.
"""

LEASE = {"lease_s": 600}  # and five minutes of grace, since this phone gives no receipts


async def test_a_late_answer_still_counts_while_the_question_is_open(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", **LEASE)
    await amina.texts("WORK")
    await amina.texts("STATUS")  # she says something else meanwhile
    town.clock.advance(minutes=16)
    await town.rt.db.execute(
        "select release_task(id, 'expired') from assignment where state = 'held'"
    )
    assert "Saved +KES 3" in await amina.texts("1")
    assert await amina.values() == ["yes"]


async def test_a_lapsed_question_goes_to_another_worker_and_the_late_answer_is_not_counted(town):
    amina = await town.enrols("amina")
    brian = town.meets("brian")
    await town.posts_batch("Is it open?", **LEASE)
    assert "Is it open?" in await amina.texts("WORK")
    await brian.texts("JOIN KIBERA")
    await brian.texts("YES")
    assert "No questions now" in await brian.texts("WORK"), "it is Amina's"
    town.clock.advance(minutes=16)
    # no worker is asked by SMS meanwhile
    await town.rt.db.execute("update worker set reach = 'ussd'")
    await town.ticks()
    assert "Is it open?" in await brian.texts("WORK")
    assert "Saved" in await brian.texts("2")
    late = await amina.texts("1")
    assert "question has closed" in late and "not counted" in late
    assert await amina.earned_minor() == 0
    assert await brian.values() == ["no"]


async def test_a_late_answer_while_another_worker_holds_the_question_is_not_counted(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", **LEASE)
    await amina.texts("WORK")
    town.clock.advance(minutes=16)
    await town.rt.db.execute(
        "select release_task(id, 'expired') from assignment where state = 'held'"
    )
    brian = await town.enrols("brian")
    await brian.texts("WORK")
    assert "question has closed" in await amina.texts("1")
    assert "Saved" in await brian.texts("1")
    assert await town.count("answer") == 1


async def test_a_late_answer_by_ussd_from_a_screen_left_open(town):
    brian = town.meets("brian")
    await brian.dials()
    await brian.presses("1", "1", "KIBERA", "1")
    await town.posts_batch("Is it open?", "Is it clean?", **LEASE)
    await brian.presses("1")
    town.clock.advance(minutes=16)
    await town.ticks()
    assert "Saved" in await brian.presses("1")
    assert await brian.values() == ["yes"]


async def test_an_answer_after_the_batch_was_cancelled_is_paid_within_her_time(town):
    """She was asked, so she may answer, as when only her task is cancelled (decision 0089)."""
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    batch = await town.posts_batch("Is it open?", policy="fixed:2", **LEASE)
    await amina.texts("WORK")
    await brian.texts("WORK")
    await batch.changes("cancel")
    assert "Saved +KES 3" in await amina.texts("1")
    assert await amina.earned_minor() == 300
    town.clock.advance(minutes=16)
    await town.ticks()
    assert "Saved" not in await brian.texts("1"), "his time is over, and the client has stopped"
    assert await brian.earned_minor() == 0


async def test_a_question_is_asked_again_of_the_worker_who_let_it_lapse(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", **LEASE)
    await amina.texts("WORK")
    town.clock.advance(minutes=16)
    await town.ticks()
    assert "Is it open?" in await amina.texts("WORK")
    assert "Saved" in await amina.texts("2")
