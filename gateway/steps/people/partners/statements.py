"""The texts about a partner's money: its statement, invoices, and the report on reinvestment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.base.errors import Refused
from gateway.base.money import amount_text
from gateway.payments.ledger.chart_of_accounts import Code
from gateway.steps.runtime import Runtime
from gateway.store.people.partners import corrections, earnings, expenses, profiles
from gateway.store.people.partners.earnings import PartnerPeriod, PartnerStatementLine
from gateway.store.people.partners.expenses import Expense
from gateway.store.people.partners.invoices import Invoice, InvoiceItem
from gateway.workers.partners.reinvestment import REINVEST_PERCENT, Reinvestment

COLUMNS = ("day", "what", "batch", "reference", "transfers", "payable", "kept_for_reinvestment")
"""The columns of a statement as CSV. Amounts are in minor units."""

_WORDS = {
    Code.PARTNER_EARN: "Accepted answers, payable part",
    Code.PARTNER_REINVEST: f"Accepted answers, the {REINVEST_PERCENT} % to reinvest",
    Code.REINVEST_RELEASED: "Released by checked expenses",
    Code.PARTNER_PAID: "Invoice paid from the bank",
    Code.PARTNER_PAID_OUT: "Invoice paid by mobile money",
    Code.PARTNER_CORRECTED: "Given back for wrong answers",
    Code.REINVEST_CORRECTED: "Given back for wrong answers",
}


@dataclass(frozen=True, slots=True)
class PartnerStatement:
    """A partner's statement in one currency. Amounts are in minor units.

    `owed_back_minor` is what it has to give back for wrong answers from later earnings.
    """

    code: str
    name: str
    currency: str
    first: date
    last: date
    payable_before_minor: int
    kept_before_minor: int
    lines: tuple[PartnerStatementLine, ...]
    owed_back_minor: int

    @property
    def payable_minor(self) -> int:
        return self.payable_before_minor + sum(line.payable_minor for line in self.lines)

    @property
    def kept_minor(self) -> int:
        return self.kept_before_minor + sum(line.kept_minor for line in self.lines)

    def text(self) -> str:
        """Return the statement as text for a printer."""
        rows = [
            f"Statement of {self.name} ({self.code}), {self.first} to {self.last}, in {self.currency}",
            f"{'':<60}{'payable':>18}{'to reinvest':>18}",
            self._row("Balance before", self.payable_before_minor, self.kept_before_minor),
        ]
        for one in self.lines:
            what = f"{one.day}  {words_of(one.code)}"
            rest = one.batch or one.reference
            if rest:
                what += f", {rest}"
            if one.transfers > 1:
                what += f" ({one.transfers:,})"
            rows.append(self._row(what, one.payable_minor, one.kept_minor))
        rows.append(self._row("Balance", self.payable_minor, self.kept_minor))
        if self.owed_back_minor:
            owed = amount_text(self.owed_back_minor, self.currency)
            rows.append(f"To be given back for wrong answers from later earnings: {owed}")
        return "\n".join(rows) + "\n"

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Yield the rows of the statement as CSV, under `COLUMNS`."""
        before = (self.payable_before_minor, self.kept_before_minor)
        yield (self.first, "Balance before", "", "", "", *before)
        for one in self.lines:
            yield (
                one.day,
                words_of(one.code),
                one.batch,
                one.reference,
                one.transfers,
                one.payable_minor,
                one.kept_minor,
            )
        yield (self.last, "Balance", "", "", "", self.payable_minor, self.kept_minor)

    def _row(self, what: str, payable_minor: int, kept_minor: int) -> str:
        amounts = (amount_text(minor, self.currency) for minor in (payable_minor, kept_minor))
        return f"{what:<60}" + "".join(f"{amount:>18}" for amount in amounts)


def words_of(code: Code) -> str:
    """Return the words for a transfer on a partner's accounts."""
    return _WORDS.get(code, code.name.replace("_", " ").capitalize())


async def statement(
    rt: Runtime, code: str, currency: str, first: date | None, last: date | None
) -> PartnerStatement:
    """Return a partner's statement. Without days it covers everything up to today (UTC)."""
    partner = await profiles.by_code(rt.db, code)
    currency = currency.upper()
    found = await earnings.lines(rt.db, partner.id, currency)
    last = last or rt.clock.now().date()
    first = first or (found[0].day if found else last)
    if first > last:
        raise Refused(f"{first} is after {last}", field="from")
    before = [line for line in found if line.day < first]
    return PartnerStatement(
        code=partner.code,
        name=partner.name,
        currency=currency,
        first=first,
        last=last,
        payable_before_minor=sum(line.payable_minor for line in before),
        kept_before_minor=sum(line.kept_minor for line in before),
        lines=tuple(line for line in found if first <= line.day <= last),
        owed_back_minor=await corrections.owed_back(rt.db, partner.id, currency),
    )


