# pyright: basic
"""The allocation of questions to workers.

Limits, order, partners' shares, better workers where it pays, and work for every worker.
"""

from dataclasses import replace

import pytest

from gateway.steps.quality.reestimate import relearn
from gateway.steps.quality.update_skills import score


async def crowd(town, *names, **skills):
    """Return enrolled workers.

    `skills`: what is known of a worker already, as right and wrong answers.
    """
    people = [await town.enrols(name) for name in names]
    for person in people:
        if person.name in skills:
            right, wrong = skills[person.name]
            await town.rt.db.execute(
                'insert into skill (worker_id, kind, "right", wrong) values ($1, $2, $3, $4)',
                await person.id(), "verification", right, wrong,
            )  # fmt: skip
    return people


async def load(town):
    """Return the number of workers each task has been put to, in order of tasks."""
    rows = await town.rt.db.rows(
        "select answered + held as load from task where gold is null order by position"
    )
    return [row["load"] for row in rows]


def is_asked(reply):
    return "1 Yes" in (reply or "")


async def works(person, most=100, said="1"):
    """Answers until nothing is asked any more; how many times."""
    reply, count = await person.texts("WORK"), 0
    while is_asked(reply) and count < most:
        reply = await person.texts(said)
        count += 1
    return count


# --- limits ---


async def test_no_worker_answers_more_than_the_batch_allows(town):
    amina, brian = await crowd(town, "amina", "brian")
    batch = await town.posts_batch(*(f"Shop {n}?" for n in range(8)), worker_max=3)
    assert await works(amina) == 3
    assert not is_asked(await amina.texts("WORK"))
    screen = await amina.dials("1")
    assert "1 Yes" not in screen, "nor by dialling"
    assert await works(brian) == 3
    quote = (await town.client.asks("GET", f"/batches/{batch.id}/quote")).json()
    assert (quote["workers"], quote["workers_needed"]) == (2, 3), "told before: this needs a third"
    await town.ticks()
    assert not [m for m in await amina.messages() if "Shop" in m][4:], "nobody is pushed more"


async def test_a_limit_a_day_lets_her_go_on_the_day_after(town):
    (amina,) = await crowd(town, "amina")
    batch = await town.posts_batch(*(f"Shop {n}?" for n in range(5)), worker_day_max=2)
    assert await works(amina) == 2
    await town.rt.db.execute("update answer set created_at = created_at - interval '25 hours'")
    assert await works(amina) == 2
    quote = (await town.client.asks("GET", f"/batches/{batch.id}/quote")).json()
    assert quote["days_least"] == 3


async def test_a_message_of_several_questions_keeps_to_the_limit(town):
    (amina,) = await crowd(town, "amina")
    await town.posts_batch(*(f"Shop {n}?" for n in range(9)), pack=5, worker_max=3)
    asked = await amina.texts("WORK")
    assert "3)" in asked and "4)" not in asked
    assert "Saved 3" in await amina.texts("AAA")
    assert await town.count("assignment") == 3


# --- order ---


async def sixty_answers_or_questions(town, order, tasks):
    people = await crowd(town, *(f"p{n}" for n in range(5)))
    await town.posts_batch(*(f"Shop {n}?" for n in range(tasks)), policy="fixed:3", order=order)
    for person in people:
        assert await works(person, most=11) == 11
    return await load(town)


async def test_breadth_first_puts_every_task_to_a_worker_before_any_comes_a_second_time(town):
    assert await sixty_answers_or_questions(town, "breadth", 60) == [1] * 60


