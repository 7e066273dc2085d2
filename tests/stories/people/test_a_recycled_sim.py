"""A stranger has a worker's SIM now.

The number is released, the money stays the worker's, and she comes back.
"""
# pyright: basic

import asyncio

import pytest

from gateway.base.errors import Refused
from gateway.steps.people import (
    coordinators,
    decide_number_requests,
    find_worker,
    number_requests,
    persons,
)
from tests.support.town import COORDINATOR

PIN = "6174"


@pytest.fixture
async def people(town):
    return {name: (await persons.add_person(town.rt, name)).key for name in ("Asha", "Juma")}


@pytest.fixture
async def amina(town, people):
    """Amina has earned KES 30; the carrier has given her number to a stranger since.

    Here both are this phone.
    """
    (amina,) = await town.earned("amina")
    await coordinators.set_pin(town.rt, COORDINATOR, PIN, by="asha")
    return amina


async def decided(town, people):
    move = await town.value("select max(id) from number_move")
    for name in ("Asha", "Juma"):
        last = await decide_number_requests.decide_number_move(
            town.rt, move, "approve", by=name, key=people[name]
        )
    return last


async def released(stranger):
    assert "reply NOTME again" in await stranger.texts("NOTME")
    return await stranger.texts("NOTME")


async def test_notme_twice_releases_the_number_and_keeps_the_money(town, amina):
    worker = await amina.id()
    asked = await amina.texts("NOTME")
    assert "Amina" not in asked
    assert "KES" not in asked
    assert await amina.id() == worker, "once is no more than a question"
    assert "no account with us any more" in await amina.texts("Not me!")
    row = await town.rt.db.row(
        "select w.state, w.number_lost_at, a.balance from worker w join account a on a.id = w.account_id where w.id = $1",
        worker,
    )
    assert (row["state"], row["balance"]) == ("removed", 3000)
    assert row["number_lost_at"] is not None
    await town.answers_bells()
    (told,) = [text for text in await town["wanjiku"].messages() if "another person" in text]
    assert "Amina" in told
    assert amina.msisdn not in told
    story = await find_worker.show(town.rt, amina.msisdn)
    assert story.worker == worker, "found by the number she had"
    assert any("has no number" in line for line in story.answers)


async def test_the_stranger_reads_and_gets_nothing_and_may_join_as_herself(town, amina):
    worker = await amina.id()
    await town.posts_batch("Is it big?", price="2.00")
    await amina.texts("WORK")
    await released(amina)
    for words in ("BAL", "PAY", "1"):
        assert "To join" in await amina.texts(words)
    assert await town.count("payout") == 0
    assert await town.count("assignment", "state = 'held'") == 0, "her question is others' again"
    before = len(await amina.messages())
    await town.ticks(hours=2)
    assert [text for text in (await amina.messages())[before:] if "KES" in text] == []
    assert "do you agree" in (await amina.texts("JOIN")).lower()
    assert "Welcome" in await amina.texts("YES")
    assert await amina.id() != worker
    assert await amina.balance_minor() == 0
    assert await town.count("gold_seen", "worker_id = $1", await amina.id()) == 0
    await town.has_right_books()


async def test_she_comes_back_with_a_number_that_two_persons_approve(town, people, amina):
    worker = await amina.id()
    await released(amina)
    await amina.joins("JOIN")
    new = town.meets("amina's new number")
    reply = await town["wanjiku"].texts(f"MOVE {amina.msisdn} {new.msisdn} PIN {PIN}")
    assert "Two people of the office decide" in reply
    assert await decided(town, people) == "invited"
    await town.answers_bells()
    assert not [text for text in await amina.messages() if "Your coordinator asked" in text], (
        "a stranger's"
    )
    assert "on this number now" in await new.texts("YES")
    assert await new.id() == worker
    assert (await new.row())["state"] == "active"
    assert await new.balance_minor() == 3000
    await town.answers_bells()
    assert not [text for text in await amina.messages() if "moved to your new number" in text]
    assert "To join" not in await new.texts("WORK")
    await new.texts("PAY")
    await town.ticks(hours=49)
    await town.pays_out()
    assert await town.value("select to_tail from payout where state = 'paid'") == new.msisdn[-3:]


