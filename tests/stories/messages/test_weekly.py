# pyright: basic
"""Once a week each worker reads how she did and what she has, and she can switch it off."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.base.ids import answer_ref
from gateway.gsm.segments import segments
from gateway.settings import Weekly
from gateway.steps.messages import weekly as step

NAIROBI = ZoneInfo("Africa/Nairobi")


async def monday(town, hour=10, minute=30):
    """The clock moves to the next Monday, at this time in Nairobi."""
    local = town.clock.now().astimezone(NAIROBI)
    then = (local + timedelta(days=7 - local.weekday())).replace(hour=hour, minute=minute)
    await town.answers_bells()
    town.clock.advance(seconds=(then - local).total_seconds())
    await town.rt.db.execute("delete from weekly_pass")


async def weeks(person):
    """The weekly messages, which alone say how to switch them off."""
    return [
        words for words in await person.messages() if "WEEK 0" in words and "Your week" in words
    ]


@pytest.fixture
async def amina(town, configure):
    """Amina answered one gold question wrongly, and a real one. Weekly messages are sent."""
    configure(weekly=Weekly())
    amina = await town.enrols("amina")
    await town.posts_batch(
        "Is it clean?", tasks=[{"id": "g", "text": "Is it open?", "gold": "yes"}],
        gold_rate=0.5, entry_gold=1, price="15.00",
    )  # fmt: skip
    await amina.texts("WORK")
    await amina.texts("2")
    await amina.texts("1")
    await town.answers_bells()
    return amina


async def test_one_sms_with_true_figures(town, amina):
    idle = await town.enrols("idle")
    await monday(town)
    await town.ticks()
    (told,) = await weeks(amina)
    ref = answer_ref(await town.value('select id from answer where not "right"'))
    assert told.startswith("Your week: 2 answers, 0 of 1 checked ones were right.")
    assert "Earned KES 30, paid out KES 0, you have KES 30." in told
    assert f"WHY {ref}" in told
    assert "WEEK 0" in told
    assert segments(told) == 1
    assert await weeks(idle) == [], "a worker who did not work is left in peace"
    for _ in range(2):
        await monday(town, hour=11)
        await town.rt.db.execute("update answer set created_at = created_at")
        await town.ticks()
    assert len(await weeks(amina)) == 1, "she did not work in the weeks after"
    tally = await town.rt.db.row("select * from weekly_tally")
    assert (tally["messages"], tally["segments"]) == (1, 1)


async def test_once_whatever_runs_twice(town, amina):
    for hour in (10, 11, 12):
        await town.rt.db.execute("delete from weekly_pass")
        if hour == 10:
            await monday(town)
        await step.weekly(town.rt)
        await town.answers_bells()
    await town.rt.db.execute("update worker_week set told_week = null")
    await town.rt.db.execute("delete from weekly_pass")
    await step.weekly(town.rt)
    await town.answers_bells()
    assert len(await weeks(amina)) == 1


async def test_at_her_own_hour_and_outside_her_quiet_hours(town, amina):
    await monday(town, hour=9)
    await town.ticks()
    assert await weeks(amina) == [], "it is not ten where she lives"
    await town.rt.db.execute(
        "update worker set zone = 'Asia/Dubai' where id = $1", await amina.id()
    )
    await town.rt.db.execute("update worker set quiet_from = 9, quiet_until = 12")
    await town.rt.db.execute("delete from weekly_pass")
    await town.ticks()
    assert await weeks(amina) == [], "she sleeps until noon"
    town.clock.advance(hours=3)
    await town.rt.db.execute("delete from weekly_pass")
    await town.ticks()
    assert len(await weeks(amina)) == 1


async def test_she_switches_it_off_and_on_and_asks_herself(town, amina):
    assert "no weekly message any more" in await amina.texts("WEEK 0")
    assert (await amina.texts("week")).startswith("Your week: 2 answers, 0 of 1 checked")
    await monday(town)
    await town.ticks()
    assert await weeks(amina) == []
    assert "once a week" in await amina.texts("WEEK 1")
    await town.rt.db.execute("delete from weekly_pass")
    await town.answers_bells()
    await town.ticks()
    assert len(await weeks(amina)) == 1


async def test_stop_ends_it(town, amina):
    await amina.texts("STOP")
    await monday(town)
    await town.ticks()
    assert await weeks(amina) == []


async def test_the_operator_switches_it_off(town, amina, configure):
    configure(weekly=Weekly(on=False))
    await monday(town)
    await town.ticks()
    assert await weeks(amina) == []


async def test_it_waits_while_anything_else_waits(town, amina):
    await monday(town)
    await town["wanjiku"].texts("STATUS")
    await step.weekly(town.rt)
    assert not await town.count("worker_week"), "a reply waits to be sent"
    await town.answers_bells()
    await town.rt.pressure.tell()
    await step.weekly(town.rt)
    assert not await town.count("worker_week"), "phones wait"


async def test_it_goes_over_all_workers_in_parts(town, amina, monkeypatch):
    monkeypatch.setattr(step, "PART", 1)
    brian = await town.enrols("brian")
    await town.posts_batch("Is it new?")
    await brian.texts("WORK")
    await brian.texts("1")
    await monday(town)
    for _ in range(4):
        await step.weekly(town.rt)
        await town.answers_bells()
    assert len(await weeks(amina)) == len(await weeks(brian)) == 1
    at = await town.rt.db.row("select after, due_at > now() as later from weekly_pass")
    assert (at["after"], at["later"]) == (0, True)


async def test_the_screen_shows_the_week_and_the_wrong_answer_and_asks_to_look_again(town, amina):
    await amina.dials("2")
    week = await amina.presses("6")
    assert "2 answers, 0 of 1 checked" in week
    wrong = await amina.presses("1")
    assert "Is it open?" in wrong
    assert 'Right: "Yes"' in wrong
    assert "1 Look again" in wrong
    done = await amina.presses("1")
    assert "is with your coordinator" in done
    assert await town.value("select state from appeal") == "waiting"
    await amina.dials("2", "6")
    assert "Your appeal is with your coordinator" in await amina.presses("1")
    await amina.dials("2", "6")
    assert "no weekly message" in await amina.presses("2")
    assert await town.value("select off from worker_week")
