# pyright: basic
"""A partner's money in any order of events: nothing is lost, and invoices equal the ledger."""

import random
from contextlib import suppress

import pytest

from gateway.base.errors import Refused
from gateway.steps.payouts.adjust import open_adjustment, record_adjustment_decision
from gateway.steps.people import persons
from gateway.steps.people.partners import invoicing, spending
from gateway.steps.people.partners.give_back import correct_partners
from gateway.store.ledger import adjustments, transfers
from gateway.store.people.partners import earnings, invoices, profiles
from gateway.workers.partners.invoices import InvoiceEvent
from gateway.workers.partners.reinvestment import split_price

KES = "KES"


async def works(person, most=100):
    reply, count = await person.texts("WORK"), 0
    while reply and "1 Yes" in reply and count < most:
        reply = await person.texts("1")
        count += 1
    return count


class Books:
    """The events of one partner's money, and the laws that hold after each."""

    def __init__(self, town, keys, partner, dice):
        self.town, self.rt, self.keys = town, town.rt, keys
        self.partner, self.dice = partner, dice
        self.documents = 0

    async def answers(self):
        await works(self.town["amina"], self.dice.randint(1, 3))

    async def spends(self):
        self.documents += 1
        given = spending.FiledExpense(
            self.dice.choice(["training", "salary", "community"]),
            self.town.clock.now().date(),
            f"{self.dice.randint(1, 400) / 100:.2f}",
            KES,
            f"receipt {self.documents}",
        )
        number = await spending.file_expense(self.rt, "KIBERA", given, by="Grace")
        decide = self.dice.choice(
            [spending.check_filed, spending.check_filed, spending.refuse_filed]
        )
        await decide(self.rt, number, by="Asha", key=self.keys["Asha"], because="seen")

    async def drafts(self):
        await invoicing.draft(self.rt, "KIBERA", KES, by="Grace", because="due")

    async def _one(self):
        found = await invoices.listed(self.rt.db, "KIBERA", unpaid=True)
        return self.dice.choice(found) if found else None

    async def reviews(self):
        if one := await self._one():
            by = self.dice.choice(["Asha", "Juma"])
            await invoicing.review(self.rt, one.number, by=by, key=self.keys[by], because="right")

    async def ends(self):
        if one := await self._one():
            event = self.dice.choice([InvoiceEvent.REJECT, InvoiceEvent.CANCEL])
            await invoicing.end(
                self.rt, one.number, event, by="Asha", key=self.keys["Asha"], because="wrong"
            )

    async def pays(self):
        if one := await self._one():
            payment = invoicing.Payment("bank", self.dice.choice([one.number, "BANK-1"]))
            await invoicing.pay(
                self.rt, one.number, payment, by="Juma", key=self.keys["Juma"], because="sent"
            )

    async def is_found_wrong(self):
        answer = await self.town.value(
            """select a.id from answer a where not exists (select from adjustment where answer_id = a.id)
               order by random() limit 1"""
        )
        if answer is None:
            return
        async with self.rt.db.transaction() as db:
            ref = await open_adjustment(self.rt, db, answer)
        await record_adjustment_decision(
            self.rt, ref, upheld=self.dice.random() < 0.8, who="Wanjiku"
        )
        await correct_partners(self.rt)
        await correct_partners(self.rt)

    async def is_right_after_all(self):
        answer = await self.town.value(
            "select answer_id from adjustment where state in ('standing', 'done') order by id limit 1"
        )
        if answer is not None:
            async with self.rt.db.transaction() as db:
                await adjustments.void_for(db, [answer], "Otieno")
            await correct_partners(self.rt)

    async def hold(self):
        """Check every law of the partner's money."""
        has = await earnings.balance(self.rt.db, self.partner, KES)
        total = {
            row["code"]: row["amount"]
            for row in await self.rt.db.rows(
                "select code, sum(amount)::bigint as amount from transfer group by code"
            )
        }
        earned, kept = total.get(40, 0), total.get(41, 0)
        released, paid = total.get(42, 0), total.get(43, 0)
        back, back_kept = total.get(45, 0), total.get(46, 0)
        assert has.payable_minor == earned + released - paid - back >= 0
        assert has.kept_minor == kept - released - back_kept >= 0
        assert has.free_minor >= 0, "no invoice shows what the ledger does not owe"
        found = await invoices.listed(self.rt.db, "KIBERA")
        assert all(one.amount_minor == sum(i.amount_minor for i in one.items) for one in found)
        settled = [one.amount_minor for one in found if one.state == "paid"]
        assert sum(settled) == paid, "every paid invoice is one payment in the ledger"
        items = await invoices.uninvoiced(
            self.rt.db, self.partner, KES, self.town.clock.now().date()
        )
        assert sum(item.amount_minor for item in items) == has.free_minor
        checked = await self.town.value(
            "select coalesce(sum(amount), 0)::bigint from partner_expense where state = 'checked'"
        )
        assert released <= checked
        assert released == await self.town.value(
            "select coalesce(sum(released), 0)::bigint from partner_expense"
        )
        assert back + back_kept == await self.town.value(
            "select coalesce(sum(taken), 0)::bigint from partner_correction"
        )
        prices = await self.town.value(
            """select coalesce(sum(b.partner_price), 0)::bigint from answer a join task t on t.id = a.task_id
               join batch b on b.id = t.batch_id"""
        )
        returned = await self.town.value(
            "select coalesce(sum(returned), 0)::bigint from partner_correction"
        )
        assert earned + kept == prices + returned, "each answer paid the price, once"
        await self.town.has_right_books()


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_nothing_is_lost_and_invoices_equal_the_ledger(town, seed):
    dice = random.Random(seed)
    keys = {name: (await persons.add_person(town.rt, name)).key for name in ("Asha", "Juma")}
    await town.enrols("amina")
    for price in ("0.07", "1.01", "2.50"):
        await town.posts_batch(*(f"Is {price} {n}?" for n in range(6)), partner_price=price)
    partner = (await profiles.by_code(town.rt.db, "KIBERA")).id
    books = Books(town, keys, partner, dice)
    events = [
        books.answers, books.answers, books.spends, books.drafts, books.reviews, books.reviews,
        books.reviews, books.ends, books.pays, books.pays, books.is_found_wrong,
        books.is_right_after_all,
    ]  # fmt: skip
    await books.answers()
    refused = 0
    for _ in range(35):
        with suppress(Refused):
            refused += 1
            await dice.choice(events)()
            refused -= 1
        await books.hold()
    assert refused < 30