async def test_where_the_stranger_is_a_worker_of_the_same_coordinator_the_operator_asks(
    town, people, amina
):
    worker = await amina.id()
    await released(amina)
    await town["wanjiku"].texts(f"ADD {amina.msisdn} Njeri en")
    await amina.texts("START")
    await amina.joins("JOIN KIBERA")
    new = town.meets("new")
    assert "ask the operator" in await town["wanjiku"].texts(
        f"MOVE {amina.msisdn} {new.msisdn} PIN {PIN}"
    )
    with pytest.raises(Refused, match="workers match"):
        await number_requests.request_move(
            town.rt, amina.msisdn, new.msisdn, by="asha", because="came"
        )
    await number_requests.request_move(town.rt, str(worker), new.msisdn, by="asha", because="came")
    await decided(town, people)
    await new.texts("YES")
    assert await new.id() == worker


async def test_a_payout_that_waits_does_not_go_to_the_stranger(town, amina):
    worker = await amina.id()
    assert "You asked for" in await amina.texts("PAY")
    await released(amina)
    assert await town.value("select state from payout") == "cancelled"
    balance = "select a.balance from worker w join account a on a.id = w.account_id where w.id = $1"
    assert await town.value(balance, worker) == 3000
    await town.pays_out()
    assert town.operator_books()["paid_minor"] == 0
    await town.has_right_books()


async def test_a_payout_that_has_left_ends_as_it_must_and_the_stranger_reads_nothing_of_it(
    town, amina
):
    worker = await amina.id()
    await amina.texts("PAY")
    await town.ticks()
    assert await town.value("select state from payout") not in ("queued", "cancelled")
    await amina.sends("NOTME")
    await amina.sends("NOTME")
    last = await town.value("select max(id) from outbox")
    await town.pays_out()
    assert await town.value("select state from payout where worker_id = $1", worker) == "paid"
    assert await town.count("worker", "number_lost_at is not null") == 1
    assert not await town.count("outbox", "id > $1 and text like '%KES%'", last)
    await town.has_right_books()


async def test_a_caller_quiet_for_weeks_who_asks_to_join_is_asked_who_it_is(town, amina):
    await amina.texts("STOP")
    await town.rt.db.execute("update outbox set created_at = created_at - interval '60 days'")
    await town.rt.db.execute("alter table consent disable trigger user")
    await town.rt.db.execute("update consent set at = at - interval '60 days'")
    await town.rt.db.execute("alter table consent enable trigger user")
    await town.rt.db.execute("delete from ussd_session")
    await town.rt.db.execute("update answer set created_at = created_at - interval '60 days'")
    reply = await amina.texts("JOIN")
    assert "Text NOTME" in reply
    assert "Amina" not in reply
    assert (await amina.row())["state"] == "stopped", "nobody comes back by a stranger's JOIN"
    assert "Welcome back" in await amina.texts("START"), "who is herself says so"


async def test_on_the_menu_too(town, amina):
    worker = await amina.id()
    await amina.dials()
    assert "3 Number new to me" in await amina.presses("6")
    assert "Is this number new to you?" in await amina.presses("3")
    last = await amina.presses("1")
    assert not last.open
    assert "no account with us any more" in last
    assert await town.count("worker", "id = $1 and number_lost_at is not null", worker) == 1
    assert "KES" not in await amina.dials()


async def test_one_notme_is_forgotten_after_a_day(town, amina):
    await amina.texts("NOTME")
    town.clock.advance(hours=25)
    assert "reply NOTME again" in await amina.texts("NOTME")
    assert await town.count("worker", "number_lost_at is not null") == 0


async def test_a_request_that_ran_out_keeps_no_stranger_from_leaving(town, amina):
    new = town.meets("new")
    await town["wanjiku"].texts(f"MOVE {amina.msisdn} {new.msisdn} PIN {PIN}")
    town.clock.advance(hours=169)
    assert "no account with us any more" in await released(amina)


async def test_not_me_may_be_the_answer_to_a_question_that_asks_for_words(town, amina):
    await town.posts_batch("Write what you hear", kind="transcription", price="2.00")
    await amina.texts("WORK")
    assert "Saved" in await amina.texts("Not me")
    assert (await amina.values())[-1] == "Not me"


async def test_an_answer_of_the_worker_at_the_same_moment_is_not_lost(town, amina):

    await town.posts_batch("Is it big?", price="2.00")
    await amina.texts("WORK")
    await amina.texts("NOTME")
    worker = await amina.id()
    await asyncio.gather(amina.sends("NOTME"), amina.sends("1"))
    answers = await town.value("select count(*) from answer where worker_id = $1", worker)
    balance = "select a.balance from worker w join account a on a.id = w.account_id where w.id = $1"
    assert await town.value(balance, worker) == 3000 + 200 * (answers - 2)
    assert await town.count("assignment", "state = 'held'") == 0
    await town.has_right_books()
