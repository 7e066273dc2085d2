"""A worker without a PIN or a SIM.

Her coordinator asks for another number, and two persons decide by command.
"""
# pyright: basic

from dataclasses import replace

import pytest

from gateway.base.errors import Refused
from gateway.base.ids import WorkerId
from gateway.conversation.facts import MoveRequested
from gateway.settings import Controls
from gateway.steps.people import coordinators, decide_number_requests, number_requests, persons
from gateway.steps.people.console_links import link_for
from gateway.store.people import number_moves
from tests.support.town import COORDINATOR

PIN = "6174"
OUTSIDE = "+254733000009"


@pytest.fixture
async def people(town):
    """Asha and Juma may decide; their keys."""
    return {name: (await persons.add_person(town.rt, name)).key for name in ("Asha", "Juma")}


@pytest.fixture
async def amina(town, people):
    """Amina has earned KES 30 and has no PIN; Wanjiku, her coordinator, has one."""
    (amina,) = await town.earned("amina")
    await coordinators.set_pin(town.rt, COORDINATOR, PIN, by="asha")
    return amina


@pytest.fixture
def new(town, amina):
    return town.meets("amina's new number")


async def asks(town, amina, new):
    return await town["wanjiku"].texts(f"MOVE {amina.msisdn} {new.msisdn} PIN {PIN}")


async def number(town):
    return await town.value("select max(id) from number_move")


async def says(town, people, name, what="approve", because=""):
    move = await number(town)
    return await decide_number_requests.decide_number_move(
        town.rt, move, what, by=name, key=people[name], because=because
    )


async def moved(town, people, amina, new):
    """Asked for, approved by two, and agreed to."""
    await asks(town, amina, new)
    assert await says(town, people, "Asha") == "noted"
    assert await says(town, people, "Juma") == "invited"
    return await new.texts("YES")


async def test_the_coordinator_asks_and_two_persons_decide(town, people, amina, new):
    reply = await asks(town, amina, new)
    assert "Two people of the office decide" in reply
    assert amina.msisdn not in reply
    assert new.msisdn not in reply
    await town.answers_bells()
    assert await new.messages() == [], "nothing is sent before they have decided"
    sheet = await decide_number_requests.sheet(town.rt, await number(town))
    assert "In which month did she join?" in sheet
    assert "gateway moves approve" in sheet
    assert await says(town, people, "Asha") == "noted"
    assert await says(town, people, "Asha") == "noted", "the same person is still one"
    with pytest.raises(Refused, match="not her key"):
        await decide_number_requests.decide_number_move(
            town.rt, await number(town), "approve", by="Juma", key=people["Asha"]
        )
    assert "Asha has said: approve" in await decide_number_requests.sheet(
        town.rt, await number(town)
    )
    assert await says(town, people, "Juma") == "invited"
    await town.answers_bells()
    assert "Reply YES" in (await new.messages())[-1]
    assert "Amina" not in (await new.messages())[-1]
    assert "reply NOTME" in (await amina.messages())[-1]
    assert "two people approved" in (await town["wanjiku"].messages())[-1]
    assert "on this number now" in await new.texts("YES")
    assert await new.balance_minor() == 3000
    await town.answers_bells()
    assert "moved to your new number" in (await amina.messages())[-1]


async def test_one_person_refuses_and_the_coordinator_hears_why(town, people, amina, new):
    await asks(town, amina, new)
    with pytest.raises(Refused, match="say why"):
        await says(town, people, "Asha", "refuse")
    assert await says(town, people, "Asha", "refuse", "not her voice") == "refused"
    await town.answers_bells()
    assert "was refused (not her voice)" in (await town["wanjiku"].messages())[-1]
    with pytest.raises(Refused, match="waits for no decision"):
        await says(town, people, "Juma")
    assert await new.messages() == []
    assert (await amina.row())["msisdn_index"] == amina.index


