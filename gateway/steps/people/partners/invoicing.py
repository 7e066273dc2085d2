"""The invoices of partners: drafted from the ledger, reviewed by two persons, paid once.

Every step locks the partner first. So two invoices never hold the same money, and nothing is paid
above what the ledger owes.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from gateway.base.errors import Refused
from gateway.base.money import amount_text
from gateway.base.text.strings import line
from gateway.payments.ledger import partner_postings
from gateway.steps.people.partners.money import post, settle
from gateway.steps.people.partners.words import author, reason_given
from gateway.steps.runtime import Runtime
from gateway.store.db import Connection
from gateway.store.people import persons
from gateway.store.people.partners import earnings, invoices, profiles
from gateway.store.people.partners.invoices import Invoice, NewInvoice
from gateway.store.people.partners.profiles import PartnerChange
from gateway.workers.partners.invoices import (
    InvoiceEvent,
    InvoiceState,
    check_rate,
    converted,
    next_state,
    parse_rate,
)
from gateway.workers.partners.reinvestment import same_person

BANK = "bank"
_REFERENCE_MAX, _SOURCE_MAX = 100, 200
_REVIEWS = 2


@dataclass(frozen=True, slots=True)
class Exchange:
    """The currency in which an invoice is paid, with the rate, its day and its source.

    `rate` is what one unit of the invoice's currency costs in the other one, as text.
    """

    currency: str
    rate: str | None = None
    rate_on: date | None = None
    source: str = ""


async def draft(  # Each argument is one word of the command.
    rt: Runtime,
    code: str,
    currency: str,
    last_day: date | None = None,
    exchange: Exchange | None = None,
    *,
    by: str,
    because: str,
) -> Invoice:
    """Draft an invoice over all that the ledger owes and no other invoice shows.

    It covers the time up to the end of `last_day` (UTC), by default until now. Raises Refused where
    nothing is left to be invoiced.
    """
    today = rt.clock.now().date()
    last_day = last_day or today
    currency = currency.upper()
    rate = parse_rate(exchange.rate) if exchange and exchange.rate else None
    pay_currency = exchange.currency.upper() if exchange else currency
    check_rate(currency, pay_currency, rate, exchange.rate_on if exchange else None, today)
    async with rt.db.transaction() as db:
        partner = await profiles.locked(db, code)
        await settle(rt, db, partner.id, currency)
        items = await invoices.uninvoiced(db, partner.id, currency, last_day)
        amount_minor = sum(item.amount_minor for item in items)
        if amount_minor <= 0:
            raise Refused(await _nothing(db, partner.id, currency, last_day), status=409)
        made, before = await invoices.place(db, partner.id, currency)
        began = await earnings.first_earning(db, partner.id, currency)
        first = before or (began.date() if began else last_day)
        new = NewInvoice(
            number=f"{partner.code}-{today.year}-{made + 1:04}",
            partner=partner.id,
            currency=currency,
            first_day=min(first, last_day),
            last_day=last_day,
            items=items,
            pay_currency=pay_currency,
            pay_amount_minor=_pay_amount(amount_minor, currency, rate, pay_currency),
            rate=rate,
            rate_on=exchange.rate_on if exchange else None,
            rate_source=line(exchange.source, "source", _SOURCE_MAX, least=0) if exchange else "",
            drafted_by=author(by),
        )
        await invoices.add(db, new)
        await _note(db, partner.id, new.number, "", InvoiceState.DRAFT, by, because)
        return await invoices.by_number(db, new.number)


def _pay_amount(amount_minor: int, currency: str, rate: Decimal | None, pay_currency: str) -> int:
    if rate is None:
        return amount_minor
    pay_minor = converted(amount_minor, currency, rate, pay_currency)
    if pay_minor <= 0:
        raise Refused(f"at this rate nothing is left in {pay_currency}", field="rate")
    return pay_minor


async def _nothing(db: Connection, partner: int, currency: str, last_day: date) -> str:
    has = await earnings.balance(db, partner, currency)
    kept = amount_text(has.kept_minor, currency)
    opened = amount_text(has.open_minor, currency)
    return (
        f"nothing was earned in {currency} up to {last_day} that could be invoiced: {opened} stand on unpaid invoices, "
        f"and {kept} are due for reinvestment until expenses are checked"
    )


async def review(rt: Runtime, number: str, *, by: str, key: str, because: str) -> Invoice:
    """Review an invoice in the name of one person. After two different persons it is ready.

    Raises Refused for the person who drafted it, for a second review by the same person, and where
    the ledger does not owe the amount any more.
    """
    async with rt.db.transaction() as db:
        invoice = await invoices.locked(db, number)
        becomes = next_state(invoice.state, InvoiceEvent.REVIEW)
        person = await persons.person_of(db, by.strip(), key)
        if same_person(by, invoice.drafted_by):
            raise Refused(f"{by} drafted this invoice; another person must review it", field="by")
        await invoices.review(db, invoice.id, person)
        if becomes is InvoiceState.READY:
            if await invoices.reviewers_count(db, invoice.id) < _REVIEWS:
                raise Refused(
                    "the first reviewer may not decide any more: cancel the invoice and draft it anew",
                    status=409,
                )
            await _check_owed(db, invoice)
        await invoices.set_state(db, invoice.id, becomes)
        await _note(db, invoice.partner, invoice.number, invoice.state, becomes, by, because)
        return await invoices.by_number(db, invoice.number)


async def end(
    rt: Runtime, number: str, event: InvoiceEvent, *, by: str, key: str, because: str
) -> Invoice:
    """Reject or cancel an invoice. What it showed may then be invoiced again."""
    async with rt.db.transaction() as db:
        invoice = await invoices.locked(db, number)
        becomes = next_state(invoice.state, event)
        await persons.person_of(db, by.strip(), key)
        await invoices.set_state(db, invoice.id, becomes)
        await _note(db, invoice.partner, invoice.number, invoice.state, becomes, by, because)
        return await invoices.by_number(db, invoice.number)


@dataclass(frozen=True, slots=True)
class Payment:
    """The payment of an invoice: `way` is `bank` or a provider's name, `on` the day."""

    way: str
    reference: str
    on: date | None = None


