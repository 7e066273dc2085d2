"""An operator falls silent and comes back; a crash leaves payments in flight.

Too many of them are unknown.
"""
# pyright: basic

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.payments.states import PayoutEvent
from gateway.settings import Controls
from gateway.simulator.faults import FaultPlan
from gateway.steps.payouts import provider_health as steps
from gateway.steps.payouts.disburse import happened
from gateway.store.payouts import payouts, provider_health

PEOPLE = ("amina", "brian", "chege", "dina", "esther", "farid")
SILENT = FaultPlan(seed=7, rates={"b2c": {"drop_after": 1.0}, "status": {"drop_before": 1.0}})


def ruled(town, **rules):
    settings = town.rt.settings.model_copy(update={"controls": Controls(**rules)})
    town.rt = replace(town.rt, settings=settings)


async def earned(town, *names):
    """Each has earned KES 30 and asks for it."""
    found = await town.earned(*names)
    for person in found:
        await person.texts("PAY")
    return found


async def minutes_go_by(town, minutes):
    for _ in range(minutes):
        await town.ticks(minutes=1)
        await town.operators.daraja.post.settle()
        await town.answers_bells()


async def test_within_five_minutes_of_its_first_answer_all_unknown_payouts_are_settled(town):
    """Hours of silence put the usual questions an hour apart.

    The operator's coming back is noticed all the same.
    """
    town.operators.set_plan(SILENT)
    await earned(town, *PEOPLE)
    await town.ticks()
    assert await town.count("payout", "state = 'unknown'") == len(PEOPLE)
    for _ in range(12):
        await town.ticks(minutes=15)
    assert await town.count("payout", "state = 'unknown'") == len(PEOPLE)
    soonest = await town.value("select min(due_at) from payout")
    assert soonest - town.clock.now() > timedelta(minutes=5), "nobody would ask in time by himself"
    # It answers again, and loses every tenth callback yet: also, now and then, the very first.
    town.operators.set_plan(FaultPlan(seed=7, rates={"status": {"result_lost": 0.1}}))
    for _ in range(10):
        if not await town.count("provider_health", "silent_since is not null"):
            break
        await minutes_go_by(town, 1)
    await minutes_go_by(town, 5)
    assert await town.count("payout", "state = 'paid'") == len(PEOPLE)
    books = town.operator_books()
    assert (books["paid_minor"], books["duplicates"]) == (3000 * len(PEOPLE), 0)
    assert await provider_health.ailing(town.rt.db) == []


async def test_where_too_many_are_unknown_nothing_more_is_sent_until_it_answers(town):
    ruled(town, unknown_share=0.5, unknown_least=3)
    town.operators.set_plan(SILENT)
    await earned(town, *PEOPLE[:4])
    await town.ticks()
    (ailing,) = await provider_health.ailing(town.rt.db)
    assert ailing["stopped_at"] is not None
    assert ailing["reason"].startswith("the outcome of 4 of the last 4 payments")
    (late,) = await earned(town, "farid")
    await minutes_go_by(town, 5)
    assert (
        await town.value("select state from payout where worker_id = $1", await late.id())
        == "queued"
    )
    town.operators.set_plan(FaultPlan(seed=7))
    await minutes_go_by(town, 4)
    assert await provider_health.ailing(town.rt.db) == []
    await town.pays_out()
    assert town.operator_books()["paid_minor"] == 3000 * 5


async def test_a_few_lost_answers_among_many_stop_nothing(town):
    ruled(town, unknown_share=0.5, unknown_least=3)
    await earned(town, *PEOPLE[:4])
    await town.pays_out()
    town.operators.set_plan(SILENT)
    await earned(town, "esther", "farid")
    await town.ticks()
    assert await town.count("payout", "state = 'unknown'") == 2
    (ailing,) = await provider_health.ailing(town.rt.db)
    assert ailing["stopped_at"] is None
    town.operators.set_plan(FaultPlan(seed=7))
    await town.pays_out()


@pytest.fixture
async def crashed(town):
    """Let the power fail while Amina's payment is being sent; Brian asks while no process runs."""
    amina, brian = await earned(town, "amina", "brian")
    stored = await payouts.by_id(
        town.rt.db,
        town.rt.vault,
        await town.value("select id from payout where worker_id = $1", await amina.id()),
    )
    await happened(town.rt, stored, PayoutEvent.CLAIM)
    town.jobs.take()
    return amina, brian


async def state_of(town, person):
    return await town.value("select state from payout where worker_id = $1", await person.id())


async def test_after_a_crash_what_was_in_flight_is_settled_before_anything_is_sent(town, crashed):
    amina, brian = crashed
    await steps.start_sending(town.rt)
    await town.ticks()
    assert (await state_of(town, amina), await state_of(town, brian)) == ("submitting", "queued")
    town.operators.set_plan(FaultPlan(seed=7, rates={"status": {"drop_before": 1.0}}))
    await town.ticks(seconds=61)  # its lease is over: it is unknown whether it was sent
    assert await state_of(town, amina) == "unknown"
    town.operators.set_plan(FaultPlan(seed=7))
    await town.ticks(seconds=30)
    assert await state_of(town, brian) != "queued", "asked about once: now the others go"
    await town.pays_out()
    assert town.operator_books()["duplicates"] == 0


async def test_while_the_books_differ_a_starting_runner_sends_nothing(town, crashed):
    _, brian = crashed
    await town.rt.db.execute("update payout set amount = amount + 100 where state = 'queued'")
    await steps.start_sending(town.rt)
    await town.ticks(minutes=6)
    assert await state_of(town, brian) == "queued"
    why = await town.value("select reason from provider_pause")
    assert why == "in transit 6000, open payouts 6100: gateway ledger audit"
    await town.rt.db.execute("update payout set amount = amount - 100 where state = 'queued'")
    await town.rt.db.execute("delete from provider_pause")
    await town.pays_out()
    assert town.operator_books()["paid_minor"] == 6000
