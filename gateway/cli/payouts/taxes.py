"""The commands `gateway ledger taxes` and `tax-paid`: taxes withheld for the authority and paid."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.json_output import Json, Raw, write_csv, write_json


def taxes(
    month: Annotated[str, typer.Option(help="2026-11. Default: this month (UTC).")] = "",
    csv: Annotated[
        Path | None, typer.Option(help="Write every payout as CSV; - is stdout.")
    ] = None,
    json: Json = None,
    *,
    raw: Raw = False,
) -> None:
    """Show the taxes that were withheld in a month, per tax, or with --csv per payout."""
    from gateway.base.money import amount_text
    from gateway.cli.serving import with_runtime
    from gateway.store.payouts import taxes as store

    day = _first(month) if month else datetime.now(UTC).date()
    rows = with_runtime(lambda rt: store.of_month(rt.db, day.year, day.month))
    found = store.totals(rows)
    if "-" not in (str(json), str(csv)):
        for one in found:
            owed = amount_text(one.amount_minor, one.currency)
            base = amount_text(one.base_minor, one.currency)
            typer.echo(f"{one.country} {one.name}: {owed} on {base}, {one.workers} workers")
            if one.handed_over_minor:
                paid, left = (
                    amount_text(minor, one.currency)
                    for minor in (one.handed_over_minor, one.owed_minor)
                )
                typer.echo(f"  paid over {paid}, still owed {left}")
        typer.echo(f"{len(rows)} movements in {day:%Y-%m}" if rows else "nothing was withheld")
    columns = ("at", "country", "name", "what", "worker", "ref", "currency", "base", "amount")
    write_csv(columns, ([row[c] for c in columns] for row in rows), csv, raw=raw)
    write_json(
        {"totals": [asdict(one) for one in found], "movements": [dict(row) for row in rows]}, json
    )


def tax_paid(  # Each parameter is one argument or option of the command.
    country: Annotated[str, typer.Argument(help="The country as in the settings, e.g. KE.")],
    name: Annotated[str, typer.Argument(help="The tax, e.g. WHT.")],
    amount: Annotated[
        str | None, typer.Argument(help="In major units. Default: all that is owed for the month.")
    ] = None,
    *,
    month: Annotated[str, typer.Option(help="The month for which it was withheld: 2026-11.")],
    reference: Annotated[
        str, typer.Option(help="The payment's reference. A repeated one counts once.")
    ],
) -> None:
    """Book that a month's tax was paid to the authority, from the bank.

    The amount is deducted from the withheld money.
    """
    from gateway.base.money import amount_text
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts.remit_tax import hand_over

    day = _first(month)
    found = with_runtime(
        lambda rt: hand_over(rt, country, name, day.year, day.month, reference, amount)
    )
    said = amount_text(found.amount_minor, found.currency)
    left = amount_text(found.left_minor, found.currency)
    booked = "booked" if found.is_new else "was booked before:"
    typer.echo(f"{booked} {said} of {name} for {day:%Y-%m}; still owed {left}")


def _first(month: str) -> date:
    from gateway.base.errors import Refused

    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as bad:
        raise Refused(f"{month!r} is not a month; write it like 2026-11") from bad
