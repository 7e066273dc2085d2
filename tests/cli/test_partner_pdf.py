# pyright: basic
"""A partner's statement and invoice on paper: every line of the text form, on as many pages."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

from gateway.cli.people.partners.as_pdf import invoice_pdf, statement_pdf
from gateway.payments.ledger.chart_of_accounts import Code
from gateway.steps.people.partners.statements import PartnerStatement, invoice_text
from gateway.store.people.partners.earnings import PartnerStatementLine
from gateway.store.people.partners.invoices import Invoice, InvoiceItem
from gateway.workers.partners.invoices import InvoiceState

DAY = date(2026, 11, 30)


def words(pdf: bytes) -> str:
    """Return the text of a PDF, in the order of its lines."""
    found = re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", pdf)
    return " ".join(re.sub(r"\\(.)", r"\1", one.decode("cp1252")) for one in found)


def line(n: int, **given) -> PartnerStatementLine:
    told = {"day": DAY, "code": Code.PARTNER_EARN, "batch": f"b_{n}", "reference": ""} | given
    return PartnerStatementLine(**told, transfers=n, payable_minor=100 * n, kept_minor=0)


def test_a_statement_has_every_line_and_its_balance_on_several_pages():
    lines = (*(line(n) for n in range(1, 120)), line(2, code=Code.PARTNER_PAID, batch="", reference="KIBERA-2026-0001"))  # fmt: skip
    found = PartnerStatement(
        "KIBERA", "Kibera (Digital) Centre", "KES", DAY, DAY, 500, 250, lines, 700
    )
    pdf = statement_pdf(found)
    assert pdf.startswith(b"%PDF")
    said = words(pdf)
    for n in range(1, 120):
        assert f", b_{n} " in said
    for shown in found.text().split("\n"):
        for amount in re.findall(r"KES [\d,.]+", shown):
            assert amount in said
    assert "Kibera (Digital) Centre (KIBERA)" in said
    assert "KIBERA-2026-0001" in said
    assert "given back for wrong answers from later earnings: KES 7" in said
    assert "page 3 of" in said


def test_an_invoice_has_its_items_rate_reviewers_and_payment():
    invoice = Invoice(
        id=1, number="KIBERA-2026-0001", partner=1, code="KIBERA", name="Kibera Digital Centre", currency="KES",
        first_day=date(2026, 11, 1), last_day=DAY, amount_minor=123_456, state=InvoiceState.PAID, pay_currency="USD",
        pay_amount_minor=951, rate=Decimal("0.0077"), rate_on=DAY, rate_source="Central Bank of Kenya", drafted_by="Grace",
        drafted_at=datetime(2026, 11, 30, tzinfo=UTC), paid_way="bank", paid_reference="BANK-0977", paid_on=DAY,
        items=(InvoiceItem(Code.PARTNER_EARN, "b_1", 70, 100_000), InvoiceItem(Code.REINVEST_RELEASED, "", 1, 23_456)),
        reviewers=("Asha", "Juma"),
    )  # fmt: skip
    said = words(invoice_pdf(invoice))
    for shown in invoice_text(invoice).casefold().replace(",", " ").split():
        assert shown.strip("()") in said.casefold(), shown
    assert "Released by checked expenses (1)" in said
