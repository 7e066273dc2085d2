"""Sessions that end too early: the network's clock, a red key, a slow database.

Nothing that was said is lost.
"""

import asyncio
import re
from collections import Counter

import asyncpg
import pytest

from gateway.app import STEPS
from gateway.steps.turns import ussd_deadline
from gateway.store.db import plain_dsn

JOIN = ("1", "1", "KIBERA", "1")


@pytest.fixture
async def brian(town):
    brian = town.meets("brian")
    await brian.dials()
    await brian.presses(*JOIN)
    return brian


async def hangs_up(town, person, *, completed="no"):
    form = {"session": person.session, "from": person.msisdn, "completed": completed}
    answer = await town.post("/in/phone/local/session-end", form)
    assert answer.status_code == 200
    await town.answers_bells()


async def questions(town):
    return await town.count("outbox", "purpose = 'question'")


# --- dropped ---


async def test_a_question_left_open_follows_as_one_sms_and_is_answered_there(town, brian):
    await town.posts_batch("Is it open?", "Is it clean?")
    await brian.presses("1")
    for _ in range(3):
        await hangs_up(town, brian)
    assert await questions(town) == 1
    assert "1 Yes 2 No 3 Not sure" in (await brian.messages())[-1]
    assert "Saved" in await brian.texts("1")
    assert await brian.values() == ["yes"]
    await town.has_right_books()


async def test_dropping_out_of_the_same_question_again_costs_no_second_sms(town, brian):
    await town.posts_batch("Is it open?")
    await brian.presses("1")
    await hangs_up(town, brian)
    await brian.dials("1")
    await hangs_up(town, brian)
    assert await questions(town) == 1


@pytest.mark.parametrize(
    "why", ["completed", "menu", "answered", "stopped", "night", "off", "setting"]
)
async def test_nothing_follows_where_nothing_should(town, brian, configure, why):
    await town.posts_batch("Is it open?")
    await brian.presses("1")
    match why:
        case "menu":
            await brian.presses("00")
        case "answered":
            await brian.presses("1")
        case "stopped":
            await brian.texts("STOP")
        case "night":
            configure(quiet_hours=town.night())
        case "off":
            await town.rt.db.execute("update worker set away_since = now()")
        case "setting":
            configure(resume_by_sms=False)
    await hangs_up(town, brian, completed="yes" if why == "completed" else "no")
    assert await questions(town) == 0


async def test_the_end_of_a_session_overtakes_the_last_key(town, brian):
    await town.posts_batch("Is it open?", "Is it clean?")
    await brian.presses("1")
    await hangs_up(town, brian)
    assert "Saved" in await brian.presses("1"), "she pressed it before she hung up"
    assert await brian.values() == ["yes"]


async def test_a_close_that_comes_with_the_last_step_again_changes_nothing(town, brian):
    """MTN Nigeria closes a session under the id of the turn before."""
    await town.posts_batch("Is it open?", "Is it clean?")
    screen = await brian.presses("1", "1")
    await asyncio.gather(hangs_up(town, brian), brian.steps("*".join(brian.keys)))
    assert await brian.steps("*".join(brian.keys)) == screen
    assert await brian.values() == ["yes"]


# --- the network's clock and its limits ---


async def test_a_session_ends_before_the_network_ends_it(town, brian):
    await town.posts_batch("Is it open?", "Is it clean?", "Is it near?")
    assert "Saved" in await brian.presses("1", "1")
    town.clock.advance(seconds=151)  # of 180, and a screen may take 30
    screen = await brian.presses("2")
    assert not screen.open
    assert "Saved" in screen and "dial *384*20# again" in screen
    assert await brian.values() == ["yes", "no"]
    assert await town.count("assignment", "state = 'held'") == 0, "no question is begun"
    assert "Is it" in await brian.dials("1")


async def test_an_answer_the_network_may_have_cut_is_not_taken(town, brian):
    await town.posts_batch("Item 7", kind="transcription", instructions="Type it:")
    await brian.presses("1")
    screen = await brian.presses("x" * 80)
    assert "cut off at 80 letters" in screen and "Item 7" in screen
    assert await brian.answers() == []
    await brian.presses("x" * 79)
    assert await brian.values() == ["x" * 79]


