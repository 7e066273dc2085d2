"""Payments with an uncertain outcome.

A statement tells, two persons decide, and a provider stands still until it is explained.
"""

# The strict rules are the product's (pyproject: include); fixtures have no types.
# pyright: basic

import pytest

from gateway.base.errors import Refused
from gateway.simulator.faults import FaultPlan
from gateway.simulator.operators.statement import statement
from gateway.steps.payouts import reconcile, resolve
from gateway.steps.people import persons
from gateway.store.payouts import reconciliations


@pytest.fixture
async def amina(town):
    """Amina has earned KES 30."""
    (amina,) = await town.earned("amina")
    return amina


async def is_stuck(town, amina):
    """Let Amina ask for her money; its outcome is unknown, and a day has passed."""
    await amina.texts("PAY")
    await town.ticks()
    await town.rt.db.execute("update payout set state = 'needs_human', due_at = null")
    return await town.value("select ref from payout")


async def test_two_persons_decide_and_one_alone_does_not(town, amina):
    town.operators.set_plan(FaultPlan(seed=7, rates={"b2c": {"drop_before": 1.0}}))
    ref = await is_stuck(town, amina)
    wanjiku, otieno = [
        (await persons.add_person(town.rt, name)).key for name in ("Wanjiku", "Otieno")
    ]
    assert "What happened:" in await resolve.evidence(town.rt, ref)
    said = {"paid": False, "receipt": ""}
    for _ in range(2):  # one person's word, given twice, is not the word of two persons
        first = await resolve.resolve_by_person(town.rt, ref, **said, by="Wanjiku", key=wanjiku)
        assert not first.confirmed
    with pytest.raises(Refused, match="not her key"):
        await resolve.resolve_by_person(town.rt, ref, **said, by="Otieno", key=wanjiku)
    assert await town.value("select state from payout") == "needs_human"
    second = await resolve.resolve_by_person(town.rt, ref, **said, by="Otieno", key=otieno)
    assert second.confirmed
    assert await town.value("select state from payout") == "failed"
    assert await amina.balance_minor() == 3000
    with pytest.raises(Refused, match="waits for no decision"):
        await resolve.resolve_by_person(town.rt, ref, **said, by="Wanjiku", key=wanjiku)


async def test_newer_evidence_makes_the_first_word_void(town, amina):
    town.operators.set_plan(FaultPlan(seed=7, rates={"b2c": {"drop_before": 1.0}}))
    ref = await is_stuck(town, amina)
    one, two = [(await persons.add_person(town.rt, name)).key for name in ("One", "Two")]
    await resolve.resolve_by_person(town.rt, ref, paid=False, receipt="", by="One", key=one)
    await town.rt.db.execute(
        "insert into payout_event (payout_id, event, was, becomes) select id, 'mismatch', state, state from payout"
    )
    again = await resolve.resolve_by_person(town.rt, ref, paid=False, receipt="", by="Two", key=two)
    assert not again.confirmed, "she is the first of the new evidence"
    assert (
        await resolve.resolve_by_person(town.rt, ref, paid=False, receipt="", by="One", key=one)
    ).confirmed


async def test_the_database_refuses_a_resolution_that_two_persons_did_not_make(town, amina):
    town.operators.set_plan(FaultPlan(seed=7, rates={"b2c": {"drop_before": 1.0}}))
    ref = await is_stuck(town, amina)
    one = (await persons.add_person(town.rt, "One")).key
    await resolve.resolve_by_person(town.rt, ref, paid=False, receipt="", by="One", key=one)
    with pytest.raises(Exception, match="two_people"):
        await town.rt.db.execute("update resolution set confirmed_by = said_by")
    stored = await resolve.payout_by_ref(town.rt, ref)
    from gateway.payments.payout import Resolved
    from gateway.steps.payouts.disburse import happened

    with pytest.raises(Exception, match="not resolved by two persons"):
        await happened(town.rt, stored, Resolved(paid=False))


async def test_a_payment_found_only_on_the_statement_is_booked(town, amina):
    await amina.texts("PAY")
    await town.pays_out()
    row = await town.rt.db.row("select id, receipt, key from payout")
    # As if every answer had been lost.
    await town.rt.db.execute(
        "update payout set state = 'unknown', settled_at = null, receipt = null"
    )
    await town.rt.db.execute("delete from payout_event where event = 'paid'")
    await town.rt.db.execute(
        "set session_replication_role = replica; delete from transfer where code in (13, 14); set session_replication_role = origin"
    )
    text = "".join(
        line for line in statement(town.operators.books).splitlines(keepends=True)
        if line.startswith("Receipt") or row["receipt"] in line
    )  # fmt: skip
    found = await reconcile.import_statement(town.rt, "mpesa", text)
    assert [f.kind for f in found.findings] == ["paid_open_here"]
    now = await town.rt.db.row("select state, receipt from payout")
    assert (now["state"], now["receipt"]) == ("paid", row["receipt"])
    before = await town.count("transfer")
    await reconcile.import_statement(town.rt, "mpesa", text)
    assert await town.count("transfer") == before, "the same file again changes nothing"


async def test_money_that_left_without_a_record_stops_the_provider_until_it_is_explained(
    town, amina
):
    header = statement(town.operators.books).splitlines()[0]
    stranger = "EXT1,21-11-2026 15:00:00,21-11-2026 15:00:00,Business Payment to Customer to 254700000999 - X Y,Completed,,-77.00,,true,,254700000999 - X Y,,"
    found = await reconcile.import_statement(town.rt, "mpesa", f"{header}\n{stranger}\n")
    assert [(f.kind, f.amount_minor) for f in found.findings] == [("missing_here", 7700)]
    await amina.texts("PAY")
    await town.ticks()
    assert await town.value("select state from payout") == "queued", (
        "nothing is sent while it stands still"
    )
    (finding,) = await reconciliations.open_findings(town.rt.db)
    await reconciliations.explain_finding(
        town.rt.db, finding["id"], "Wanjiku", "rent, paid from the wrong account"
    )
    await town.pays_out()
    assert await town.value("select state from payout") == "paid"
    suspense = await town.value(
        "select -sum(amount)::bigint from transfer t join account a on a.id = t.debit where a.kind = 'suspense'"
    )
    assert suspense == -7700, "and the seventy-seven shillings are not forgotten"
