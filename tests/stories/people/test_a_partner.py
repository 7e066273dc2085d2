# pyright: basic
"""A partner's way from its application to a paid invoice, and what is refused on the way."""

from datetime import timedelta
from decimal import Decimal

import pytest

from gateway.base.errors import Refused
from gateway.payments.ledger import postings
from gateway.steps.people import persons, register
from gateway.steps.people.partners import admission, invoicing, spending, statements
from gateway.steps.people.partners.money import post
from gateway.steps.people.partners.view import partner_view
from gateway.workers.partners.criteria import CRITERIA, CriterionFinding
from gateway.workers.partners.invoices import InvoiceEvent

WHO = {"by": "Wanjiru", "because": "as agreed"}


@pytest.fixture
async def keys(town):
    return {name: (await persons.add_person(town.rt, name)).key for name in ("Asha", "Juma")}


async def meets(town, code, *names):
    """Wanjiru records criteria as met today, each with evidence and checker."""
    for name in names:
        found = CriterionFinding(
            criterion=name,
            met=True,
            figure="0.9",
            method="visit",
            evidence="report 12",
            seen_on=town.clock.now().date(),
            checked_by="Asha",
        )
        await admission.record_criterion(town.rt, code, found, **WHO)


async def becomes(town, code, *states):
    for state in states:
        await admission.change_state(town.rt, code, state, **WHO)


async def is_admitted(town, code="MATHARE"):
    """The partner applies, is screened, trained and becomes active."""
    await register.add_partner(town.rt, code, "Mathare Youth", by="Wanjiru")
    await meets(town, code, *CRITERIA)
    await becomes(town, code, "screened", "in training", "active")


async def works(person, most=100):
    reply, count = await person.texts("WORK"), 0
    while reply and "1 Yes" in reply and count < most:
        reply = await person.texts("1")
        count += 1
    return count


def spent(town, amount, document, **given):
    return spending.FiledExpense(
        kind=given.get("kind", "training"),
        spent_on=given.get("on", town.clock.now().date()),
        amount=amount,
        currency="KES",
        document=document,
        file=given.get("file"),
    )