async def test_a_person_who_was_disabled_has_not_said_anything(town, people, amina, new):
    await asks(town, amina, new)
    await says(town, people, "Asha")
    await persons.disable_person(town.rt, "Asha", "left", "Juma", people["Juma"])
    assert await says(town, people, "Juma") == "noted"


async def test_a_coordinator_asks_with_her_pin_and_for_her_own_workers_only(
    town, people, amina, new
):
    wanjiku = town["wanjiku"]
    assert "needs your PIN" in await wanjiku.texts(f"MOVE {amina.msisdn} {new.msisdn}")
    assert "PIN is wrong" in await wanjiku.texts(f"MOVE {amina.msisdn} {new.msisdn} PIN 9999")
    assert "the old number, the new number" in await wanjiku.texts(f"MOVE {amina.msisdn}")
    stranger = town.meets("stranger")
    assert "not one of your workers" in await wanjiku.texts(
        f"MOVE {stranger.msisdn} {new.msisdn} PIN {PIN}"
    )
    brian = await town.enrols("brian")
    assert "MOVE" not in (await brian.texts(f"MOVE {amina.msisdn} {new.msisdn} PIN {PIN}") or "")
    assert await town.count("number_move") == 0


async def test_contacts_outside_read_of_each_request(town, people, amina, new):
    rules = town.rt.settings.model_copy(update={"controls": Controls(tell=(OUTSIDE,))})
    town.rt = replace(town.rt, settings=rules)
    outside = town.meets("outside", OUTSIDE)
    await asks(town, amina, new)
    made = await number_requests.request_move(
        town.rt, amina.msisdn, new.msisdn, by="asha", because="came to the office"
    )
    assert made.told == 1
    await town.answers_bells()
    (told,) = await outside.messages()
    assert "a new number is asked for Amina" in told
    assert new.msisdn not in told
    assert (
        await town.value("select state from number_move where id = $1", made.number) == "requested"
    )
    assert await town.count("number_move", "state = 'replaced'") == 1
    fact = MoveRequested(WorkerId(await amina.id()), "Amina", amina.msisdn, new.msisdn)
    written = await number_requests.move_request_writes(town.rt, 1, fact, "phone")
    assert [part.function for part in written] == ["begin_move", "put_message"], (
        "hers are told of too"
    )


async def test_the_operator_asks_by_name_and_is_told_why_not(town, people, amina, new):
    rt = town.rt
    brian = await town.enrols("brian")
    await town.posts_batch("Is it big?", price="2.00")
    await brian.texts("WORK")
    await brian.texts("1")
    for who, to, why in (
        ("Amina", brian.msisdn, "cannot be used"),
        ("Amina", COORDINATOR, "cannot be used"),
        ("Amina", "+255712345678", "another country"),
        ("Nobody", new.msisdn, "no worker"),
        ("i", new.msisdn, "workers match"),
    ):
        with pytest.raises(Refused, match=why):
            await number_requests.request_move(rt, who, to, by="asha", because="asked")
    assert (
        await number_requests.request_move(rt, "Amina", new.msisdn, by="asha", because="asked")
    ).number


async def test_the_old_number_objects_before_the_yes_and_two_persons_look(town, people, amina, new):
    """A thief with the old SIM must not be able to stop it for ever.

    Nor must a coordinator alone be able to take it.
    """
    await asks(town, amina, new)
    await says(town, people, "Asha")
    await says(town, people, "Juma")
    assert "no money goes" in await amina.texts("NOTME")
    assert "join" in (await new.texts("YES")).lower(), "nobody is asked while they look"
    assert await says(town, people, "Juma") == "noted"
    assert await says(town, people, "Asha") == "invited"
    assert "NOTME" not in (await amina.texts("NOTME") or ""), "once only"
    assert "on this number now" in await new.texts("YES")
    assert await new.balance_minor() == 3000


