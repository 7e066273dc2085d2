"""The commands `gateway payouts` and `gateway statements`, for payouts that need an operator."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gateway.base.bounds import INT8_MAX
from gateway.cli.json_output import Json, write_json
from gateway.cli.people.keys import KeyFile, NoKey, read_key
from gateway.cli.people.persons import add as add_person

app = typer.Typer(
    no_args_is_help=True,
    help="Decide the payouts that need a person, and explain differences that stop a provider.",
)
statements = typer.Typer(
    no_args_is_help=True, help="Compare operators' statements with the gateway's books."
)


class Became(StrEnum):
    PAID = "paid"
    FAILED = "failed"


@app.command("list")
def waiting() -> None:
    """List the payouts that only a person can decide."""
    from gateway.base.money import amount_text
    from gateway.cli.serving import with_runtime
    from gateway.store.payouts import decisions

    rows = with_runtime(lambda rt: decisions.undecided_payouts(rt.db))
    for row in rows:
        word = (
            f"  {row['said_by']} says {'paid' if row['paid'] else 'failed'}"
            if row["said_by"]
            else ""
        )
        amount = amount_text(row["amount"], row["currency"])
        typer.echo(
            f"{row['ref']}  {row['provider']}  {amount}  since {row['first_sent_at']:%Y-%m-%d %H:%M}{word}"
        )
    typer.echo(f"{len(rows)} payouts wait for a decision")


@app.command("show")
def show(
    ref: Annotated[str, typer.Argument(help="The reference that the worker reads, e.g. P7K2QX.")],
    json: Json = None,
) -> None:
    """Show a payout in any state: what happened, what was booked, and whether it arrived."""
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts import resolve

    if json is not None:
        write_json(with_runtime(lambda rt: resolve.as_data(rt, ref)), json)
        return
    typer.echo(with_runtime(lambda rt: resolve.known(rt, ref)))


@app.command()
def evidence(
    ref: Annotated[str, typer.Argument(help="The reference that the worker reads, e.g. P7K2QX.")],
) -> None:
    """Print everything that is known about a payout on one page."""
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts import resolve

    typer.echo(with_runtime(lambda rt: resolve.evidence(rt, ref)))


app.command("person")(add_person)


@app.command("resolve")
def resolve_payout(
    ref: Annotated[str, typer.Argument(help="The reference that the worker reads, e.g. P7K2QX.")],
    became: Annotated[Became, typer.Option("--as", help="The true outcome at the operator.")],
    by: Annotated[str, typer.Option(help="Your name, as added with `gateway payouts person`.")],
    receipt: Annotated[str, typer.Option(help="The operator's receipt, if it paid.")] = "",
    key_file: KeyFile = None,
    key: NoKey = None,
) -> None:
    """Record the outcome of a payout. It takes effect when a second person records the same."""
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts import resolve

    hers = read_key(key_file, by)
    said = with_runtime(
        lambda rt: resolve.resolve_by_person(
            rt, ref, paid=became is Became.PAID, receipt=receipt, by=by, key=hers
        )
    )
    typer.echo(
        f"{said.ref} is {became} now"
        if said.confirmed
        else f"noted; a second person must decide the same about {said.ref}"
    )


@app.command()
def arrivals() -> None:
    """List the payouts that did not arrive according to their workers, and what waits for them."""
    from gateway.base.money import amount_text
    from gateway.cli.serving import with_runtime
    from gateway.store.payouts import arrivals as store

    rows = with_runtime(lambda rt: store.unreleased(rt.db))
    for row in rows:
        held = f"{row.waiting} payouts of its run wait" if row.holds else "holds nothing"
        typer.echo(
            f"{row.ref}  {amount_text(row.amount_minor, row.currency):>14}  {row.provider}  worker {row.worker}, "
            f"since {row.said_at:%Y-%m-%d %H:%M}; {held}"
        )
    typer.echo(f"{len(rows)} payouts did not arrive according to their workers")


class Found(StrEnum):
    ARRIVED = "arrived"
    MISSING = "missing"


@app.command("release-run")
def release_run(
    ref: Annotated[str, typer.Argument(help="The reference in `gateway payouts arrivals`.")],
    found: Annotated[Found, typer.Option(help="Your finding: did the money arrive?")],
    because: Annotated[str, typer.Option(help="How you know it. It is kept with the payout.")],
    by: Annotated[str, typer.Option(help="Your name, as added with `gateway payouts person`.")],
    key_file: KeyFile = None,
    key: NoKey = None,
) -> None:
    """Decide about a payout that did not arrive according to its worker. Its run then goes on.

    After `--found arrived`, a later "no" of the same worker holds no other payout.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts.fair_pay import arrivals as step

    hers = read_key(key_file, by)
    number = with_runtime(
        lambda rt: step.release_run(rt, ref, found.value, because, by=by, key=hers)
    )
    typer.echo(f"{ref.upper()} is decided; {number} payouts of its run go on")


@app.command()
def breaker() -> None:
    """List the unexplained differences, those that stop a provider first."""
    from gateway.cli.serving import with_runtime
    from gateway.store.payouts import reconciliations

    rows = with_runtime(lambda rt: reconciliations.open_findings(rt.db))
    for row in rows:
        stops = "STOPS" if row["stops"] else "     "
        ref = row["ref"] or "-"
        typer.echo(
            f"{row['id']:>6}  {stops}  {row['provider']}  {row['kind']}  receipt {row['receipt']}  payout {ref}"
            f"  {row['amount']} against {row['expected'] if row['expected'] is not None else '-'} minor units"
        )
    stopped = sorted({row["provider"] for row in rows if row["stops"]})
    typer.echo(f"stopped: {', '.join(stopped)}" if stopped else "no provider is stopped")


@app.command()
def explain(
    finding: Annotated[
        int, typer.Argument(min=1, max=INT8_MAX, help="The number in `gateway payouts breaker`.")
    ],
    by: Annotated[str, typer.Option(help="Your name.")],
    because: Annotated[str, typer.Option(help="The explanation.")],
    key_file: KeyFile = None,
    key: NoKey = None,
) -> None:
    """Explain a difference. A provider continues when all of its differences are explained."""
    from gateway.cli.serving import with_runtime
    from gateway.steps.runtime import Runtime
    from gateway.store.payouts import reconciliations
    from gateway.store.people import persons

    hers = read_key(key_file, by)

    async def explained(rt: Runtime) -> None:
        await persons.person_of(rt.db, by, hers)
        await reconciliations.explain_finding(rt.db, finding, by, because)

    with_runtime(explained)
    typer.echo(f"finding {finding} is explained")


@statements.callback()
def all_statements() -> None:
    """List the operators' statements, and how they compare with the gateway's books."""


@statements.command("import")
def import_statement(
    provider: Annotated[str, typer.Argument(help="The provider's name in the settings.")],
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="The export of the operator's portal."),
    ],
) -> None:
    """Match a statement with the gateway's payouts, and list the differences.

    A grave difference stops the provider.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts import reconcile

    content = file.read_bytes()
    found = with_runtime(lambda rt: reconcile.import_statement(rt, provider, content))
    typer.echo(
        f"{found.lines} lines, {found.matched} payments matched, {len(found.findings)} differences"
    )
    for finding in found.findings:
        typer.echo(
            f"  {finding.kind}  receipt {finding.receipt or '-'}  {finding.amount_minor} minor units"
        )
