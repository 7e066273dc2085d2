"""The commands `gateway partner invoice`: draft, two reviews, payment."""

from dataclasses import asdict
from typing import Annotated

import typer

from gateway.cli.json_output import CsvOut, Json, PdfOut, Raw, write_csv, write_file, write_json
from gateway.cli.option_groups import with_groups
from gateway.cli.people.keys import KeyedPerson
from gateway.cli.people.partners.options import (
    AnyPartner,
    LedgerCurrency,
    PartnerAuthor,
    PartnerCode,
    PartnerReason,
    author_of,
    day_or_none,
)
from gateway.cli.serving import with_runtime

app = typer.Typer(
    no_args_is_help=True, help="Draft, review and pay the invoices of partners, from the ledger."
)

InvoiceNumber = Annotated[
    str, typer.Argument(metavar="INVOICE", help="The invoice's number, e.g. KIBERA-2026-0001.")
]


@app.command("draft")
def draft(
    code: PartnerCode,
    currency: LedgerCurrency = "KES",
    to: Annotated[str | None, typer.Option(help="The last day (UTC). Default: today.")] = None,
    pay_in: Annotated[
        str | None, typer.Option(help="Another currency in which it is paid, e.g. USD.")
    ] = None,
    rate: Annotated[
        str | None, typer.Option(help="What 1 of the earnings' currency costs in the other.")
    ] = None,
    rate_on: Annotated[str | None, typer.Option(help="The day of the rate.")] = None,
    rate_source: Annotated[str, typer.Option(help="The source of the rate.")] = "",
    by: PartnerAuthor = None,
) -> None:
    """Draft an invoice over all that is payable and on no other invoice."""
    from gateway.steps.people.partners import invoicing, statements

    exchange = (
        invoicing.Exchange(pay_in or currency, rate, day_or_none(rate_on, "rate_on"), rate_source)
        if pay_in or rate or rate_on
        else None
    )
    made = with_runtime(
        lambda rt: invoicing.draft(
            rt,
            code,
            currency,
            day_or_none(to, "to"),
            exchange,
            by=author_of(by),
            because="the period is over",
        )
    )
    typer.echo(statements.invoice_text(made), nl=False)
    typer.echo(f"two other persons: gateway partner invoice review {made.number} --by NAME")


@app.command("list")
def listed(
    code: AnyPartner = None,
    csv: CsvOut = None,
    json: Json = None,
    *,
    unpaid: Annotated[
        bool, typer.Option("--unpaid", help="Only those that wait for a review or payment.")
    ] = False,
    raw: Raw = False,
) -> None:
    """List invoices with their period, amount, state and payment."""
    from gateway.base.money import amount_text
    from gateway.steps.people.partners import statements
    from gateway.store.people.partners import invoices

    found = with_runtime(lambda rt: invoices.listed(rt.db, code, unpaid=unpaid))
    if "-" not in (str(json), str(csv)):
        for one in found:
            paid = f"  {one.paid_way} {one.paid_reference}" if one.paid_reference else ""
            typer.echo(
                f"{one.number}  {one.first_day} to {one.last_day}  "
                f"{amount_text(one.amount_minor, one.currency):>16}  {one.state.replace('_', ' ')}{paid}"
            )
        typer.echo(f"{len(found)} invoices")
    write_csv(statements.INVOICE_COLUMNS, statements.invoice_rows(found), csv, raw=raw)
    write_json([asdict(one) for one in found], json)


@app.command("show")
def show(number: InvoiceNumber, pdf: PdfOut = None, json: Json = None) -> None:
    """Print an invoice with its items, reviews and payment."""
    from gateway.cli.people.partners.as_pdf import invoice_pdf
    from gateway.steps.people.partners import statements
    from gateway.store.people.partners import invoices

    found = with_runtime(lambda rt: invoices.by_number(rt.db, number))
    if pdf is not None:
        write_file(invoice_pdf(found), pdf)
    if not write_json(asdict(found), json):
        typer.echo(statements.invoice_text(found), nl=False)


@app.command("review")
@with_groups
def review(
    number: InvoiceNumber,
    person: KeyedPerson,
    because: PartnerReason = "the items agree with the ledger and the agreement",
) -> None:
    """Review an invoice. It is ready after two persons, neither of whom drafted it."""
    from gateway.steps.people.partners import invoicing

    hers = person.read()
    now = with_runtime(
        lambda rt: invoicing.review(rt, number, by=person.by, key=hers, because=because)
    )
    typer.echo(
        f"{now.number} is ready to be paid"
        if now.state == "ready"
        else f"noted; a second person must review {now.number}"
    )


@app.command("reject")
@with_groups
def reject(
    number: InvoiceNumber,
    because: PartnerReason,
    person: KeyedPerson,
) -> None:
    """Reject an invoice in review. Its items may be invoiced again."""
    from gateway.steps.people.partners import invoicing
    from gateway.workers.partners.invoices import InvoiceEvent

    hers = person.read()
    now = with_runtime(
        lambda rt: invoicing.end(
            rt, number, InvoiceEvent.REJECT, by=person.by, key=hers, because=because
        )
    )
    typer.echo(f"{now.number} is rejected")


@app.command("cancel")
@with_groups
def cancel(
    number: InvoiceNumber,
    because: PartnerReason,
    person: KeyedPerson,
) -> None:
    """Cancel an invoice that was not paid. Its items may be invoiced again."""
    from gateway.steps.people.partners import invoicing
    from gateway.workers.partners.invoices import InvoiceEvent

    hers = person.read()
    now = with_runtime(
        lambda rt: invoicing.end(
            rt, number, InvoiceEvent.CANCEL, by=person.by, key=hers, because=because
        )
    )
    typer.echo(f"{now.number} is cancelled")


@app.command("pay")
@with_groups
def pay(
    number: InvoiceNumber,
    reference: Annotated[str, typer.Option(help="The reference of the bank or the provider.")],
    person: KeyedPerson,
    way: Annotated[str, typer.Option(help="bank, or the provider's name.")] = "bank",
    on: Annotated[str | None, typer.Option(help="The day of the payment. Default: today.")] = None,
    because: PartnerReason = "the payment was made",
) -> None:
    """Book that a ready invoice was paid. A repeated reference counts once."""
    from gateway.base.money import amount_text
    from gateway.steps.people.partners import invoicing

    hers = person.read()
    payment = invoicing.Payment(way, reference, day_or_none(on, "on"))
    paid, new = with_runtime(
        lambda rt: invoicing.pay(rt, number, payment, by=person.by, key=hers, because=because)
    )
    amount = amount_text(paid.amount_minor, paid.currency)
    typer.echo(
        f"booked: {paid.number}, {amount}, {way} {reference}"
        if new
        else f"{reference} was booked for {paid.number} before; nothing changed"
    )