async def test_an_objection_after_the_change_is_overruled_by_two(town, people, amina, new):
    await moved(town, people, amina, new)
    await new.texts("PAY")
    await town.ticks()
    await amina.texts("NO")
    await town.ticks(hours=50)
    assert await says(town, people, "Asha") == "noted"
    await town.ticks(hours=7)
    assert await town.value("select reason from payout") == "waits: objected"
    assert await says(town, people, "Juma") == "kept"
    await town.pays_out()
    assert await town.value("select state from payout") == "paid"
    assert any("this number stays yours" in text for text in await new.messages())
    assert any("The change stays" in text for text in await amina.messages())


async def test_two_persons_give_the_number_back_with_all_money(town, people, amina, new):
    before = await amina.id()
    await moved(town, people, amina, new)
    await new.texts("PAY")
    await town.ticks()
    await new.dials()
    assert "KES" in await new.presses("2")
    await amina.texts("NOTME")
    assert await says(town, people, "Asha", "refuse", "she called") == "noted"
    assert await amina.texts("BAL") != "", "not yet"
    assert await says(town, people, "Juma", "refuse", "she called") == "given_back"
    assert await amina.id() == before
    assert await amina.balance_minor() == 3000, "the payout that waited is in her balance again"
    assert await town.value("select state from payout") == "cancelled"
    await town.answers_bells()
    assert "back on this number" in (await amina.messages())[-1]
    assert "back on the number before" in (await new.messages())[-1]
    screen = await new.presses("1")
    assert not screen.open
    assert "KES" not in screen
    assert "To join" in await new.texts("BAL"), "the other number is a stranger again"
    assert "KES 30" in await amina.texts("BAL")
    await amina.texts("PAY")
    await town.pays_out()
    assert town.operator_books()["paid_minor"] == 3000
    await town.has_right_books()


async def test_a_request_that_no_person_decides_runs_out(town, people, amina, new):
    await asks(town, amina, new)
    listed = await number_moves.list_moves(town.rt.db, everything=False)
    assert [row.waits for row in listed] == [True]
    assert "Amina" in decide_number_requests.listed_line(town.rt, listed[0])
    town.clock.advance(hours=169)
    with pytest.raises(Refused, match="too old"):
        await says(town, people, "Asha")


async def test_a_change_that_ran_out_hides_no_later_one_to_the_same_number(
    town, people, amina, new
):
    """Brian's was asked for first and is decided last.

    Amina's, to the same number, came and went in between.
    """
    brian = await town.enrols("brian")
    await asks(town, brian, new)
    await says(town, people, "Asha")
    await says(town, people, "Juma")
    brians = await number(town)
    await brian.texts("NOTME")
    town.clock.advance(hours=73)
    await asks(town, amina, new)
    await says(town, people, "Asha")
    await says(town, people, "Juma")
    town.clock.advance(hours=73)
    for name in ("Asha", "Juma"):
        await decide_number_requests.decide_number_move(
            town.rt, brians, "approve", by=name, key=people[name]
        )
    owner = await brian.id()
    assert "on this number now" in await new.texts("YES")
    assert await new.id() == owner


async def test_a_coordinator_who_works_too_moves_her_own_number_and_her_workers(
    town, people, amina, new
):
    wanjiku = town["wanjiku"]
    await wanjiku.joins()
    assert "You have no PIN" in await wanjiku.texts(f"MOVE {new.msisdn} PIN 1357")
    assert "Two people" in await asks(town, amina, new)


async def test_the_coordinators_page_shows_how_far_it_is(town, people, amina, new):
    await moved(town, people, amina, new)
    link = await link_for(town.rt, COORDINATOR, "asha")
    page = await town.http.get("/console" + link.rpartition("/console")[2], follow_redirects=True)
    assert page.status_code == 200
    assert "Changes of number" in page.text
    assert f"..{amina.msisdn[-2:]} to ..{new.msisdn[-2:]}" in page.text
    assert "done" in page.text
    assert new.msisdn not in page.text
