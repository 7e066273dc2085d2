"""Large payouts, and what an operator took back, take two persons.

The approval is of one list and of no other.
"""
# pyright: basic

from dataclasses import replace

import asyncpg
import pytest

from gateway.base.errors import Refused
from gateway.payments.states import PayoutEvent
from gateway.settings import Controls
from gateway.steps.payouts import approve
from gateway.steps.payouts.disburse import happened
from gateway.steps.payouts.reversal import decide_reversal
from gateway.steps.people import persons
from gateway.store.payouts import approvals, decisions, payouts


@pytest.fixture
async def people(town):
    """Asha and Juma may decide about money; their keys."""
    return {name: (await persons.add_person(town.rt, name)).key for name in ("Asha", "Juma")}


async def earned(town, *names, **rules):
    """Each has earned KES 30 and asked for it, under these rules."""
    settings = town.rt.settings.model_copy(update={"controls": Controls(**rules)})
    town.rt = replace(town.rt, settings=settings)
    found = await town.earned(*names)
    for person in found:
        await person.texts("PAY")
    await town.ticks()
    return found


async def states(town):
    return [row["state"] for row in await town.rt.db.rows("select state from payout order by 1")]


async def test_a_large_payout_goes_out_when_a_second_person_approves_the_list(town, people):
    (amina,) = await earned(town, "amina", approve_above={"KES": 29})
    assert await states(town) == ["awaiting_approval"]
    (told,) = [words for words in await amina.messages() if "two people approve it" in words]
    assert told == await amina.texts("PAY"), "asked again, she hears the same, and no second payout"
    assert "waits to be sent. Why? Text WHY" in await amina.texts("BAL")
    assert "two people approve it" in await amina.texts("WHY")

    made = await approve.prepare_list(town.rt, [], "Asha", people["Asha"])
    assert "together KES 30" in made.sheet()
    with pytest.raises(Refused, match="another operator"):
        await approve.approve_as_second(town.rt, made.number, made.code, "Asha", people["Asha"])
    with pytest.raises(Refused, match="not her key"):
        await approve.approve_as_second(town.rt, made.number, made.code, "Juma", people["Asha"])
    with pytest.raises(Refused, match="code"):
        await approve.approve_as_second(
            town.rt, made.number, "000000000000", "Juma", people["Juma"]
        )
    assert await states(town) == ["awaiting_approval"]
    assert (
        await approve.approve_as_second(town.rt, made.number, made.code, "Juma", people["Juma"])
        == 1
    )
    with pytest.raises(Refused, match="before"):
        await approve.approve_as_second(town.rt, made.number, made.code, "Juma", people["Juma"])
    await town.pays_out()
    assert town.operator_books()["paid_minor"] == 3000
    signed = await approvals.signatures(town.rt.db, await town.value("select ref from payout"))
    assert (signed["made_by"], signed["approved_by"]) == ("Asha", "Juma")
    said = await decisions.events(town.rt.db, await town.value("select id from payout"))
    assert [row["event"] for row in said][:4] == ["request", "wait", "approve", "queue"]


@pytest.mark.parametrize(
    "change",
    [
        "update payout set amount = amount + 100",
        "update payout set to_sealed = '\\x00'",
        "update payout set provider = 'another'",
        "delete from approval_item where payout_id in (select id from payout order by ref limit 1)",
    ],
)
async def test_whatever_changes_on_the_list_makes_the_approval_void(town, people, change):
    await earned(town, "amina", "brian", approve_above={"KES": 0})
    made = await approve.prepare_list(town.rt, [], "Asha", people["Asha"])
    sealed = await town.rt.db.rows("select id, to_sealed from payout")
    await town.rt.db.execute(change)
    with pytest.raises(Refused, match="the list has changed"):
        await approve.approve_as_second(town.rt, made.number, made.code, "Juma", people["Juma"])
    assert await states(town) == ["awaiting_approval"] * 2
    # Put back, so that the town's books can be looked at.
    await town.rt.db.execute("update payout set amount = 3000, provider = 'mpesa'")
    for row in sealed:
        await town.rt.db.execute(
            "update payout set to_sealed = $2 where id = $1", row["id"], row["to_sealed"]
        )