async def test_a_partner_from_its_application_to_a_paid_invoice(town, keys):  # noqa: PLR0915  # one story
    rt = town.rt
    await register.add_partner(rt, "MATHARE", "Mathare Youth", by="Wanjiru", because="a letter")
    doris = town.meets("doris")
    await doris.joins("JOIN MATHARE")

    # It must be screened, and criteria come first.
    with pytest.raises(
        Refused, match=r"below_living_wage: never checked.*gateway partner criterion"
    ):
        await becomes(town, "MATHARE", "screened")
    await meets(town, "MATHARE", *(name for name, one in CRITERIA.items() if one.social))
    await becomes(town, "MATHARE", "screened", "in training")
    with pytest.raises(Refused, match="trial_accuracy"):
        await becomes(town, "MATHARE", "active")

    # An applicant's worker is paid for her answer, and the partner is not.
    trial = await town.posts_batch("Is it a trial?", partner_price="1.00")
    assert await works(doris) == 1
    assert (await trial.shows())["money"]["spent_minor"] == 300
    assert not await town.count("transfer", "code in (40, 41)")
    await town.ticks()

    await meets(town, "MATHARE", *CRITERIA)
    await becomes(town, "MATHARE", "active")
    batch = await town.posts_batch(
        *(f"Is shop {n} open?" for n in range(10)), partner_price="1.01", policy="fixed:2"
    )
    (quote,) = [(await town.client.asks("GET", f"/batches/{batch.id}/quote")).json()]
    assert quote["most_minor"] == 20 * 401
    assert quote["least_minor"] == 20 * 300
    assert (await batch.shows())["money"]["reserved_minor"] == 20 * 401
    assert await works(doris) == 10
    amina = await town.enrols("amina")
    assert await works(amina, 4) == 4
    money = (await batch.shows())["money"]
    assert (money["spent_minor"], money["partners_minor"]) == (14 * 401, 14 * 101)

    # Doris' partner may invoice 60 % at once; the rest waits for expenses.
    view = await partner_view(rt, "MATHARE", 100)
    (has,) = view.balances
    assert (has.payable_minor, has.kept_minor) == (600, 410)
    number = await spending.file_expense(
        rt, "MATHARE", spent(town, "3.00", "receipt 1"), by="Otieno"
    )
    otieno = (await persons.add_person(rt, "Otieno", "Asha", keys["Asha"])).key
    with pytest.raises(Refused, match="another person must check"):
        await spending.check_filed(rt, number, by="Otieno", key=otieno, because="mine")
    _, released = await spending.check_filed(
        rt, number, by="Asha", key=keys["Asha"], because="saw the receipt"
    )
    assert released == 300
    with pytest.raises(Refused, match="was checked by Asha before"):
        await spending.check_filed(rt, number, by="Juma", key=keys["Juma"], because="again")

    day = town.clock.now().date()
    usd = invoicing.Exchange("usd", "0.0077", day, "Central Bank of Kenya")
    made = await invoicing.draft(rt, "MATHARE", "KES", None, usd, **WHO)
    assert made.number == f"MATHARE-{day.year}-0001"
    assert made.amount_minor == 900
    assert (made.pay_amount_minor, made.rate, made.rate_on) == (7, Decimal("0.0077"), day)
    assert [item.amount_minor for item in made.items] == [600, 300]
    with pytest.raises(Refused, match="nothing was earned in KES up to"):
        await invoicing.draft(rt, "MATHARE", "KES", **WHO)

    # Two different persons review it, and it is paid once.
    asha, juma = ({"by": name, "key": keys[name], "because": "right"} for name in ("Asha", "Juma"))
    payment = invoicing.Payment("bank", "BANK-1")
    with pytest.raises(Refused, match="the invoice is draft"):
        await invoicing.pay(rt, made.number, payment, **asha)
    assert (await invoicing.review(rt, made.number, **asha)).state == "first_review"
    with pytest.raises(Refused, match="another person must do it"):
        await invoicing.review(rt, made.number, **asha)
    with pytest.raises(Refused, match="not her key"):
        await invoicing.review(rt, made.number, by="Juma", key="x", because="right")
    assert (await invoicing.review(rt, made.number, **juma)).state == "ready"
    paid, new = await invoicing.pay(rt, made.number, payment, **juma)
    assert (paid.state, new) == ("paid", True)
    _, new = await invoicing.pay(rt, made.number, payment, **juma)
    assert not new, "the same reference counts once"
    with pytest.raises(Refused, match="nothing more can happen"):
        await invoicing.pay(rt, made.number, invoicing.Payment("bank", "BANK-2"), **juma)
    assert await town.value("select sum(amount)::bigint from transfer where code = 43") == 900

    # What was paid left the account, and what is due for reinvestment is still there.
    said = await statements.statement(rt, "MATHARE", "KES", None, None)
    assert (said.payable_minor, said.kept_minor) == (0, 110)
    assert f"bank, {made.number}" in said.text()
    assert "KES 1.10" in said.text().splitlines()[-1]
    (line,) = await statements.report(rt, day.replace(day=1), day, "MATHARE")
    assert (line.period.revenue_minor, line.period.reinvested_minor) == (1010, 300)
    assert (line.reinvestment.percent, line.reinvestment.short_minor) == (29.7, 104)
    assert "BELOW: KES 1.04 short" in statements.report_text([line], day, day)
    assert "reference BANK-1" in statements.invoice_text(paid)

    # Every change has an author and a reason, and nothing of it can be changed.
    history = (await partner_view(rt, "MATHARE", 100)).history
    assert {event.event for event in history} == {
        "added",
        "criterion",
        "state",
        "expense",
        "invoice",
    }
    assert all(event.by and event.reason for event in history)
    with pytest.raises(Exception, match="append-only"):
        await rt.db.execute("update partner_event set reason = 'another'")
    await town.has_right_books()


async def test_one_document_counts_once_also_as_another_file_name(town, keys, tmp_path):
    rt, receipt = town.rt, tmp_path / "receipt.pdf"
    receipt.write_bytes(b"the same receipt")
    await spending.file_expense(rt, "KIBERA", spent(town, "5", "r 1", file=receipt), by="Grace")
    with pytest.raises(Refused, match="document 'R 1' was filed before"):
        await spending.file_expense(rt, "KIBERA", spent(town, "5", "R 1"), by="Grace")
    with pytest.raises(Refused, match="file was filed before"):
        await spending.file_expense(rt, "KIBERA", spent(town, "6", "r 2", file=receipt), by="Grace")
    (one,) = await statements.expenses_of(rt, "KIBERA")
    await spending.refuse_filed(rt, one.id, by="Asha", key=keys["Asha"], because="a copy")
    await spending.file_expense(rt, "KIBERA", spent(town, "5", "r 1", file=receipt), by="Grace")
    tomorrow = town.clock.now().date() + timedelta(days=1)
    for wrong, field in (
        ({"kind": "rent"}, "kind"),
        ({"on": tomorrow}, "spent_on"),
        ({"file": tmp_path / "none"}, "file"),
    ):
        with pytest.raises(Refused) as refused:
            await spending.file_expense(rt, "KIBERA", spent(town, "5", "r 3", **wrong), by="Grace")
        assert [fault.field for fault in refused.value.faults] == [field]


