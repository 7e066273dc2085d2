"""Workers who dial.

Menus, questions too long for a screen, dropped sessions, and networks that stammer.
"""

import asyncio

import pytest

JOIN = ("1", "1", "KIBERA", "1")  # join, English, code, yes


@pytest.fixture
async def brian(town):
    """Brian has just joined by dialling, and stands at the menu."""
    brian = town.meets("brian")
    await brian.dials()
    await brian.presses(*JOIN)
    return brian


async def test_a_stranger_joins_with_a_code_and_works_in_one_session(town):
    await town.posts_batch("Is it open?", "Is it open late?")
    brian = town.meets("brian")
    assert "Earn money" in await brian.dials()
    assert "1 English" in await brian.presses("1")
    assert "code" in await brian.presses("1")
    assert "do not know that code" in await brian.presses("NAIROBI")
    assert "Do you agree?" in await brian.presses("kibera")
    assert "You have joined" in await brian.presses("1")
    assert "For KES 3:\nIs it true?\nIs it open" in await brian.presses("1")
    screen = await brian.presses("1")
    assert "Saved +KES 3. Total KES 3.\nIs it true?\nIs it open" in screen
    assert "No more work now" in await brian.presses("2")
    assert await brian.values() == ["yes", "no"]
    assert (await brian.row())["partner_id"] is not None
    assert await town.count("outbox") == 0, "who dials is not texted"


async def test_a_worker_who_disagrees_has_not_joined(town):
    brian = town.meets("brian")
    await brian.dials()
    screen = await brian.presses("1", "1", "0", "2")
    assert "have not joined" in screen and not screen.open
    assert await town.count("worker") == 0


async def test_a_dropped_session_finds_its_question_again(town, brian):
    await town.posts_batch("Is it open?", "Is it clean?")
    asked = await brian.presses("1")
    screen = await brian.dials()
    assert "Continue question 1 of 2?" in screen and "1 Continue" in screen
    assert (await brian.presses("1")).text == asked.text
    assert "Saved" in await brian.presses("1")
    assert await town.count("assignment") == 2, (
        "the question was held once, and the next one is held"
    )


async def test_a_question_that_fits_no_screen_is_read_page_by_page_and_answered(town, brian):
    long = " ".join(f"word{n}" for n in range(60))
    await town.posts_batch(long)
    seen, screen = "", await brian.presses("1")
    assert "1 Yes" not in screen
    while "98 More" in screen:
        seen, screen = seen + screen.text, await brian.presses("98")
    seen += screen.text
    assert [f"word{n}" for n in range(60) if f"word{n}" not in seen] == []
    assert "1 Yes" in screen
    assert "98 More" in await brian.presses("99")
    await brian.presses("98")
    assert "Saved" in await brian.presses("2")
    assert await brian.answers() == [("t1", "no")]


async def test_an_answer_may_be_given_before_the_last_page(town, brian):
    await town.posts_batch("word " * 80)
    await brian.presses("1")
    assert "Saved" in await brian.presses("1")


async def test_a_deep_dial_goes_straight_to_the_question(town, brian):
    await town.posts_batch("Is it open?", "Is it clean?")
    assert "1 Yes" in await brian.dials("1")
    assert "Saved" in await brian.presses("1")


async def test_a_deep_dial_stops_at_the_first_thing_that_has_an_effect(town, brian):
    await town.posts_batch("Is it open?", "Is it clean?")
    screen = await brian.dials("1", "1", "1", "1")
    assert "1 Yes" in screen, "nobody answers what she has not seen"
    assert await brian.answers() == []


async def test_a_star_in_a_typed_answer_is_part_of_it(town, brian):
    await town.posts_batch("Item 7", kind="transcription", instructions="Type it:")
    await brian.presses("1")
    await brian.presses("2*3 eggs * 10/=")
    assert await brian.answers() == [("t1", "2*3 eggs * 10/=")]
    assert "KES 3" in await brian.presses("2"), "and the session goes on after it"


async def test_the_network_sends_a_step_again(town, brian):
    await town.posts_batch("Is it open?", "Is it clean?")
    await brian.presses("1")
    first = await brian.presses("1")
    again = await brian.steps("*".join(brian.keys))
    assert again == first
    assert await brian.values() == ["yes"]
    assert "Saved" in await brian.presses("2")


