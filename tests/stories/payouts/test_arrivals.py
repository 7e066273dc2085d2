"""The question whether a payout arrived, and the run that waits after a "no"."""

import json
from datetime import timedelta

import pytest

from gateway.base.errors import Refused
from gateway.settings.fair_pay import FairPay
from gateway.steps.payouts.fair_pay.arrivals import release_run
from gateway.steps.payouts.resolve import as_data, evidence, known
from gateway.steps.people.impact import impact_report
from gateway.steps.people.persons import add_person

OFFICE = "+254733000009"
FIRST = "Did our payment of KES 30"


@pytest.fixture
def told(town, configure):
    """The office has a phone of its own, and every payout is asked about after ten minutes."""
    controls = town.rt.settings.controls.model_copy(update={"tell": (OFFICE,), "quiet_days": 9999})
    configure(
        controls=controls,
        fair_pay=FairPay(arrival_after_min=10),
        quiet_hours="",
    )
    return town.meets("office", OFFICE)


async def paid(town, *names):
    """Each of them has earned KES 30 and has cashed it out."""
    people = await town.earned(*names)
    for person in people:
        await person.texts("PAY")
    await town.pays_out()
    return people


async def test_she_is_asked_by_sms_after_her_first_payout_and_says_yes(town, told):
    (amina,) = await paid(town, "amina")
    await town.ticks(minutes=20)
    assert (await amina.messages())[-1].startswith("A question about your money: did KES 30 arrive")
    assert "glad that your money arrived" in await amina.texts("1")
    assert await town.value("select state from arrival") == "yes"
    assert not any("did not arrive" in text for text in await told.messages())
    assert "glad" not in await amina.texts("1"), "asked once, answered once"
    ref = await town.value("select ref from payout")
    assert "first payout, arrived: yes" in await evidence(town.rt, ref)
    assert "first payout, arrived: yes" in await known(town.rt, ref)
    assert "gateway payouts resolve" not in await known(town.rt, ref), "it is paid"
    data = await as_data(town.rt, ref)
    assert (data["ref"], data["state"], data["arrived"]) == (ref, "paid", "yes")
    assert town["amina"].msisdn not in json.dumps(data, default=str)
    today, day = town.clock.now().date(), timedelta(days=1)
    report = await impact_report(town.rt, today - day, today + day)
    figures = {figure.key: figure for _, figure in report.rows()}
    assert (figures["arrived.yes"].value, figures["arrived.no"].value) == (1, 0)
    assert figures["arrived.share"].shown == "100.0 %"


async def test_a_no_alerts_the_office_and_holds_the_rest_of_the_run(town, rt, told):
    amina, brian = await paid(town, "amina", "brian")
    await town.ticks(minutes=20)
    ref = await town.value("select p.ref from payout p where p.worker_id = $1", await amina.id())
    assert f"will look at {ref}" in await amina.texts("2")
    await town.answers_bells()
    assert ref in (await told.messages())[-1]
    assert not any(ref in text for text in await town["wanjiku"].messages())
    await brian.texts("1")
    await town.posts_batch("Is it new?", price="20.00")
    await brian.texts("WORK")
    await town.answers_bells()
    await brian.texts("1")
    await brian.texts("PAY")
    await town.ticks(seconds=30)
    waiting = await town.value("select reason from payout where state = 'queued'")
    assert waiting == "waits: arrival"
    assert "safety check" in (await brian.messages())[-1]
    asha = await add_person(rt, "Asha")
    with pytest.raises(Refused, match="no worker says"):
        await release_run(rt, "P7K2QX", "missing", "looked", by="Asha", key=asha.key)
    with pytest.raises(Refused, match="not her key"):
        await release_run(rt, ref, "missing", "looked", by="Asha", key="wrong")
    assert await release_run(rt, ref, "arrived", "the portal shows it", by="Asha", key=asha.key)
    await town.pays_out()
    assert await town.value("select count(*) from payout where state = 'paid'") == 3
    assert "Asha found: arrived, the portal shows it" in await evidence(rt, ref)


async def test_a_worker_whose_no_was_untrue_holds_nothing_the_next_time(town, rt, told):
    (amina,) = await paid(town, "amina")
    await town.ticks(minutes=20)
    await amina.texts("2")
    ref, asha = await town.value("select ref from payout"), await add_person(rt, "Asha")
    await release_run(rt, ref, "arrived", "she has it", by="Asha", key=asha.key)
    configured = FairPay(arrival_after_min=10, arrival_share=1)
    object.__setattr__(rt.settings, "fair_pay", configured)
    await town.posts_batch("Is it new?", price="20.00")
    await amina.texts("WORK")
    await town.answers_bells()
    await amina.texts("1")
    await amina.texts("PAY")
    await town.pays_out()
    await town.ticks(minutes=20)
    await amina.texts("2")
    assert await town.count("arrival", "state = 'no'") == 2
    assert await town.count("arrival", "holds and released_at is null") == 0
    await town.answers_bells()
    assert len(await told.messages()) >= 2, "a person is told all the same"


async def test_an_answer_to_a_paid_question_is_never_taken_for_it(town, told):
    (amina,) = await paid(town, "amina")
    await town.posts_batch("Is it new?", "Is it far?", price="3.00")
    await amina.texts("WORK")
    await town.ticks(minutes=20)
    assert await town.value("select state from arrival") == "due", "she holds a question"
    before = len(await amina.answers())
    await amina.texts("1")
    await town.answers_bells()
    await amina.texts("2")
    assert len(await amina.answers()) == before + 2
    await town.ticks(minutes=20)
    assert await town.value("select state from arrival") == "asked"
    await town.posts_batch("Is it big?", price="3.00")
    await town.ticks()
    await amina.texts("WORK")
    await town.answers_bells()
    await amina.texts("1")
    assert len(await amina.answers()) == before + 3, "the newest question is the paid one"
    assert await town.value("select state from arrival") == "asked"


async def test_a_worker_who_dials_is_asked_on_her_first_screen(town, told):
    (amina,) = await paid(town, "amina")
    await town.rt.db.execute("update worker set reach = 'ussd'")
    await town.ticks(minutes=20)
    assert await town.value("select state from arrival") == "due"
    ahead = await amina.dials("2")
    assert FIRST not in ahead, "a key that was dialled ahead answers nothing"
    assert FIRST in await amina.dials()
    assert "1 Work" in await amina.presses("00"), "she may go on without an answer"
    assert FIRST in await amina.dials()
    assert "glad" in await amina.presses("1")
    assert FIRST not in await amina.dials()


async def test_only_first_payouts_and_the_sample_are_asked_about(town, told, configure):
    configure(fair_pay=FairPay(arrival_after_min=10, arrival_first=False, arrival_share=0))
    await paid(town, "amina")
    await town.ticks(minutes=20)
    assert await town.count("arrival") == 0