def invoice_text(invoice: Invoice) -> str:
    """Return an invoice as text, with its items, its rate, its reviewers and its payment."""
    lines = [
        f"Invoice {invoice.number} of {invoice.name} ({invoice.code})",
        f"Period {invoice.first_day} to {invoice.last_day}, drafted {invoice.drafted_at:%Y-%m-%d} by {invoice.drafted_by}",
        f"State {invoice.state.replace('_', ' ')}"
        + (f", reviewed by {' and '.join(invoice.reviewers)}" if invoice.reviewers else ""),
    ]
    for item in invoice.items:
        what = (
            f"{words_of(item.code)}{f', {item.batch}' if item.batch else ''} ({item.transfers:,})"
        )
        lines.append(f"  {what:<66}{amount_text(item.amount_minor, invoice.currency):>18}")
    lines.append(f"  {'Total':<66}{amount_text(invoice.amount_minor, invoice.currency):>18}")
    if invoice.rate is not None:
        pay = amount_text(invoice.pay_amount_minor, invoice.pay_currency)
        source = f", {invoice.rate_source}" if invoice.rate_source else ""
        lines.append(
            f"  {f'At {invoice.rate.normalize():f} of {invoice.rate_on}{source}':<66}{pay:>18}"
        )
    if invoice.paid_reference:
        lines.append(
            f"Paid on {invoice.paid_on} by {invoice.paid_way}, reference {invoice.paid_reference}"
        )
    return "\n".join(lines) + "\n"


INVOICE_COLUMNS = (
    "invoice",
    "state",
    "partner",
    "first_day",
    "last_day",
    "what",
    "batch",
    "transfers",
    "currency",
    "amount",
)
"""The columns of invoices as CSV, with one row per item. Amounts are in minor units."""


def invoice_rows(found: Sequence[Invoice]) -> Iterator[tuple[object, ...]]:
    """Yield the rows of invoices as CSV, under `INVOICE_COLUMNS`."""
    for invoice in found:
        for item in invoice.items:
            yield (*_head(invoice), *_item(item), invoice.currency, item.amount_minor)


def _head(invoice: Invoice) -> tuple[object, ...]:
    return (
        invoice.number,
        str(invoice.state),
        invoice.code,
        invoice.first_day,
        invoice.last_day,
    )


def _item(item: InvoiceItem) -> tuple[object, ...]:
    return words_of(item.code), item.batch, item.transfers


@dataclass(frozen=True, slots=True)
class ReportLine:
    """The earnings and the reinvestment of one partner in a period, in one currency."""

    period: PartnerPeriod
    reinvestment: Reinvestment


async def report(rt: Runtime, first: date, last: date, code: str | None = None) -> list[ReportLine]:
    """Return what each partner earned and reinvested between two days (UTC)."""
    if first > last:
        raise Refused(f"{first} is after {last}", field="from")
    if code is not None:
        await profiles.by_code(rt.db, code)
    return [
        ReportLine(one, Reinvestment(one.revenue_minor, one.reinvested_minor))
        for one in await earnings.periods(rt.db, first, last, code)
    ]


def report_text(found: Sequence[ReportLine], first: date, last: date) -> str:
    """Return the report as text, with a mark at each partner below the rule."""
    lines = [f"Reinvestment of partners, {first} to {last} (the rule: {REINVEST_PERCENT} %)"]
    for one in found:
        period, rule = one.period, one.reinvestment
        money = (
            amount_text(minor, period.currency)
            for minor in (period.revenue_minor, period.reinvested_minor)
        )
        revenue, reinvested = money
        percent = "-" if rule.percent is None else f"{rule.percent} %"
        line = (
            f"{period.code:<12} {period.answers:>9,} answers  revenue {revenue:>16}  "
            f"reinvested {reinvested:>16}  {percent:>7}"
        )
        if rule.is_below:
            line += f"  BELOW: {amount_text(rule.short_minor, period.currency)} short"
        if period.filed_minor:
            line += f"  ({amount_text(period.filed_minor, period.currency)} not checked yet)"
        lines.append(line)
    below = sum(one.reinvestment.is_below for one in found)
    lines.append(
        f"{below} of {len(found)} below the rule" if found else "no partner earned anything"
    )
    return "\n".join(lines) + "\n"


REPORT_COLUMNS = (
    "partner",
    "name",
    "currency",
    "from",
    "to",
    "answers",
    "revenue",
    "reinvested",
    "percent",
    "below",
    "short",
    "not_checked_yet",
    "paid",
)
"""The columns of the report as CSV. Amounts are in minor units."""


def report_rows(
    found: Sequence[ReportLine], first: date, last: date
) -> Iterator[tuple[object, ...]]:
    """Yield the rows of the report, under `REPORT_COLUMNS`."""
    for one in found:
        period, rule = one.period, one.reinvestment
        yield (
            period.code,
            period.name,
            period.currency,
            first,
            last,
            period.answers,
            period.revenue_minor,
            period.reinvested_minor,
            rule.percent,
            "yes" if rule.is_below else "no",
            rule.short_minor,
            period.filed_minor,
            period.paid_minor,
        )


async def expenses_of(rt: Runtime, code: str | None) -> list[Expense]:
    """Return the expenses of one partner or of all."""
    if code is not None:
        await profiles.by_code(rt.db, code)
    return await expenses.listed(rt.db, code)
