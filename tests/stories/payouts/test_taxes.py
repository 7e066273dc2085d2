"""Taxes by a country's table.

They are withheld with a payout, told to the worker, and given back when it was not paid.
"""

import asyncio
import json
from datetime import date

import pytest

from gateway.base.errors import Refused
from gateway.gsm.segments import segments
from gateway.payments.ledger import postings
from gateway.settings import FeeBand, TaxRow
from gateway.simulator.faults import FaultPlan
from gateway.steps.payouts.remit_tax import hand_over
from gateway.store.ledger import statements, traces, transfers
from gateway.store.payouts import taxes


def kenya(town, *rows, **more):
    here = town.rt.settings.countries
    made = tuple(TaxRow.model_validate({"since": "2020-01-01", **row}) for row in rows)
    return {**here, "KE": here["KE"].model_copy(update={"taxes": made, **more})}


@pytest.fixture
async def amina(town, configure):
    """Amina has earned KES 30; Kenya takes 5 %."""
    configure(countries=kenya(town, {"name": "WHT", "percent": "5"}))
    (amina,) = await town.earned("amina")
    return amina


async def withheld(town):
    return await town.value(
        """select coalesce(sum(case when t.credit = a.id then t.amount else -t.amount end), 0)::bigint
           from account a join transfer t on a.id in (t.debit, t.credit) where a.kind = 'tax_withheld' and a.owner = 'KE'"""
    )


async def test_a_tax_is_withheld_told_and_owed(town, amina):
    asked = await amina.texts("PAY")
    # 5 % of 29.47 is 1.4735, so 1.47: KES 28 are sent, and 0.53 stay.
    assert "You asked for KES 28." in asked
    assert "Tax: KES 1.47." in asked
    assert (await amina.balance_minor(), await withheld(town)) == (53, 147)
    await town.pays_out()
    assert town.operator_books()["paid_minor"] == 2800
    receipt = next(
        words for words in await amina.messages() if words.startswith("We sent you KES 28")
    )
    assert "Tax: KES 1.47." in receipt
    assert "KES 0.53 left" in receipt
    why = await amina.texts("WHY")
    assert "Tax: KES 1.47." in why
    assert [segments(words) for words in (asked, receipt, why)] == [1, 1, 1]

    ref = await town.value("select ref from payout")
    scope = await statements.scope_for(town.rt.db, await amina.id(), None, date(2100, 1, 1))
    printed = await statements.statement(town.rt.db, scope)
    assert f"{ref} tax withheld: WHT" in printed
    links = await traces.of_payout(town.rt.db, ref)
    parts = {fate: sum(x.amount_minor for x in links if x.fate == fate) for fate in ("paid", "tax")}
    assert parts == {"paid": 2800, "tax": 147}
    assert (await transfers.audit(town.rt.db)).faults == ()


async def test_the_authoritys_month(town, amina):
    await amina.texts("PAY")
    await town.pays_out()
    now = await town.value("select at from transfer order by seq desc limit 1")
    rows = await taxes.of_month(town.rt.db, now.year, now.month)
    (total,) = taxes.totals(rows)
    assert (total.country, total.name, total.base_minor, total.amount_minor, total.workers) == (
        "KE",
        "WHT",
        2947,
        147,
        1,
    )
    assert json.dumps([dict(row) for row in rows], default=str).count("withheld") == 1
    assert await taxes.of_month(town.rt.db, now.year - 1, 12) == []


async def test_a_late_tax_that_she_could_only_partly_bear_is_on_one_base(town, amina):
    """It is booked in two parts, out of her balance and as overpaid.

    The taxed base is one amount all the same.
    """
    await amina.texts("PAY")
    await town.pays_out()
    payout, worker = await town.value("select id from payout"), await amina.id()
    back = postings.tax_back(payout, worker, "KE", "WHT", 147, "KES")
    late = postings.late_tax(payout, worker, "KE", "WHT", 147, "KES", balance_minor=50)
    for posted in (back, *late):
        debit, credit = [await town.rt.accounts.get(a) for a in (posted.debit, posted.credit)]
        async with town.rt.db.transaction() as db:
            await transfers.post(db, posted, debit, credit)
    now = await town.value("select at from transfer order by seq desc limit 1")
    (total,) = taxes.totals(await taxes.of_month(town.rt.db, now.year, now.month))
    assert (total.base_minor, total.amount_minor, total.workers) == (2947, 147, 1)