async def test_a_partner_gives_its_price_back_with_an_answer_that_was_wrong(town):
    (amina,) = [await town.enrols("amina")]
    batch = await town.posts_batch("Is it far?", "Is it near?", partner_price="1.01")
    assert await works(amina) == 2
    await town.ticks()
    assert (await batch.shows())["state"] == "done"
    before = await town.client.available_minor()
    answer = await town.value("select min(id) from answer")
    async with town.rt.db.transaction() as db:
        ref = await open_adjustment(town.rt, db, answer)
    await town.ticks()
    assert not await town.count("partner_correction"), "she may still appeal"
    await record_adjustment_decision(town.rt, ref, upheld=True, who="Wanjiku")
    await town.ticks()
    payable, kept = split_price(101)
    partner = (await profiles.by_code(town.rt.db, "KIBERA")).id
    has = await earnings.balance(town.rt.db, partner, KES)
    assert (has.payable_minor, has.kept_minor) == (payable, kept)
    assert (
        await town.value("select sum(amount)::bigint from transfer where code in (45, 46)") == 101
    )
    hers = await town.value("select coalesce(sum(amount), 0)::bigint from transfer where code = 6")
    assert await town.client.available_minor() == before + 101 + hers, "the client has it back"
    assert (await batch.shows())["money"]["partners_minor"] == 101
    async with town.rt.db.transaction() as db:
        await adjustments.void_for(db, [answer], "Otieno")
    await town.ticks()
    await town.ticks()
    has = await earnings.balance(town.rt.db, partner, KES)
    assert (has.payable_minor, has.kept_minor) == (2 * payable, 2 * kept), "it was right after all"
    assert (await batch.shows())["money"]["partners_minor"] == 202
    assert await town.client.available_minor() == before
    assert await town.count("partner_correction", "taken = amount") == 1
    await town.has_right_books()


async def test_what_was_paid_to_a_partner_is_taken_from_later_earnings(town):
    keys = {name: (await persons.add_person(town.rt, name)).key for name in ("Asha", "Juma")}
    amina = await town.enrols("amina")
    await town.posts_batch("Is it far?", partner_price="1.00")
    await works(amina)
    invoice = await invoicing.draft(town.rt, "KIBERA", KES, by="Grace", because="due")
    for by, key in keys.items():
        await invoicing.review(town.rt, invoice.number, by=by, key=key, because="right")
    answer = await town.value("select min(id) from answer")
    async with town.rt.db.transaction() as db:
        ref = await open_adjustment(town.rt, db, answer)
    await record_adjustment_decision(town.rt, ref, upheld=True, who="Wanjiku")
    await correct_partners(town.rt)
    partner = (await profiles.by_code(town.rt.db, "KIBERA")).id
    has = await earnings.balance(town.rt.db, partner, KES)
    assert (has.payable_minor, has.open_minor, has.kept_minor) == (60, 60, 0), (
        "invoiced money stays"
    )
    await invoicing.pay(
        town.rt, invoice.number, invoicing.Payment("bank", "B1"), by="Asha", key=keys["Asha"], because="x"
    )  # fmt: skip
    await town.posts_batch("Is it new?", "Is it old?", partner_price="1.00")
    await works(amina)
    await correct_partners(town.rt)
    has = await earnings.balance(town.rt.db, partner, KES)
    assert (has.payable_minor, has.kept_minor) == (60, 80)
    assert await town.count("partner_correction", "taken = amount") == 1
    await town.has_right_books()


async def test_the_audit_finds_an_answer_that_paid_a_partner_another_price(town):
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Is it far?", partner_price="1.01")
    assert await works(amina) == 1
    await town.has_right_books()
    await town.rt.db.execute("update batch set partner_price = 102 where id = $1", batch.id)
    (fault,) = (await transfers.audit(town.rt.db)).faults
    assert "paid 101 to a partner, its batch's price is 102" in fault
    await town.rt.db.execute("update batch set partner_price = 101 where id = $1", batch.id)