async def test_an_invoice_that_was_rejected_or_cancelled_is_drafted_again_in_full(town, keys):
    rt = town.rt
    (amina,) = await town.earned("amina")
    await town.posts_batch("Is it far?", "Is it near?", partner_price="2.00")
    assert await works(amina) == 2
    asha, juma = ({"by": name, "key": keys[name], "because": "see"} for name in ("Asha", "Juma"))
    first = await invoicing.draft(rt, "KIBERA", "KES", **WHO)
    await invoicing.end(rt, first.number, InvoiceEvent.REJECT, **asha)
    second = await invoicing.draft(rt, "KIBERA", "KES", **WHO)
    await invoicing.review(rt, second.number, **asha)
    await invoicing.review(rt, second.number, **juma)
    with pytest.raises(Refused, match="it allows cancel, pay"):
        await invoicing.end(rt, second.number, InvoiceEvent.REJECT, **asha)
    await invoicing.end(rt, second.number, InvoiceEvent.CANCEL, **asha)
    third = await invoicing.draft(rt, "KIBERA", "KES", **WHO)
    assert first.items == second.items == third.items
    assert third.amount_minor == 240
    assert len({one.number for one in (first, second, third)}) == 3
    await invoicing.end(rt, third.number, InvoiceEvent.CANCEL, **asha)
    mine = await invoicing.draft(rt, "KIBERA", "KES", by="asha", because="late")
    with pytest.raises(Refused, match="drafted this invoice"):
        await invoicing.review(rt, mine.number, **asha)


async def test_the_review_of_a_person_who_lost_her_authority_does_not_count(town, keys):
    rt = town.rt
    (amina,) = await town.earned("amina")
    await town.posts_batch("Is it far?", partner_price="2.00")
    await works(amina)
    invoice = await invoicing.draft(rt, "KIBERA", "KES", **WHO)
    await invoicing.review(rt, invoice.number, by="Asha", key=keys["Asha"], because="right")
    await persons.disable_person(rt, "Asha", "left", "Juma", keys["Juma"])
    with pytest.raises(Refused, match="the first reviewer may not decide any more"):
        await invoicing.review(rt, invoice.number, by="Juma", key=keys["Juma"], because="right")


async def test_money_paid_by_a_provider_meets_its_line_on_the_statement(town, keys):
    rt = town.rt
    provider = min(rt.providers)
    (amina,) = await town.earned("amina")
    await town.posts_batch("Is it far?", partner_price="5.00")
    await works(amina)
    invoice = await invoicing.draft(rt, "KIBERA", "KES", **WHO)
    for name in ("Asha", "Juma"):
        await invoicing.review(rt, invoice.number, by=name, key=keys[name], because="right")
    with pytest.raises(Refused, match="invoices are paid by bank"):
        await invoicing.pay(
            rt, invoice.number, invoicing.Payment("pigeon", "P1"), by="Asha", key=keys["Asha"], because="x"
        )  # fmt: skip
    await invoicing.pay(
        rt, invoice.number, invoicing.Payment(provider, "SGX1"), by="Asha", key=keys["Asha"], because="x"
    )  # fmt: skip
    suspense = """select coalesce(sum(case when a.id = t.credit then t.amount else -t.amount end), 0)::bigint
        from account a join transfer t on a.id in (t.credit, t.debit)
        where a.kind = 'suspense' and a.owner = 'unmatched_out'"""
    assert await town.value(suspense) == 300
    async with rt.db.transaction() as db:
        await post(rt, db, postings.unmatched_out(provider, "SGX1", 300, "KES"))
    assert await town.value(suspense) == 0, "the statement's line and the payment even out"
    await town.has_right_books()


async def test_a_partner_that_rests_earns_but_its_kept_tasks_are_open_to_all(town):
    await is_admitted(town)
    doris, amina = town.meets("doris"), await town.enrols("amina")
    await doris.joins("JOIN MATHARE")
    batch = await town.posts_batch(
        *(f"Shop {n}?" for n in range(6)), shares={"MATHARE": 1.0}, partner_price="1.00"
    )
    assert await works(amina) == 0, "all are kept for Mathare"
    assert await works(doris, 2) == 2
    _, freed = await admission.change_state(town.rt, "MATHARE", "resting", **WHO)
    assert freed == 4, "also the one in her hand"
    assert await works(amina) == 3
    assert await works(doris) == 1
    assert (await batch.shows())["money"]["partners_minor"] == 600
    refused = await town.client.asks(
        "POST", "/batches", json={"name": "n", "kind": "verification", "instructions": "i", "price": "1", "shares": {"MATHARE": 0.5}}
    )  # fmt: skip
    assert refused.status_code == 422
    assert "MATHARE is resting; only active partners get a share" in refused.text
    await becomes(town, "MATHARE", "applicant")
    await town.posts_batch("Is it late?", partner_price="1.00")
    await works(doris)
    assert await town.value("select count(*) from transfer where code = 41") == 6, "no agreement"


async def test_a_partner_that_rests_between_the_deal_and_the_start_keeps_no_task(town):
    await is_admitted(town)
    batch = await town.client.drafts(shares={"MATHARE": 1.0})
    tasks = [{"id": "t1", "text": "Is it?"}]
    await town.client.asks("POST", f"/batches/{batch.id}/tasks", json=tasks)
    await becomes(town, "MATHARE", "resting")
    await batch.changes("start")
    assert await works(await town.enrols("amina")) == 1
