"""The commands `gateway partner expense`: what partners spent, and the check by another person."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gateway.base.bounds import INT8_MAX
from gateway.cli.json_output import CsvOut, Json, Raw, write_csv, write_json
from gateway.cli.option_groups import with_groups
from gateway.cli.people.keys import KeyedPerson
from gateway.cli.people.partners.options import (
    AnyPartner,
    LedgerCurrency,
    PartnerCode,
    PartnerReason,
    day,
)
from gateway.cli.serving import with_runtime

app = typer.Typer(
    no_args_is_help=True,
    help="Record what partners spent on training, salaries and their community.",
)

ExpenseNumber = Annotated[
    int, typer.Argument(min=1, max=INT8_MAX, help="The number in `gateway partner expense list`.")
]


@app.command("file")
def file_one(
    code: PartnerCode,
    kind: Annotated[str, typer.Argument(help="training, salary or community")],
    amount: Annotated[str, typer.Argument(help="In major units, e.g. 4500.00")],
    on: Annotated[str, typer.Option(help="The day of the expense, 2026-11-30.")],
    document: Annotated[str, typer.Option(help="The number of the receipt or contract.")],
    by: Annotated[str, typer.Option("--by", help="The person of the partner who files it.")],
    currency: LedgerCurrency = "KES",
    file: Annotated[
        Path | None, typer.Option(help="The document itself; its digest is kept.")
    ] = None,
) -> None:
    """File an expense of a partner. It counts after another person has checked it."""
    from gateway.steps.people.partners import spending

    given = spending.FiledExpense(kind, day(on, "on"), amount, currency, document, file)
    number = with_runtime(lambda rt: spending.file_expense(rt, code, given, by=by))
    typer.echo(f"filed as expense {number}; another person: gateway partner expense check {number}")


@app.command("list")
def listed(
    code: AnyPartner = None,
    csv: CsvOut = None,
    json: Json = None,
    *,
    raw: Raw = False,
) -> None:
    """List expenses with their documents, and the persons who filed and checked them."""
    from gateway.base.money import amount_text
    from gateway.steps.people.partners import statements

    found = with_runtime(lambda rt: statements.expenses_of(rt, code))
    if "-" not in (str(json), str(csv)):
        for one in found:
            said = f" by {one.checked_by}: {one.reason}" if one.checked_by else ""
            typer.echo(
                f"{one.id:>5}  {one.code}  {one.spent_on}  {one.kind:<9} "
                f"{amount_text(one.amount_minor, one.currency):>16}  {one.document}  "
                f"filed by {one.filed_by}, {one.state}{said}"
            )
        typer.echo(f"{len(found)} expenses")
    columns = (
        "id", "partner", "kind", "spent_on", "amount", "currency", "document", "sha256",
        "state", "filed_by", "filed_at", "checked_by", "checked_at", "reason", "released",
    )  # fmt: skip
    rows = (
        (
            one.id, one.code, str(one.kind), one.spent_on, one.amount_minor, one.currency,
            one.document, one.sha256.hex() if one.sha256 else "", one.state, one.filed_by,
            one.filed_at, one.checked_by, one.checked_at, one.reason, one.released_minor,
        )
        for one in found
    )  # fmt: skip
    write_csv(columns, rows, csv, raw=raw)
    write_json(
        [{**asdict(one), "sha256": one.sha256.hex() if one.sha256 else None} for one in found], json
    )


@app.command("check")
@with_groups
def check(
    number: ExpenseNumber,
    because: PartnerReason,
    person: KeyedPerson,
) -> None:
    """Confirm an expense whose document you saw. It releases money kept for reinvestment."""
    from gateway.base.money import amount_text
    from gateway.steps.people.partners import spending

    hers = person.read()
    expense, released = with_runtime(
        lambda rt: spending.check_filed(rt, number, by=person.by, key=hers, because=because)
    )
    typer.echo(
        f"checked; {amount_text(released, expense.currency)} of {expense.code} are payable now"
    )


@app.command("refuse")
@with_groups
def refuse(
    number: ExpenseNumber,
    because: PartnerReason,
    person: KeyedPerson,
) -> None:
    """Refuse an expense. It then counts nowhere, and its document may be filed again."""
    from gateway.steps.people.partners import spending

    hers = person.read()
    with_runtime(
        lambda rt: spending.refuse_filed(rt, number, by=person.by, key=hers, because=because)
    )
    typer.echo(f"expense {number} is refused")
