# pyright: basic
"""A whole batch is cancelled while workers hold its questions: she was asked, so she is paid."""

import pytest


async def hold(town, batch):
    """Return the money that is set aside for a batch, by its transfers."""
    return await town.value(
        """select coalesce(sum(case when t.credit = b.account_id then t.amount else -t.amount end), 0)::bigint
           from batch b join transfer t on b.account_id in (t.debit, t.credit) where b.id = $1""",
        batch.id,
    )


async def test_a_worker_who_holds_a_question_may_answer_it_and_is_paid(town):
    amina = await town.enrols("amina")
    before = await town.client.available_minor()
    batch = await town.posts_batch("Is it open?", "Is it clean?", policy="fixed:2")
    await amina.texts("WORK")
    shown = await batch.changes("cancel")
    assert (shown["state"], shown["closed_at"], shown["progress"]["asked_now"]) == ("cancelled", None, 1)  # fmt: skip
    assert await town.client.available_minor() == before - 300, "the rest comes back at once"
    assert shown["money"]["released_minor"] == 900
    await town.ticks()
    assert await hold(town, batch) == 300, "it waits for Amina"
    reply = await amina.texts("1")
    assert "Saved +KES 3" in reply
    assert "clean" not in reply, "no question of it is asked any more"
    assert await amina.earned_minor() == 300
    await town.ticks()
    shown = await batch.shows()
    assert (shown["state"], shown["closed_at"] is None) == ("cancelled", False)
    assert shown["money"]["released_minor"] == 900
    assert {one["state"] for one in (await batch.results()).values()} == {"cancelled"}
    assert await hold(town, batch) == 0
    await town.has_right_books()


async def test_the_money_comes_back_when_she_does_not_answer_in_her_time(town):
    amina, brian = await town.enrols("amina"), await town.enrols("brian")
    before = await town.client.available_minor()
    batch = await town.posts_batch("Is it open?", lease_s=600)
    await amina.texts("WORK")
    await batch.changes("cancel")
    assert await town.client.available_minor() == before - 300
    town.clock.advance(minutes=16)
    for _ in range(2):
        await town.ticks()
    assert await town.client.available_minor() == before
    assert "Is it open?" not in await brian.texts("WORK")
    assert "Saved" not in await amina.texts("1"), "her time is over"
    assert await amina.earned_minor() == 0
    found = (await town.client.asks("GET", f"/batches/{batch.id}/history")).json()["changes"]
    assert [(one["what"], one["cost_minor"]) for one in found[-2:]] == [("cancel", 0), ("cancel", -300)]  # fmt: skip
    assert found[-1]["by"] == "gateway"
    assert (await batch.changes("cancel"))["state"] == "cancelled", "a repetition changes nothing"
    assert await hold(town, batch) == 0


async def test_a_worker_who_dials_finds_the_question_that_she_holds(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Is it open?", "Is it clean?")
    asked = str(await amina.dials("1"))
    await batch.changes("cancel")
    again = str(await amina.dials("1"))
    assert ("open" in again) == ("open" in asked)
    await amina.presses("1")
    assert await amina.earned_minor() == 300
    await town.ticks()
    assert await hold(town, batch) == 0


async def test_each_of_several_questions_in_one_sms_may_be_answered(town):
    amina = await town.enrols("amina")
    await amina.is_used_to_sms()
    batch = await town.posts_batch(*(f"Is shop {n} open?" for n in range(3)), pack=3)
    await amina.texts("WORK")
    held = (await batch.changes("cancel"))["progress"]["asked_now"]
    assert held > 1
    await amina.texts(" ".join(f"{n}A" for n in range(1, held + 1)))
    assert await amina.earned_minor() == 300 * held
    await town.ticks()
    assert await hold(town, batch) == 0
    await town.has_right_books()


@pytest.mark.parametrize("paused", [False, True])
async def test_a_batch_of_which_no_question_is_held_is_over_at_once(town, paused):
    before = await town.client.available_minor()
    batch = await town.posts_batch("Is it open?")
    if paused:
        await batch.changes("pause")
    shown = await batch.changes("cancel")
    assert shown["closed_at"] is not None
    assert shown["ends_at"] is None
    assert await town.client.available_minor() == before
    draft = await town.client.drafts()
    assert (await draft.changes("cancel"))["closed_at"] is not None


async def test_a_higher_price_does_not_change_what_she_was_told(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Is it open?")
    await amina.texts("WORK")
    await town.client.asks("POST", f"/batches/{batch.id}/price", json={"price": "5.00"})
    await batch.changes("cancel")
    assert "Saved +KES 3" in await amina.texts("1")
    await town.ticks()
    assert await hold(town, batch) == 0, "and the difference came back"
    await town.has_right_books()