# --- a slow database ---


@pytest.fixture
async def blocked(town):
    """Hold the workers' table, as a migration or a broken query might: no turn can be read.

    Return the way out.
    """
    dsn = plain_dsn(town.rt.settings.database_url.get_secret_value())
    connection = await asyncpg.connect(dsn)
    transaction = connection.transaction()

    class Blocked:
        async def begins(self):
            await transaction.start()
            await connection.execute("lock table worker in access exclusive mode")

        async def ends(self):
            await transaction.rollback()
            await ussd_deadline.settle()

    yield Blocked()
    await connection.close()


async def test_a_slow_database_is_answered_in_time_and_the_answer_counts(
    town, brian, configure, blocked
):
    await town.posts_batch("Is it open?", "Is it clean?")
    await brian.presses("1")
    configure(ussd_answer_s=0.2)
    await blocked.begins()
    screen = await brian.presses("1")
    assert not screen.open and "We keep what you typed" in screen
    assert await town.count("inbox", "kind = 'ussd' and state = 'waiting'") == 1
    await blocked.ends()
    configure(ussd_answer_s=8.0)
    assert await brian.values() == ["yes"]
    await town.answers_bells()
    assert "Saved +KES 3. Total KES 3." in (await brian.messages())[-1], "she reads that it counted"
    assert await town.count("inbox", "kind = 'ussd' and state = 'waiting'") == 0
    assert "Saved" in await brian.steps("*".join(brian.keys)), "the same step has its screen by now"
    assert await brian.values() == ["yes"]


async def test_a_late_step_whose_process_died_is_taken_up_again(
    town, brian, configure, blocked, monkeypatch
):
    await town.posts_batch("Is it open?", "Is it clean?")
    await brian.presses("1")
    configure(ussd_answer_s=0.2)

    async def dies(*given):
        given[-1].cancel()

    monkeypatch.setattr(ussd_deadline, "_finish", dies)
    await blocked.begins()
    await brian.presses("1")
    await blocked.ends()
    assert await brian.values() == []
    configure(ussd_answer_s=8.0)
    await town.ticks(seconds=70)
    assert await brian.values() == ["yes"]
    assert await town.count("outbox", "text like 'Saved%'") == 1
    await town.ticks(seconds=70)
    assert await town.count("outbox", "text like 'Saved%'") == 1
    assert await town.count("inbox", "state <> 'done'") == 0


async def amina_dials_with_three_questions_of_one_sms(town):
    amina = await town.enrols("amina")
    await town.posts_batch("Is it open?", "Is it clean?", "Is it red?", pack="auto")
    assert "3) " in await amina.texts("WORK")
    await STEPS["deliver"](town.rt, "phone")
    return amina, (await amina.messages())[-1]


async def test_several_of_one_sms_go_back_to_sms_under_their_old_numbers(town):
    amina, asked = await amina_dials_with_three_questions_of_one_sms(town)
    await amina.dials("1")
    assert "Saved" in await amina.presses("1")
    for _ in range(2):
        await hangs_up(town, amina)
    assert await questions(town) == 1, "once"
    left = re.findall(r"^\d\) .*$", (await amina.messages())[-1], re.MULTILINE)
    assert len(left) == 2, "what she answered is not asked again"
    assert all(line in asked for line in left), "and each has the number it had"
    first, second = (line[0] for line in left)
    assert "Saved 2: +KES 6. Total KES 9." in await amina.texts(f"{first}A {second}B")
    assert Counter(await amina.values()) == {"yes": 2, "no": 1}
    await town.has_right_books()


async def test_several_untouched_questions_are_in_her_sms_still(town):
    amina, _ = await amina_dials_with_three_questions_of_one_sms(town)
    await amina.dials("1")
    await hangs_up(town, amina)
    assert await questions(town) == 0, "she has that very SMS"
    assert "Saved 3" in await amina.texts("1A 2B 3A")
    await town.has_right_books()