async def test_a_shorter_transcript_shows_where_she_stands(town, brian):
    await town.posts_batch("Is it open?", "Is it clean?", "Is it near?")
    await brian.presses("1", "1")
    standing = await brian.presses("2")
    assert await brian.steps("*".join([*JOIN, "9"])) == standing, (
        "it never came before, and is no longer new"
    )
    assert await brian.values() == ["yes", "no"]


async def test_a_transcript_that_branches_off_changes_nothing(town, brian):
    await town.posts_batch("Is it open?", "Is it clean?")
    await brian.presses("1")
    standing = await brian.presses("1")
    branched = await brian.steps("*".join([*brian.keys[:-1], "2"]))
    assert branched == standing
    assert await brian.values() == ["yes"]


async def test_the_start_of_a_session_comes_twice(town, brian):
    first = await brian.dials()
    assert await brian.steps("") == first
    assert await brian.steps("*384*20#") == first, (
        "some networks repeat it with the code as content"
    )
    assert "KES 0" in await brian.presses("2")


@pytest.mark.parametrize("code", ["*384*20#", "384*20#", "384*20", "*384*20"])
async def test_the_code_as_content_stays_in_front_of_all_that_follows(town, brian, code):
    await town.posts_batch("Is it open?", "Is it clean?")
    first = await brian.dials()
    assert await brian.steps(code) == first
    assert "Is it" in await brian.steps(f"{code}*1")
    assert "Saved" in await brian.steps(f"{code}*1*2")
    assert await brian.values() == ["no"]
    assert "Saved" in await brian.steps("1*2*1"), "with and without it, it is the same session"


async def test_a_start_that_comes_again_in_the_middle_changes_nothing(town, brian):
    await town.posts_batch("Is it open?", "Is it clean?")
    menu = await brian.dials()
    standing = await brian.presses("1", "1")
    assert await brian.steps("") == menu, "a repeated step gets the screen it got"
    assert "Saved" in standing
    assert "Saved" in await brian.presses("2")
    assert await brian.values() == ["yes", "no"]


async def test_a_key_after_the_end_shows_the_end_again(town, brian):
    end = await brian.presses("6", "1")
    assert "no more messages" in end and not end.open
    assert await brian.steps("*".join([*brian.keys, "1"])) == end
    assert (await brian.row())["state"] == "stopped"


async def test_two_keys_at_once_are_one_answer(town, brian):
    await town.posts_batch("Is it open?", "Is it clean?")
    await brian.presses("1")
    here = "*".join(brian.keys)
    yes, no = await asyncio.gather(brian.steps(f"{here}*1"), brian.steps(f"{here}*2"))
    assert yes == no, "the one who came too late sees where the session stands"
    assert len(await brian.answers()) == 1


async def test_skip_and_menu_are_on_every_question(town, brian):
    await town.posts_batch("Is it open?", "Is it clean?")
    await brian.presses("1")
    assert "Skipped" in await brian.presses("0")
    assert "1 Continue" in await brian.presses("00")
    assert await brian.answers() == []


async def test_a_wrong_key_shows_the_question_again(town, brian):
    await town.posts_batch("Is it open?")
    await brian.presses("1")
    screen = await brian.presses("7")
    assert "choose one of these numbers" in screen and "Is it open?" in screen
    assert "Saved" in await brian.presses("1")


async def test_a_number_that_is_none_gets_a_polite_end(town):
    ghost = town.meets("ghost", "12")
    screen = await ghost.dials()
    assert not screen.open and "dial again" in screen
    assert await town.count("inbox", "state = 'failed'") == 1


async def test_what_no_phone_can_dial_is_not_walked(town, brian):
    """A session begins with at most 182 characters, and ends long before it has 20,000."""
    await town.posts_batch("Is it open?")
    for session, typed in (("long-1", "1*" * 92), (brian.session, "1*" * 11_000)):
        screen = await brian.steps(typed, session=session)
        assert not screen.open and "dial again" in screen
    assert await town.count("inbox", "state = 'failed' and error like '%longer than%'") == 2
    assert await brian.answers() == []
    assert "1 Work" in await brian.dials(*["0"] * 91), "but all that a phone can dial is taken"