async def pay(
    rt: Runtime, number: str, payment: Payment, *, by: str, key: str, because: str
) -> tuple[Invoice, bool]:
    """Book that a ready invoice was paid. Return it, and whether that is new.

    The same reference for the same invoice counts once. Raises Refused for an invoice that is not
    ready, for a reference that paid another one, and for more than the ledger owes.
    """
    reference = line(payment.reference, "reference", _REFERENCE_MAX)
    on, today = payment.on or rt.clock.now().date(), rt.clock.now().date()
    if payment.way != BANK and payment.way not in rt.providers:
        ways = ", ".join((BANK, *sorted(rt.providers)))
        raise Refused(f"no way {payment.way!r}; invoices are paid by {ways}", field="way")
    if on > today:
        raise Refused(f"{on} has not come yet", field="on")
    async with rt.db.transaction() as db:
        invoice = await invoices.locked(db, number)
        await persons.person_of(db, by.strip(), key)
        if (invoice.paid_way, invoice.paid_reference) == (payment.way, reference):
            return invoice, False
        becomes = next_state(invoice.state, InvoiceEvent.PAY)
        await _check_owed(db, invoice)
        make = partner_postings.paid if payment.way == BANK else partner_postings.paid_out
        await invoices.set_paid(db, invoice.id, payment.way, reference, on)
        await post(
            rt, db, make(invoice.id, invoice.partner, invoice.amount_minor, invoice.currency)
        )
        await _note(db, invoice.partner, invoice.number, invoice.state, becomes, by, because)
        return await invoices.by_number(db, invoice.number), True


async def _check_owed(db: Connection, invoice: Invoice) -> None:
    """Raise Refused where the ledger owes less than the invoice says."""
    has = await earnings.balance(db, invoice.partner, invoice.currency)
    if has.payable_minor < invoice.amount_minor:
        owed = amount_text(max(0, has.payable_minor), invoice.currency)
        raise Refused(
            f"the ledger owes {owed}, less than {amount_text(invoice.amount_minor, invoice.currency)}: "
            "cancel the invoice and draft it anew",
            status=409,
        )


async def _note(
    db: Connection, partner: int, number: str, was: str, becomes: str, by: str, because: str
) -> None:
    change = PartnerChange(
        "invoice", author(by), reason_given(because), subject=number, was=was, becomes=becomes
    )
    await profiles.note(db, partner, change)