async def test_one_refused_voids_the_list_and_a_new_list_goes(town, people):
    amina, brian = await earned(town, "amina", "brian", approve_above={"KES": 0})
    made = await approve.prepare_list(town.rt, [], "Asha", people["Asha"])
    hers = await town.value("select ref from payout where worker_id = $1", await amina.id())
    await approve.refuse_payout(town.rt, hers, "asked for by mistake", "Juma", people["Juma"])
    assert await amina.balance_minor() == 3000
    with pytest.raises(Refused, match="the list has changed"):
        await approve.approve_as_second(town.rt, made.number, made.code, "Juma", people["Juma"])
    again = await approve.prepare_list(town.rt, [], "Juma", people["Juma"])
    await approve.approve_as_second(town.rt, again.number, again.code, "Asha", people["Asha"])
    await town.pays_out()
    assert (await brian.balance_minor(), town.operator_books()["paid_minor"]) == (0, 3000)


async def test_the_database_itself_lets_nothing_pass_that_two_persons_have_not_approved(
    town, people
):
    await earned(town, "amina", approve_above={"KES": 0})
    await approve.prepare_list(town.rt, [], "Asha", people["Asha"])
    stored = await payouts.by_id(
        town.rt.db, town.rt.vault, await town.value("select id from payout")
    )
    with pytest.raises(asyncpg.PostgresError, match="two persons"):
        await happened(town.rt, stored, PayoutEvent.APPROVE)
    with pytest.raises(asyncpg.PostgresError, match="two_people"):
        await town.rt.db.execute("update approval_list set approved_by = made_by")
    assert await states(town) == ["awaiting_approval"]


async def test_many_small_payouts_of_one_day_wait_together_above_the_days_amount(town, people):
    await earned(town, "amina", "brian", "chege", approve_run_above={"KES": 50})
    assert sorted(await states(town)).count("awaiting_approval") == 2, "thirty of fifty"
    made = await approve.prepare_list(town.rt, [], "Asha", people["Asha"])
    assert len(made.items) == 2
    await approve.approve_as_second(town.rt, made.number, made.code, "Juma", people["Juma"])
    await town.pays_out()
    assert town.operator_books()["paid_minor"] == 9000


async def test_a_replacement_of_an_approved_payout_is_approved(town, people):
    """The replacement has the payee and the amount of the approved one, on the same list.

    The payout was refused for the gateway's fault (an empty float), and the gateway asks for it
    again.
    """
    await earned(town, "amina", approve_above={"KES": 0})
    made = await approve.prepare_list(town.rt, [], "Asha", people["Asha"])
    books = town.operators.books
    before = books.funds().utility_minor
    books.move_float(-before, "drawn")
    await approve.approve_as_second(town.rt, made.number, made.code, "Juma", people["Juma"])
    for _ in range(6):
        await town.ticks(seconds=30)
        await town.operators.daraja.post.settle()
    assert await town.count("payout") > 1
    books.move_float(before, "top-up")
    await town.pays_out()
    assert await town.count("payout", "state = 'awaiting_approval'") == 0
    assert town.operator_books()["paid_minor"] == 3000


@pytest.mark.parametrize(("whose", "balance"), [("worker", 3000), ("house", 0)])
async def test_what_the_operator_took_back_is_decided_by_two(town, people, whose, balance):
    (amina,) = await earned(town, "amina")
    await town.pays_out()
    stored = await payouts.by_id(
        town.rt.db, town.rt.vault, await town.value("select id from payout")
    )
    with pytest.raises(Refused, match="nothing was taken back"):
        await decide_reversal(town.rt, stored.ref, whose, by="Asha", key=people["Asha"])
    await happened(town.rt, stored, PayoutEvent.REVERSED)
    assert "took it back" in await amina.texts(f"WHY {stored.ref}")
    for name in ("Asha", "Asha"):
        said = await decide_reversal(town.rt, stored.ref, whose, by=name, key=people[name])
        assert not said.confirmed, "the same person twice is one person"
    other = "house" if whose == "worker" else "worker"
    said = await decide_reversal(town.rt, stored.ref, other, by="Juma", key=people["Juma"])
    assert not said.confirmed, "they disagree: hers is the first word now"
    assert await town.count("verdict", "confirmed_by is not null") == 0
    await decide_reversal(town.rt, stored.ref, whose, by="Juma", key=people["Juma"])
    for _ in range(2):  # said once more it is booked no second time
        said = await decide_reversal(town.rt, stored.ref, whose, by="Asha", key=people["Asha"])
        assert said.confirmed
    assert await amina.balance_minor() == balance
    suspense = "select id from account where kind = 'suspense' and owner = 'reversal'"
    left = await town.value(
        f"select coalesce(sum(case when credit in ({suspense}) then amount else -amount end), 0) from transfer"  # noqa: S608
        f" where debit in ({suspense}) or credit in ({suspense})"
    )
    assert left == 0
    await town.answers_bells()
    told = [words for words in await amina.messages() if "It is in your balance again" in words]
    assert len(told) == (whose == "worker")