async def test_a_months_tax_is_handed_over_once_and_never_more_than_is_owed(town, amina):
    await amina.texts("PAY")
    await town.pays_out()
    now = await town.value("select at from transfer order by seq desc limit 1")
    rt, year, month = town.rt, now.year, now.month

    def pays(reference, amount=None, name="WHT"):
        return hand_over(rt, "KE", name, year, month, reference, amount)

    first = await pays("KRA-1", "1.00")
    assert (first.amount_minor, first.left_minor, first.is_new) == (100, 47, True)
    again = await pays("KRA-1", "1")
    assert (again.amount_minor, again.left_minor, again.is_new) == (100, 47, False)
    with pytest.raises(Refused, match="booked with KES 1"):
        await pays("KRA-1", "0.50")
    with pytest.raises(Refused, match=r"KES 0\.47 of WHT are owed"):
        await pays("KRA-2", "0.48")
    for wrong in ("", "a b", "a:b"):
        with pytest.raises(Refused, match="reference"):
            await pays(wrong)
    with pytest.raises(Refused, match="nothing was withheld as VAT"):
        await pays("KRA-2", name="VAT")
    both = await asyncio.gather(pays("KRA-2"), pays("KRA-3"), return_exceptions=True)
    assert sorted(isinstance(one, Refused) for one in both) == [False, True], "one after the other"
    assert await withheld(town) == 0
    rows = await taxes.of_month(rt.db, year, month)
    assert [row["what"] for row in rows] == ["withheld", "handed over", "handed over"]
    (total,) = taxes.totals(rows)
    assert (total.amount_minor, total.handed_over_minor, total.owed_minor) == (147, 147, 0)
    assert (await transfers.audit(rt.db)).faults == ()


async def test_a_tax_on_the_whole_payout_begins_above_an_amount(town, configure):
    whole = {"name": "WHT", "percent": "10", "above": "28", "whole": True}
    configure(countries=kenya(town, whole))
    (amina,) = await town.earned("amina")
    asked = await amina.texts("PAY")
    assert "You asked for KES 28." in asked
    assert "Tax" not in asked, "of KES 30 a tenth would be taken: 28 are more without it"


async def test_what_could_not_be_sent_is_not_taxed(town, configure):
    configure(countries=kenya(town, {"name": "WHT", "percent": "5"}))
    chege = town.meets("chege", "+254712092040")  # the simulator knows no customer there
    await chege.texts("JOIN KIBERA")
    await chege.texts("YES")
    await town.posts_batch("Is it open?", price="15.00")
    for words in ("WORK", "1", "PAY"):
        await chege.texts(words)
    assert await withheld(town) > 0
    await town.pays_out()
    assert await town.value("select state from payout") == "failed"
    assert (await chege.balance_minor(), await withheld(town)) == (1500, 0)
    assert any("KES 14.74 could not be sent" in words for words in await chege.messages())
    now = await town.value("select at from transfer order by seq desc limit 1")
    (total,) = taxes.totals(await taxes.of_month(town.rt.db, now.year, now.month))
    assert (total.base_minor, total.amount_minor) == (0, 0)
    assert (await transfers.audit(town.rt.db)).faults == ()


async def test_money_the_operator_sent_back_for_our_fault_goes_out_again_with_the_same_tax(
    town, amina
):
    town.operators.set_plan(FaultPlan(seed=7, rates={"b2c": {"float_empty": 1.0}}))
    await amina.texts("PAY")
    await town.ticks()
    await town.ticks(minutes=1)
    assert await town.count("payout", "replaces is not null") >= 1
    assert (await amina.balance_minor(), await withheld(town)) == (53, 147)


