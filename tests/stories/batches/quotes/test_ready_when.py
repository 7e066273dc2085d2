"""A quote says when the batch can be expected to be ready, from what, and for whom it must wait."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.steps.payouts.fair_pay.even_work import even_work
from tests.stories.batches.quotes.test_honest_quotes import GOLD, TASKS, drafted, quoted

NAIROBI = ZoneInfo("Africa/Nairobi")


async def crowd(town, number=6):
    return [await town.enrols(f"worker{n}") for n in range(number)]


async def ready(batch):
    return (await quoted(batch))["ready"]


def at(said):
    return datetime.fromisoformat(said)


async def measured(town, answers, hours):
    """Record that workers who read English gave `answers` in each of the last `hours`."""
    hour = town.clock.now().replace(minute=0, second=0, microsecond=0)
    for back in range(1, hours + 1):
        await town.rt.db.execute(
            "insert into crowd_hour (currency, language, hour, answers) values ('KES', 'en', $1, $2)",
            hour - timedelta(hours=back),
            answers,
        )


async def test_without_workers_no_time_is_named(town):
    found = await ready(await drafted(town, TASKS, policy="fixed:3"))
    assert (found["earliest"], found["likely"], found["latest"]) == (None, None, None)
    assert "no active worker may be asked" in found["reason"]


async def test_where_nothing_was_measured_the_assumption_is_stated_as_a_range(town):
    await crowd(town)
    batch = await drafted(town, TASKS, policy="fixed:3")
    quote = await quoted(batch)
    found = quote["ready"]
    assert found["basis"] == "default"
    assert found["answers_per_hour"] == 6 * 3
    assert "nothing was measured yet" in found["reason"]
    now = town.clock.now()
    assert now < at(found["earliest"]) < at(found["likely"]) < at(found["latest"])
    # 30 answers at 18 an hour
    assert abs(at(found["likely"]) - now - timedelta(minutes=100)) < timedelta(minutes=2)
    assert (quote["answers_expected"], quote["expected_minor"]) == (30, 30 * 300)


async def test_the_rate_of_the_last_days_counts_when_there_is_one(town):
    await crowd(town)
    await measured(town, 60, 6)
    found = await ready(await drafted(town, TASKS, policy="fixed:3"))
    assert (found["basis"], found["answers_per_hour"]) == ("measured", 60)
    assert "360 answers in 6 waking hours with work in the last 7 days" in found["reason"]


async def test_the_workers_answers_are_counted_into_the_pace_once(town):
    people = await crowd(town, 3)
    batch = await town.posts_batch("Is it open?", "Is it clean?", policy="fixed:3")
    await even_work(town.rt)
    for person in people:
        for words in ("WORK", "1", "1"):
            await person.texts(words)
    await even_work(town.rt)
    await even_work(town.rt)
    assert await town.value("select sum(answers) from crowd_hour") == 6
    of_batch = "select sum(answers) from batch_hour where batch_id = $1"
    assert await town.value(of_batch, batch.id) == 6
    assert await town.value("select answers from batch_given where batch_id = $1", batch.id) == 6


async def test_an_hour_with_work_and_without_answers_counts_too(town):
    await crowd(town, 1)
    await town.posts_batch("Is it open?")
    await even_work(town.rt)
    assert await town.count("crowd_hour", "answers = 0 and language = ''") == 1


async def test_batches_that_run_already_come_first(town):
    await crowd(town)
    alone = await ready(await drafted(town, TASKS, policy="fixed:3"))
    await town.posts_batch(*(f"Is {n} open?" for n in range(40)), policy="fixed:3")
    found = await ready(await drafted(town, TASKS, policy="fixed:3"))
    assert found["answers_ahead"] == 120
    assert "other batches wait for 120 answers" in found["reason"]
    assert at(found["likely"]) > at(alone["likely"])
    other = await drafted(town, TASKS, policy="fixed:3", languages=["fr"])
    assert (await ready(other))["answers_ahead"] == 120, "it is open to all languages"


async def test_at_night_nothing_is_ready_before_the_morning(town, configure):
    await crowd(town)
    night = town.night()
    configure(quiet_hours=night)
    until = int(night.split("-")[1])
    found = await ready(await drafted(town, TASKS, policy="fixed:3"))
    assert found["awake_now"] == 0.0
    assert "it is night for all of them now" in found["reason"]
    # A test that begins in one hour and ends in the next one sees the morning all the same.
    there = town.clock.now().astimezone(NAIROBI)
    morning = there.replace(hour=until, minute=0, second=0, microsecond=0)
    morning = morning if morning > there else morning + timedelta(days=1)
    assert at(found["earliest"]) >= morning


async def test_workers_with_long_quiet_hours_of_their_own_take_longer(town):
    people = await crowd(town)
    free = await ready(await drafted(town, TASKS, policy="fixed:3"))
    hour = town.clock.now().astimezone(NAIROBI).hour
    for person in people:
        await town.rt.db.execute(
            "update worker set quiet_from = $2, quiet_until = $3 where id = $1",
            await person.id(),
            hour,
            (hour + 23) % 24,
        )
    found = await ready(await drafted(town, TASKS, policy="fixed:3"))
    assert at(found["likely"]) > at(free["likely"]) + timedelta(hours=20)


async def test_while_every_phone_is_off_the_quote_says_so(town):
    people = await crowd(town, 3)
    for person in people:
        await town.rt.db.execute(
            "update worker set away_since = now() where id = $1", await person.id()
        )
    quote = await quoted(await drafted(town, TASKS, policy="fixed:3"))
    assert (quote["workers"], quote["workers_able"], quote["workers_reachable"]) == (3, 3, 0)
    assert quote["can_finish"] is True, "they may come back"
    assert quote["ready"]["likely"] is None
    assert "the phones of all 3 workers are off" in quote["ready"]["reason"]


async def test_paused_workers_cannot_finish_a_batch(town):
    people = await crowd(town, 3)
    for person in people[:2]:
        await town.rt.db.execute(
            "insert into skill (worker_id, kind, paused_until) values ($1, 'verification', now() + interval '9 days')",
            await person.id(),
        )
    quote = await quoted(await drafted(town, TASKS, policy="fixed:2"))
    assert (quote["workers"], quote["workers_able"], quote["can_finish"]) == (3, 1, False)
    assert "of whom 2 may not work at this kind of task now" in quote["why_not"]
    other = await drafted(town, TASKS, policy="fixed:2", kind="transcription")
    assert (await quoted(other))["can_finish"] is True


async def test_a_limit_per_day_makes_it_later(town):
    await crowd(town)
    free = await drafted(town, TASKS, policy="fixed:3")
    slow = await drafted(town, TASKS, policy="fixed:3", worker_day_max=1)
    found = await ready(slow)
    assert at(found["likely"]) - town.clock.now() > timedelta(days=4)
    assert at((await ready(free))["likely"]) < at(found["earliest"])


async def test_the_gold_budget_says_how_many_gold_tasks_are_missing_and_why(town):
    await crowd(town)
    none = await quoted(await drafted(town, TASKS, policy="fixed:3"))
    assert none["gold"]["there"] == 0
    assert "gold_rate 0" in none["gold"]["why"]
    few = await quoted(await drafted(town, [*TASKS, *GOLD], policy="fixed:3", gold_rate=0.1))
    assert (few["gold"]["there"], few["gold"]["advised"], few["gold"]["more"]) == (12, 30, 18)
    assert "a certificate of the accuracy needs 30 gold tasks" in few["gold"]["why"]
    assert few["gold"]["answers"] > 0
    many = [{"id": f"m{n}", "text": f"Is {n} even?", "gold": "yes"} for n in range(40)]
    enough = await quoted(await drafted(town, [*TASKS, *many], policy="fixed:3", gold_rate=0.1))
    assert (enough["gold"]["more"], enough["gold"]["there"]) == (0, 40)
    assert "enough" in enough["gold"]["why"]


async def test_a_running_batch_is_forecast_by_its_own_rate(town):
    await crowd(town)
    batch = await town.posts_batch(*(f"Is {n} open?" for n in range(40)), policy="fixed:3")
    assert (await batch.shows())["ready"]["basis"] == "default"
    hour = town.clock.now().replace(minute=0, second=0, microsecond=0)
    for back in (3, 2, 1):
        await town.rt.db.execute(
            "insert into batch_hour (batch_id, hour, answers) values ($1, $2, 12)",
            batch.id,
            hour - timedelta(hours=back),
        )
    shown = await batch.shows()
    assert [one["answers"] for one in shown["hours"]] == [12, 12, 12]
    found = shown["ready"]
    assert (found["basis"], found["answers_left"]) == ("batch", 120)
    assert 9 <= found["answers_per_hour"] <= 12
    assert "this batch got 36 answers" in found["reason"]
    assert at(found["likely"]) - town.clock.now() > timedelta(hours=9)
    await batch.changes("pause")
    assert (await batch.shows())["ready"] is None
    draft = await drafted(town, TASKS, policy="fixed:1")
    assert (await draft.shows())["ready"] is None
