"""Even work: who earned less recently is asked first, and who is ahead lets others pass."""

import random
from datetime import timedelta

from gateway.store.turns import evenness
from gateway.workers.pay.evenness import gini


async def earned_before(town, person, minor):
    """She has earned this much lately."""
    await town.rt.db.execute(
        """insert into recent_pay (worker_id, earned, refreshed_at) values ($1, $2, $3)
           on conflict (worker_id) do update set earned = excluded.earned""",
        await person.id(),
        float(minor),
        town.clock.now(),
    )


async def test_who_earned_less_recently_is_asked_first(town):
    people = [await town.enrols(f"p{n}") for n in range(6)]
    for n, person in enumerate(people):
        await earned_before(town, person, 100 * (5 - n))
    await town.posts_batch("Is it open?", "Is it clean?", price="3.00")
    await town.answers_bells()
    asked = [
        row["worker_id"]
        for row in await town.rt.db.rows("select worker_id from assignment where state = 'held'")
    ]
    assert sorted(asked) == sorted([await person.id() for person in people[-2:]])


async def test_recent_earnings_are_counted_in_the_background_and_fade(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?", price="3.00")
    await town.ticks(minutes=2)
    await amina.texts("WORK")
    await town.answers_bells()
    await amina.texts("1")
    await town.ticks(minutes=2)
    (now,) = await evenness.recent_earnings(town.rt.db, town.clock.now(), 10)
    assert 290 <= now.earned[0] <= 300
    later = town.clock.now() + timedelta(days=3.5)
    (faded,) = await evenness.recent_earnings(town.rt.db, later, 10)
    assert abs(faded.earned[0] - now.earned[0] / 2) <= 2


async def test_workers_who_are_ahead_let_others_pass_while_work_is_short(town, configure):
    configure(quiet_hours="")
    amina, brian, chege = [await town.enrols(name) for name in ("amina", "brian", "chege")]
    for person, earned in ((amina, 1000), (brian, 500), (chege, 100)):
        await earned_before(town, person, earned)
    await town.rt.db.execute("update worker set reach = 'ussd'")
    await town.posts_batch("Is it open?", price="3.00")
    assert await town.count("worker", "yields_until > now()") == 2
    assert "workers who earned less come first" in await amina.texts("WORK")
    assert "Is it open?" not in await brian.dials("1")
    assert "Is it open?" in await chege.dials("1")
    await chege.presses("0")


async def test_a_worker_who_yielded_is_not_held_back_again_at_once(town, configure):
    configure(quiet_hours="")
    amina, brian = [await town.enrols(name) for name in ("amina", "brian")]
    await earned_before(town, amina, 1000)
    await earned_before(town, brian, 100)
    await town.rt.db.execute("update worker set reach = 'ussd'")
    await town.posts_batch("Is it open?", price="3.00")
    assert await town.count("worker", "yields_until > now()") == 1
    await town.rt.db.execute("update worker set yields_until = now() - interval '1 second'")
    await town.ticks(minutes=2)
    assert "Is it open?" in await amina.texts("WORK"), "only for some minutes: the work is not lost"


async def test_no_worker_yields_while_there_is_work_for_all(town, configure):
    configure(quiet_hours="")
    people = [await town.enrols(f"p{n}") for n in range(3)]
    for n, person in enumerate(people):
        await earned_before(town, person, 100 * n)
    await town.rt.db.execute("update worker set reach = 'ussd'")
    await town.posts_batch(*[f"Is shop {n} open?" for n in range(3)], price="3.00")
    assert await town.count("worker", "yields_until > now()") == 0


async def test_no_worker_waits_for_one_who_cannot_be_reached(town, configure):
    configure(quiet_hours="")
    amina, brian = [await town.enrols(name) for name in ("amina", "brian")]
    await earned_before(town, amina, 1000)
    await earned_before(town, brian, 100)
    await town.rt.db.execute(
        "update worker set away_since = now() where msisdn_index = $1", brian.index
    )
    await town.posts_batch("Is it open?", price="3.00")
    assert await town.count("worker", "yields_until > now()") == 0
    await town.answers_bells()
    assert any("Is it open?" in text for text in await amina.messages())


async def yielding_ends(town):
    """The minutes of yielding are over: the clock of the database does not move with the town's."""
    await town.rt.db.execute("update worker set yields_until = null")


async def test_the_earnings_of_equally_willing_workers_stay_even(town, configure):
    """A week of batches of any size; `python -m bench.fairness` simulates larger ones."""
    configure(quiet_hours="", prompts_per_hour=10_000, prompts_per_day=10_000)
    rng = random.Random(1)
    people = [await town.enrols(f"p{n}") for n in range(6)]
    dialling = people[4:]
    for person in dialling:
        await town.rt.db.execute(
            "update worker set reach = 'ussd' where msisdn_index = $1", person.index
        )
    for _ in range(10):
        await yielding_ends(town)
        await town.ticks(hours=16)
        texts = [f"Is shop {n} open?" for n in range(rng.randint(2, 9))]
        await town.posts_batch(*texts, price="3.00")
        await town.answers_bells()
        for _ in range(40):
            for person in dialling:
                if not await holds(town, person):
                    await person.dials("1")
            holding = [person for person in people if await holds(town, person)]
            rng.shuffle(holding)
            for person in holding:
                if person in dialling:
                    await person.presses("1")
                else:
                    await person.texts("1")
            await town.answers_bells()
            if not await town.count("task", "state = 'open'"):
                break
            if not holding:
                await yielding_ends(town)
                await town.ticks(minutes=6)
    assert not await town.count("task", "state = 'open'"), "no work waits for ever"
    assert gini([await person.earned_minor() for person in people]) <= 0.1


async def holds(town, person):
    return await town.count("assignment", "worker_id = $1 and state = 'held'", await person.id())