async def test_only_what_is_above_the_months_allowance_is_taxed(town, configure):
    configure(
        countries=kenya(town, {"name": "PAYE", "percent": "10", "above": "20", "per": "month"})
    )
    (amina,) = await town.earned("amina")
    assert "Tax" not in await amina.texts("PAY 15")
    await town.pays_out()
    # KES 5 more are free this month: of the other KES 10 one tenth is withheld.
    assert "You asked for KES 14. " in (asked := await amina.texts("PAY"))
    assert "Tax: KES 1." in asked


async def test_on_the_menu_the_tax_is_told_before_anything_is_sent(town, amina):
    await amina.dials()
    screen = await amina.presses("3")
    assert "Send KES 28 to this phone? Tax: KES 1.47." in screen
    await amina.presses("1")
    row = await town.rt.db.row("select amount, tax_amounts from payout")
    assert (row["amount"], row["tax_amounts"]) == (2800, [147])


async def test_a_country_without_a_table_withholds_nothing(town):
    (amina,) = await town.earned("amina")
    assert "Tax" not in await amina.texts("PAY")
    assert await withheld(town) == 0


TARIFF = (FeeBand(up_to=25, fee=0), FeeBand(up_to=1500, fee=3))


@pytest.fixture
def fees(town, configure):
    """Kenya's workers bear the operator's fee: nothing up to KES 25, KES 3 above."""
    mpesa = town.rt.settings.providers["mpesa"].model_copy(update={"fee_table": TARIFF})
    providers = {**town.rt.settings.providers, "mpesa": mpesa}
    configure(countries=kenya(town, fees_by="worker"), providers=providers)


async def test_a_fee_she_bears_is_told_taken_and_balanced(town, fees):
    (amina,) = await town.earned("amina")
    asked = await amina.texts("PAY 30")
    assert "You asked for KES 27." in asked
    assert "Fee: KES 3." in asked
    assert await amina.balance_minor() == 0
    await town.pays_out()
    receipt = next(
        words for words in await amina.messages() if words.startswith("We sent you KES 27")
    )
    assert "Fee: KES 3." in receipt
    assert "operator's fee" in await printed(town, amina)


async def test_at_a_tariffs_cliff_she_is_asked_first(town, fees):
    (amina,) = await town.earned("amina")
    advice = await amina.texts("PAY")
    # KES 2 less now save KES 3.
    assert advice.startswith("PAY 25 gives you KES 25, fee KES 0. PAY 30 gives KES 27, fee KES 3.")
    assert segments(advice) == 1
    assert await town.count("payout") == 0
    assert "You asked for KES 25." in await amina.texts("PAY 25")
    assert await amina.balance_minor() == 500


async def test_on_the_menu_the_cheaper_amount_is_offered(town, fees):
    (amina,) = await town.earned("amina")
    await amina.dials()
    assert "Send KES 25 to this phone?" in await amina.presses("3")
    await amina.presses("1")
    assert await town.value("select amount from payout") == 2500
    assert await amina.balance_minor() == 500


async def test_a_fee_comes_back_with_a_payout_that_was_not_paid(town, fees):
    chege = town.meets("chege", "+254712092040")  # the simulator knows no customer there
    await chege.texts("JOIN KIBERA")
    await chege.texts("YES")
    await town.posts_batch("Is it open?", price="40.00")
    for words in ("WORK", "1", "PAY"):
        await chege.texts(words)
    assert await town.value("select fee from payout") == 300
    await town.pays_out()
    assert await chege.balance_minor() == 4000


async def test_the_gateway_bears_the_fee_unless_the_country_says_otherwise(town, configure):
    mpesa = town.rt.settings.providers["mpesa"].model_copy(update={"fee_table": TARIFF})
    configure(providers={**town.rt.settings.providers, "mpesa": mpesa})
    (amina,) = await town.earned("amina")
    assert "You asked for KES 30." in await amina.texts("PAY")


async def printed(town, worker):
    scope = await statements.scope_for(town.rt.db, await worker.id(), None, date(2100, 1, 1))
    return await statements.statement(town.rt.db, scope)