async def test_depth_first_opens_about_sixty_at_a_time(town):
    found = await sixty_answers_or_questions(town, "depth", 120)
    assert found[64 + 60 // 3 :] == [0] * 36, "no task is begun while 64 before it want answers"
    assert max(found) > 1


# --- partners' shares ---


async def partners(town):
    """Two of Kibera's and two of Mathare's."""
    await town.opens_centre("MATHARE", "Mathare Youth")
    kibera = await crowd(town, "amina", "brian")
    mathare = [town.meets(name) for name in ("chege", "doris")]
    for person in mathare:
        await person.joins("JOIN MATHARE")
    return kibera, mathare


async def test_a_partner_gets_its_share_of_the_work_and_the_client_sees_it(town):
    (amina, brian), (chege, doris) = await partners(town)
    batch = await town.posts_batch(
        *(f"Shop {n}?" for n in range(20)), policy="fixed:2", shares={"kibera": 0.6}
    )
    assert await works(chege) == 8, "what is kept for nobody"
    assert await works(amina) == 20
    assert await works(doris) == 0, "all else is Kibera's"
    (share,) = (await batch.shows())["shares"]
    assert (share["partner"], share["share"], share["tasks"], share["answers"]) == (
        "KIBERA", 0.6, 12, 20,
    )  # fmt: skip
    assert await works(brian) == 12
    (share,) = (await batch.shows())["shares"]
    assert (share["tasks_done"], share["answers"]) == (12, 32)
    assert set(await load(town)) == {2}
    await town.has_right_books()


async def test_a_share_that_no_partner_takes_is_open_to_all_after_a_while(town):
    _, (chege, _) = await partners(town)
    await town.posts_batch(*(f"Shop {n}?" for n in range(4)), shares={"KIBERA": 1.0})
    assert await works(chege) == 0
    await town.rt.db.execute("update batch set kept_until = now()")
    assert await works(chege) == 4


@pytest.mark.parametrize("shares", [{"NOWHERE": 0.5}, {"KIBERA": 0.7, "MATHARE": 0.4}])
async def test_shares_that_cannot_be_are_refused(town, shares):
    await partners(town)
    said = {"name": "n", "kind": "verification", "instructions": "i", "price": "1.00"}
    answer = await town.client.asks("POST", "/batches", json={**said, "shares": shares})
    assert answer.status_code == 422
    assert "shares" in answer.text


# --- better workers ---

GOOD, WEAK = (60.0, 1.0), (8.0, 8.0)


async def torn(town, **given):
    """Let two weak workers disagree, where a corrected error is worth a lot.

    There are three good workers and three weak ones more.
    """
    names = [f"good{n}" for n in range(3)] + [f"weak{n}" for n in range(6)]
    people = await crowd(town, *names, **{n: GOOD if n[0] == "g" else WEAK for n in names})
    batch = await town.posts_batch("Is it open?", policy="worth:3000", **given)
    for person, said in zip(people[3:5], "12", strict=True):
        assert is_asked(await person.texts("WORK"))
        await person.texts(said)
    return batch, people[:3], people[5:]


async def test_what_weak_workers_are_torn_about_is_asked_of_a_better_one(town):
    batch, good, weak = await torn(town)
    story = (await town.client.asks("GET", f"/batches/{batch.id}/tasks/t1/decision")).json()
    assert [one["verdict"] for one in story["answers"]] == ["ask_more", "ask_better"]
    assert story["waits_for"]["skill"] == pytest.approx(66 / 69 - 0.02, abs=0.001)
    await town.rt.db.execute("update skill set learned_at = learned_at - interval '5 days'")
    for person in weak:
        assert not is_asked(await person.texts("WORK")), "not for her, for now"
    await town.ticks()
    assert await town.count("assignment", "state = 'held'") == 1
    held = await town.value("select w.name from assignment a join worker w on w.id = a.worker_id where a.state = 'held'")  # fmt: skip
    assert held.startswith("Good"), "and it is she who is pushed"
    asked = next(person for person in good if person.name.title() == held)
    assert "Saved" in await asked.texts("2")
    result = (await batch.results())["t1"]
    assert (result["state"], result["value"], result["answers"]) == ("decided", "no", 3)


async def test_a_task_that_no_better_worker_takes_goes_to_anyone(town):
    _, _, weak = await torn(town, lease_s=600)
    assert not is_asked(await weak[0].texts("WORK"))
    until = await town.value("select better_until - now() from task")
    assert 500 < until.total_seconds() <= 600, "as long as a question waits for its worker"
    await town.rt.db.execute("update task set better_until = now()")
    assert is_asked(await weak[0].texts("WORK"))


async def test_packs_offer_her_no_task_that_wants_a_better_one(town):
    _, good, weak = await torn(town, pack="off")
    await town.posts_batch("Shop A?", "Shop B?", pack=3)
    asked = await weak[0].texts("WORK")
    assert "Shop A?" in asked and "Is it open?" not in asked
    assert "Is it open?" in await good[0].texts("WORK")


async def test_where_no_worker_is_better_than_the_rest_no_task_waits(town):
    names = [f"p{n}" for n in range(6)]
    await crowd(town, *names, **dict.fromkeys(names, WEAK))
    batch = await town.posts_batch("Is it open?", policy="worth:3000")
    assert await town.value("select better from batch where id = $1", batch.id) is None


async def test_better_workers_are_not_asked_for_more_than_they_are(town):
    batch, _, _ = await torn(town)
    await relearn(town.rt, batch.id)
    assert await town.value("select better from batch") is None, (
        "its only task waits for them already"
    )


# --- every worker ---


async def asks_at_most(town, workers):
    """Let one round ask at most `workers` idle workers."""
    settings = town.rt.settings.model_copy(update={"push_limit": workers})
    town.rt = replace(town.rt, settings=settings)


async def test_work_is_spread_over_all_waiting_workers_and_none_is_left_out(town):
    """Eighteen idle phones that answer at the same pace, six of which may be asked in a round."""
    await asks_at_most(town, 6)
    people = await crowd(town, *(f"p{n}" for n in range(18)))
    await town.posts_batch(*(f"Shop {n}?" for n in range(54)))
    for _ in range(6):
        await town.ticks(minutes=1)
        for person in people:
            if await town.count(
                "assignment", "worker_id = $1 and state = 'held'", await person.id()
            ):
                await person.texts("1")
    counts = [len(await person.values()) for person in people]
    assert sum(counts) == 54
    assert min(counts) >= 2, "nobody is left out"
    assert max(counts) <= 4, "and nobody has much more than her part"


async def test_workers_whom_no_task_fits_do_not_stand_in_the_way_of_the_others(town):
    await asks_at_most(town, 2)
    await crowd(town, *(f"p{n}" for n in range(6)))
    _, (chege, doris) = await partners(town)
    mathare = (await chege.row())["partner_id"]
    await town.posts_batch(tasks=[
        {"id": str(n), "text": f"Shop {n}?", "audience": {"partners": [mathare]}} for n in range(2)
    ])  # fmt: skip
    await town.ticks()
    assert [sum("Shop" in m for m in await who.messages()) for who in (chege, doris)] == [1, 1]


async def test_a_paused_worker_gets_no_more_questions_beside_those_she_holds(town):
    (amina,) = await crowd(town, "amina", amina=(6.0, 1.0))
    await town.posts_batch(*(f"Shop {n}?" for n in range(9)), pack=3)
    assert "3)" in await amina.texts("WORK")
    await town.rt.db.execute("update skill set paused_until = now() + interval '2 days'")
    reply = await amina.texts("1A")
    assert "Saved 1" in reply and "Shop" in reply, "what she holds is hers"
    assert await town.count("assignment") == 3, "but nothing new"
    assert "No questions now" in await amina.texts("2A 3B")
    await score(town.rt)
    assert await town.count("assignment") == 3
