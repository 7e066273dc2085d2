"""Fair pay: a batch says what it pays per hour, keeps to the floor, and tops up what was short."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from gateway.base.errors import Refused
from gateway.settings.fair_pay import FairPay, LivingWage
from gateway.steps.batches.fair_pay.floor import allow_below_floor
from gateway.steps.people.persons import add_person

KENYA = LivingWage(
    currency="KES", per_hour=Decimal(180), source="an example", date=date(2026, 1, 1)
)


@pytest.fixture
def floor(configure):
    """Kenya has a floor of KES 180 an hour."""
    configure(fair_pay=FairPay(floors={"KE": KENYA}))


async def quoted(batch):
    answer = await batch.client.asks("GET", f"/batches/{batch.id}/quote")
    assert answer.status_code == 200, answer.text
    return answer.json()["pay"]


async def draft(town, price, number=3, **given):
    batch = await town.client.drafts(price=price, **given)
    tasks = [{"id": f"t{n}", "text": f"Is shop {n} open?"} for n in range(1, number + 1)]
    added = await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=tasks)
    assert added.status_code == 201, added.text
    return batch


async def took(town, batch, seconds):
    """Each answer to the batch came `seconds` after its question, one after the other."""
    step = timedelta(seconds=seconds)
    await town.rt.db.execute(
        """update answer x set created_at = n.began + n.nth * $2::interval
           from (select y.id, min(y.created_at) over () as began, row_number() over (partition by y.worker_id order by y.id) as nth
             from answer y join task t on t.id = y.task_id where t.batch_id = $1) n where n.id = x.id""",
        batch.id,
        step,
    )
    await town.rt.db.execute(
        """update assignment a set asked_at = x.created_at - $2::interval, delivered_at = null
           from answer x, task t where x.task_id = a.task_id and x.worker_id = a.worker_id
             and t.id = x.task_id and t.batch_id = $1""",
        batch.id,
        step,
    )


async def answers(town, person, number):
    await person.texts("WORK")
    for _ in range(number):
        await town.answers_bells()
        await person.texts("1")
    await town.answers_bells()


async def test_a_quote_names_the_pay_and_the_price_that_reaches_the_floor(town, floor):
    await town.enrols("amina")
    batch = await draft(town, "0.50")
    pay = await quoted(batch)
    assert pay["below_floor"]
    assert pay["floor_minor"] == 180_00
    assert pay["floor_country"] == "KE"
    assert not pay["measured"]
    least = pay["price_for_floor_minor"]
    assert 0.5 * 100 < least < 150
    refused = await town.client.asks("POST", f"/batches/{batch.id}/start")
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert error["field"] == "price"
    assert f"at least {least / 100:.2f}".rstrip("0").rstrip(".") in error["message"]
    fair = await draft(town, f"{least / 100:.2f}")
    assert not (await quoted(fair))["below_floor"]
    started = await town.client.asks("POST", f"/batches/{fair.id}/start")
    assert started.status_code == 200, started.text


async def test_a_person_may_allow_a_batch_below_the_floor(town, rt, floor):
    await town.enrols("amina")
    batch = await draft(town, "0.50")
    asha = await add_person(rt, "Asha")
    with pytest.raises(Refused, match="not her key"):
        await allow_below_floor(rt, batch.id, "lessons", by="Asha", key="wrong")
    with pytest.raises(Refused, match="say why"):
        await allow_below_floor(rt, batch.id, " ", by="Asha", key=asha.key)
    await allow_below_floor(rt, batch.id, "lessons", by="Asha", key=asha.key)
    with pytest.raises(Refused, match="already"):
        await allow_below_floor(rt, batch.id, "lessons", by="Asha", key=asha.key)
    pay = await quoted(batch)
    assert pay["below_floor"]
    assert pay["allowed_below_floor"] == "lessons"
    assert pay["reserve_minor"] == 0
    assert (await town.client.asks("POST", f"/batches/{batch.id}/start")).status_code == 200


async def test_a_shortfall_is_topped_up_from_the_clients_reserve(town, floor):
    """Each answer took two minutes and paid KES 1.20: KES 36 an hour, with a reserve."""
    amina = await town.enrols("amina")
    before = await town.client.available_minor()
    batch = await draft(town, "1.20")
    reserve = (await quoted(batch))["reserve_minor"]
    assert reserve > 0
    await batch.changes("start")
    assert await town.client.available_minor() == before - 3 * 120 - reserve
    await answers(town, amina, 3)
    await took(town, batch, 40)
    await town.ticks()
    earned, topped_up = 360, await amina.balance_minor() - 360
    assert 0 < topped_up <= reserve
    assert await town.client.available_minor() == before - earned - topped_up
    told = [text for text in await amina.messages() if text.startswith("Fair pay")]
    assert len(told) == 1
    shown = (await town.client.asks("GET", f"/batches/{batch.id}")).json()
    assert shown["pay"]["topped_up_minor"] == topped_up
    assert shown["pay"]["settled"]
    assert shown["money"]["released_minor"] == reserve - topped_up
    await town.ticks()
    assert await amina.balance_minor() == earned + topped_up, "once"


async def reopens(town, batch, *tasks):
    said = {"tasks": list(tasks), "answers": 1}
    answer = await town.client.asks("POST", f"/batches/{batch.id}/reopen", json=said)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_batch_that_is_opened_again_is_measured_as_a_whole_and_topped_up_once_more(
    town, floor
):
    """The first worker gets nothing twice, and the second one gets the same share."""
    amina = await town.enrols("amina")
    before = await town.client.available_minor()
    batch = await draft(town, "1.20")
    await batch.changes("start")
    await answers(town, amina, 3)
    await took(town, batch, 40)
    await town.ticks()
    first = await amina.balance_minor() - 360
    assert first > 0
    told = await reopens(town, batch, "t1", "t2", "t3")
    assert told["change"]["cost_minor"] > 3 * 120, "the reserve is set aside again"
    brian = await town.enrols("brian")
    await answers(town, brian, 3)
    await took(town, batch, 40)
    for _ in range(3):
        await town.ticks(minutes=1)
    assert await amina.balance_minor() == 360 + first, "she was topped up before"
    assert await brian.balance_minor() == 360 + first, "the same work has the same pay"
    spent = 2 * (360 + first)
    assert await town.client.available_minor() == before - spent
    pay = (await batch.shows())["pay"]
    assert (pay["topped_up_minor"], pay["answers"], pay["settled"]) == (2 * first, 6, True)
    notices = [text for text in await amina.messages() if text.startswith("Fair pay")]
    assert len(notices) == 1
    await town.has_right_books()


async def test_a_worker_who_was_topped_up_gets_the_rest_of_what_more_answers_earn(town, floor):
    """Three answers were fast enough. With the three slow ones of the second round they are not."""
    amina = await town.enrols("amina")
    batch = await draft(town, "1.20")
    await batch.changes("start")
    await answers(town, amina, 3)
    await took(town, batch, 25)
    await town.ticks()
    first = await amina.balance_minor() - 360
    await reopens(town, batch, "t1", "t2", "t3")
    brian = await town.enrols("brian")
    await answers(town, brian, 3)
    await took(town, batch, 40)
    for _ in range(3):
        await town.ticks(minutes=1)
    assert await amina.balance_minor() == await brian.balance_minor() > 360 + first
    notices = [text for text in await amina.messages() if text.startswith("Fair pay")]
    assert len(notices) == 2
    await town.has_right_books()


async def test_a_batch_whose_pay_is_being_settled_is_not_opened_again_yet(town, floor):
    amina = await town.enrols("amina")
    batch = await draft(town, "1.20")
    await batch.changes("start")
    await answers(town, amina, 3)
    await town.ticks()
    await town.rt.db.execute("update batch_pay set settled_at = null")
    said = {"tasks": ["t1"], "answers": 1}
    refused = await town.client.asks("POST", f"/batches/{batch.id}/reopen", json=said)
    assert refused.status_code == 409
    assert "being settled" in refused.json()["detail"]


async def test_what_is_not_needed_is_released(town, floor):
    amina = await town.enrols("amina")
    before = await town.client.available_minor()
    batch = await draft(town, "1.20")
    await batch.changes("start")
    await answers(town, amina, 3)
    await took(town, batch, 10)
    await town.ticks()
    assert await amina.balance_minor() == 360
    assert await town.client.available_minor() == before - 360
    shown = (await town.client.asks("GET", f"/batches/{batch.id}")).json()["pay"]
    assert shown["answers"] == 3
    assert shown["median_minor"] > 180_00
    assert shown["topped_up_minor"] == 0


async def test_a_cancelled_batch_is_topped_up_too_and_the_measured_time_counts_next(town, floor):
    amina = await town.enrols("amina")
    before = await town.client.available_minor()
    batch = await draft(town, "1.20", number=30)
    await batch.changes("start")
    await answers(town, amina, 25)
    await took(town, batch, 40)
    await batch.changes("cancel")
    await amina.texts("SKIP")  # Its pay is measured when no worker can answer any more.
    for _ in range(2):
        await town.ticks()
    paid = await amina.balance_minor()
    assert paid > 25 * 120
    assert await town.client.available_minor() == before - paid
    pay = await quoted(await draft(town, "1.20"))
    assert pay["measured"]
    assert pay["below_floor"], "answers of this kind take longer than their texts suggest"


async def test_a_worker_who_dials_is_measured_from_the_beginning_of_her_session(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Is it open?", price="3.00")
    await amina.dials()
    await amina.presses("1", "1")
    await town.ticks()
    shown = (await town.client.asks("GET", f"/batches/{batch.id}")).json()["pay"]
    assert shown["workers"] == 1
    assert shown["floor_minor"] is None
    session, answered = (
        await town.value("select min(created_at) from ussd_session"),
        await town.value("select max(created_at) from answer"),
    )
    expected = max((answered - session) / timedelta(milliseconds=1), 1000)
    assert abs(await town.value("select milliseconds from worker_pay") - expected) <= 1
