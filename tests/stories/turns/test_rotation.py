# pyright: basic
"""Every worker has an order of options of her own, on SMS, on the menu and in packs.

The option counts that she meant.
"""

import re

import pytest

from gateway.steps.quality.detect_cheating import watch

OPTIONS = ["shop", "house", "school", "clinic"]
WHAT = {"kind": "categorisation", "options": OPTIONS, "instructions": "What is it?"}


def menu(text):
    """The options of a question, in the order shown: behind keys, or behind letters."""
    return re.findall(r"(?:^|\s)[1-9A-J] (shop|house|school|clinic)\b", text)


async def crowd(town, size):
    return [await town.enrols(f"p{n}") for n in range(size)]


async def test_every_worker_presses_1_and_means_something_else(town):
    people = await crowd(town, 8)
    await town.posts_batch("Mama Njeri", policy="fixed:8", **WHAT)
    shown = []
    for person in people:
        shown.append(menu(await person.texts("WORK")))
        assert sorted(shown[-1]) == sorted(OPTIONS)
        assert menu(await person.texts("WORK")) == shown[-1], "asked again, it is the same"
        await person.texts("1")
    assert len({tuple(order) for order in shown}) > 3
    assert [await person.values() for person in people] == [[order[0]] for order in shown]


async def test_the_order_is_the_same_after_a_dropped_session_and_on_the_other_channel(town):
    people = await crowd(town, 6)
    batch = await town.posts_batch("Mama Njeri", policy="fixed:6", **WHAT)
    for person in people:
        first = menu((await person.dials("1")).text)
        assert menu((await person.dials("1")).text) == first, "she dials again and goes on"
        assert menu(await person.texts("WORK")) == first
        await person.dials("1")
        assert "Saved" in await person.presses("3")
        assert await person.values() == [first[2]]
    assert {result["value"] for result in (await batch.results()).values()} <= {*OPTIONS}


async def test_a_late_answer_is_undone_with_the_order_that_was_shown(town):
    people = await crowd(town, 6)
    await town.posts_batch("Mama Njeri", policy="fixed:6", lease_s=600, **WHAT)
    shown = [menu(await person.texts("WORK")) for person in people]
    town.clock.advance(minutes=16)
    await town.rt.db.execute(
        "select release_task(id, 'expired') from assignment where state = 'held'"
    )
    for person, order in zip(people, shown, strict=True):
        assert "Saved" in await person.texts("2")
        assert await person.values() == [order[1]]


async def test_words_mean_what_they_say_whatever_their_key(town):
    people = await crowd(town, 6)
    await town.posts_batch("Mama Njeri", policy="fixed:6", **WHAT)
    for person in people:
        await person.texts("WORK")
        assert "Saved" in await person.texts("School")
        assert await person.values() == ["school"]


async def test_the_letters_of_a_pack_are_those_that_were_shown(town):
    people = await crowd(town, 6)
    await town.posts_batch("Duka A", "Duka B", "Duka C", policy="fixed:6", pack=3, **WHAT)
    orders = set()
    for person in people:
        asked = await person.texts("WORK")
        order = menu(asked.splitlines()[-2] if "Reply" in asked.splitlines()[-1] else asked)
        assert sorted(order) == sorted(OPTIONS), asked
        orders.add(tuple(order))
        assert "Saved 3" in await person.texts("1B 2B 3D")
        assert sorted(await person.values()) == sorted([order[1], order[1], order[3]])
    assert len(orders) > 2


@pytest.mark.parametrize(
    ("options", "given"),
    [
        (["1 star", "2 stars", "3 stars"], {}),
        (["B", "A", "C"], {}),
        (["Yes", "Partly", "Hapana"], {}),
        (["bad", "fair", "good"], {"rotate": False}),
    ],
)
async def test_what_has_an_order_keeps_it(town, options, given):
    people = await crowd(town, 5)
    batch = await town.posts_batch(
        "Mama Njeri", kind="categorisation", options=options, policy="fixed:5", **given
    )
    assert not (await batch.shows())["rotates"]
    for person in people:
        reply = await person.texts("WORK")
        places = [reply.index(option, reply.index("Njeri") + 5) for option in options]
        assert places == sorted(places)


async def test_yes_is_1_for_every_worker(town):
    people = await crowd(town, 5)
    await town.posts_batch("Is it open?", policy="fixed:5")
    assert all([("1 Yes 2 No" in await person.texts("WORK")) for person in people])


async def test_a_thumb_on_one_key_is_found_by_the_key_it_pressed(town):
    """Behind her key stands the same option every time in one batch.

    Her answers alone would look like a preference.
    """
    people, thumb = await crowd(town, 3), await town.enrols("thumb")
    texts = [f"Item {n}?" for n in range(24)]
    batch = await town.posts_batch(*texts, policy="fixed:4", **WHAT)
    for person in people:
        reply = await person.texts("WORK")
        while found := re.search(r"Item (\d+)", reply):
            reply = await person.texts(OPTIONS[int(found[1]) % 4])
    reply = await thumb.texts("WORK")
    order = menu(reply)
    while "Item" in reply:
        reply = await thumb.texts("2")
    await watch(town.rt, batch.id)
    found = await town.rt.db.row(
        "select * from finding where kind = 'position' and worker_id = $1", await thumb.id()
    )
    assert found is not None
    assert (found["evidence"]["key"], set(await thumb.values())) == (2, {order[1]})
