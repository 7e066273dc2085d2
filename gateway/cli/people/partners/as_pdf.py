"""The statement and the invoice of a partner as PDF, for a printer or an accountant."""

from gateway.base.money import amount_text
from gateway.cli.pdf_pages import GREEN, GREY, INK, MARGIN, WIDTH, PdfPages, width_of, wrapped
from gateway.steps.people.partners.statements import PartnerStatement, words_of
from gateway.store.people.partners.invoices import Invoice

_ROOM = WIDTH - 2 * MARGIN
_SIZE, _LINE = 9.0, 14.0
_AMOUNT = 95
"""The width of a column of amounts, in points."""


def statement_pdf(found: PartnerStatement) -> bytes:
    """Return a partner's statement: each line with what is payable and what is to be reinvested."""
    pages = PdfPages(f"Statement of {found.code}, {found.first} to {found.last}")
    _head(pages, "Statement", f"{found.name} ({found.code})")
    _told(pages, f"{found.first} to {found.last} (UTC), in {found.currency}")
    table = _Table(pages, ("payable", "to reinvest"))
    table.head("")
    table.row("Balance before", _shown(found, found.payable_before_minor, found.kept_before_minor))
    for one in found.lines:
        what = f"{one.day}  {words_of(one.code)}"
        if rest := one.batch or one.reference:
            what += f", {rest}"
        if one.transfers > 1:
            what += f" ({one.transfers:,})"
        table.row(what, _shown(found, one.payable_minor, one.kept_minor))
    table.total("Balance", _shown(found, found.payable_minor, found.kept_minor))
    if found.owed_back_minor:
        owed = amount_text(found.owed_back_minor, found.currency)
        _told(pages, f"To be given back for wrong answers from later earnings: {owed}")
    return pages.finished()


def invoice_pdf(invoice: Invoice) -> bytes:
    """Return an invoice with its items, its rate, its reviewers and its payment."""
    pages = PdfPages(f"Invoice {invoice.number}")
    _head(pages, f"Invoice {invoice.number}", f"{invoice.name} ({invoice.code})")
    _told(pages, f"Period {invoice.first_day} to {invoice.last_day} (UTC)")
    _told(pages, f"Drafted on {invoice.drafted_at:%Y-%m-%d} by {invoice.drafted_by}")
    state = f"State: {invoice.state.replace('_', ' ')}"
    if invoice.reviewers:
        state += f", reviewed by {' and '.join(invoice.reviewers)}"
    _told(pages, state)
    table = _Table(pages, ("amount",))
    table.head("")
    for item in invoice.items:
        batch = f", {item.batch}" if item.batch else ""
        amount = amount_text(item.amount_minor, invoice.currency)
        table.row(f"{words_of(item.code)}{batch} ({item.transfers:,})", (amount,))
    table.total("Total", (amount_text(invoice.amount_minor, invoice.currency),))
    if invoice.rate is not None:
        source = f", {invoice.rate_source}" if invoice.rate_source else ""
        rate = f"At {invoice.rate.normalize():f} of {invoice.rate_on}{source}"
        table.row(rate, (amount_text(invoice.pay_amount_minor, invoice.pay_currency),))
    if invoice.paid_reference:
        way, on = invoice.paid_way, invoice.paid_on
        _told(pages, f"Paid on {on} by {way}, reference {invoice.paid_reference}")
    return pages.finished()


def _head(pages: PdfPages, title: str, whose: str) -> None:
    pages.y -= 24
    pages.text(title, MARGIN, 20, font="bold")
    pages.y -= 22
    pages.text(whose, MARGIN, 12)


def _told(pages: PdfPages, text: str) -> None:
    pages.needs(_LINE)
    pages.y -= 2
    pages.paragraph(text, MARGIN, 10, _ROOM, GREY)


def _shown(found: PartnerStatement, *amounts: int) -> tuple[str, ...]:
    return tuple(amount_text(minor, found.currency) for minor in amounts)


class _Table:
    """Rows of words with amounts at their right, on as many pages as they need."""

    def __init__(self, pages: PdfPages, columns: tuple[str, ...]) -> None:
        self._pages, self._columns = pages, columns
        self._words = _ROOM - _AMOUNT * len(columns)

    def head(self, what: str) -> None:
        """Write the heads of the columns above a rule."""
        self._pages.y -= _LINE
        self._line(what, self._columns, bold=False)
        self._pages.box(MARGIN, _ROOM, 0.8, GREEN, up=-4)
        self._pages.y -= 3

    def row(self, what: str, amounts: tuple[str, ...]) -> None:
        """Write one row. Words that are too long go on in the next line."""
        first, *others = wrapped(what, _SIZE, self._words) or [""]
        self._pages.needs(_LINE * (1 + len(others)))
        self._line(first, amounts, bold=False)
        for one in others:
            self._line(one, (), bold=False)

    def total(self, what: str, amounts: tuple[str, ...]) -> None:
        """Write the last row, below a rule."""
        self._pages.needs(_LINE * 2)
        self._pages.y -= 4
        self._pages.box(MARGIN, _ROOM, 0.8, GREEN)
        self._line(what, amounts, bold=True)

    def _line(self, what: str, amounts: tuple[str, ...], *, bold: bool) -> None:
        pages, font = self._pages, "bold" if bold else "regular"
        pages.y -= _LINE
        pages.text(what, MARGIN, _SIZE, INK, font=font)
        for n, amount in enumerate(amounts, 1):
            right = MARGIN + self._words + n * _AMOUNT
            # Bold letters are a little wider than the widths that are known here.
            width = width_of(amount, _SIZE) * (1.06 if bold else 1)
            pages.text(amount, right - width, _SIZE, INK, font=font)
