"""The commands `gateway ledger`: audits, seals, statements, and traces of money."""

import sys
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.base.bounds import INT8_MAX, parse_whole
from gateway.cli.json_output import Json, write_json
from gateway.cli.payouts.taxes import tax_paid, taxes
from gateway.cli.run.crowd.books import TestBooks, with_books

app = typer.Typer(
    no_args_is_help=True, help="Audit, seal and trace the ledger, and print statements."
)


@app.callback()
def ledger() -> None:
    """Audit, seal and trace the ledger, and print statements."""


@app.command()
def audit(
    json: Json = None,
    test: TestBooks = False,
) -> None:
    """Recompute every balance from the transfers and compare it. Exits with 1 on any difference.

    The balances are compared with the stored ones, and with the sums that payouts and batches
    promise.
    """
    from gateway.store.ledger import transfers

    found = with_books(lambda rt: transfers.audit(rt.db), test=test)
    if str(json) != "-":
        typer.echo(
            f"{found.transfers:,} transfers, sum {found.sum_minor}, in transit {found.in_transit_minor}"
        )
        for fault in found.faults:
            typer.echo(f"difference: {fault}")
        typer.echo(f"{len(found.faults)} differences" if found.faults else "the books are right")
    write_json(asdict(found), json)
    if found.faults:
        sys.exit(1)


@app.command()
def seal(
    json: Json = None,
) -> None:
    """Seal the history that is not sealed yet, and print the head of the chain.

    Write the head down in another place.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts.seal_ledger import seal as step
    from gateway.steps.runtime import Runtime
    from gateway.store.ledger import seals

    async def sealed(rt: Runtime) -> tuple[int, str]:
        made = await step(rt)
        return made, await seals.head(rt.db)

    made, head = with_runtime(sealed)
    if str(json) != "-":
        typer.echo(f"{made} seals made\nhead {head or 'none: nothing is sealed yet'}")
    write_json({"made": made, "head": head}, json)


@app.command()
def verify(
    head: Annotated[
        str, typer.Option(help="A head (hex) written down before: it must be in the chain.")
    ] = "",
    statement: Annotated[
        Path | None, typer.Option(help="A printed statement as text: compare it with the books.")
    ] = None,
    json: Json = None,
) -> None:
    """Hash all sealed history again. Exits with 1 if a row was changed, removed, added or swapped.

    With --statement: compare a worker's printed statement with the books instead.
    """
    from gateway.cli.serving import with_runtime
    from gateway.store.ledger import seals, statements

    if statement is not None:
        said = statement.read_text(encoding="utf-8")
        wrong = with_runtime(lambda rt: statements.check_statement(rt.db, said))
        if str(json) != "-":
            for one in wrong:
                typer.echo(f"difference: {one}")
            typer.echo("different from the books" if wrong else "genuine: equal to the books")
        write_json({"genuine": not wrong, "differences": wrong}, json)
        if wrong:
            sys.exit(1)
        return
    found = with_runtime(lambda rt: seals.verify(rt.db, head))
    if str(json) != "-":
        typer.echo(
            f"{found.seals:,} seals over {found.sealed:,} transfers, {found.unsealed:,} not sealed yet"
        )
        for fault in found.faults:
            typer.echo(f"broken: {fault}")
        typer.echo("history was changed" if found.faults else f"unchanged\nhead {found.head}")
    write_json(asdict(found), json)
    if found.faults:
        sys.exit(1)


@app.command("statement")
def print_statement(
    worker: Annotated[int, typer.Argument(min=1, max=INT8_MAX, help="The worker's id.")],
    first: Annotated[
        str | None,
        typer.Option("--from", help="First day, 2026-11-01. Default: the worker's first."),
    ] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day. Default: today.")] = None,
) -> None:
    """Print a worker's statement with every movement and a checksum.

    `gateway ledger verify --statement FILE` checks it.
    """
    from gateway.base.errors import Refused
    from gateway.cli.serving import with_runtime
    from gateway.steps.runtime import Runtime
    from gateway.store.ledger import statements

    async def text(rt: Runtime) -> str:
        today = datetime.now(UTC).date()
        until = _day(last) if last else today
        scope = await statements.scope_for(rt.db, worker, _day(first) if first else None, until)
        found = await statements.statement(rt.db, scope)
        if found is None:
            raise Refused(f"there is no worker {worker}")
        return found

    typer.echo(with_runtime(text), nl=False)


@app.command()
def trace(
    what: Annotated[str, typer.Argument(help="A payout's ref (P7K2QX) or an answer's id (17).")],
    json: Json = None,
) -> None:
    """Follow the money from answer to cash: answer, decision, transfer, payout, receipt."""
    from gateway.base.errors import Refused
    from gateway.cli.serving import with_runtime
    from gateway.steps.quality.confidences import MarkedConfidence, in_words, sure_of
    from gateway.steps.runtime import Runtime
    from gateway.store.ledger import traces

    async def followed(rt: Runtime) -> list[tuple[traces.Link, MarkedConfidence | None]]:
        links = (
            await traces.of_answer(rt.db, parse_whole(what, "answer", least=1))
            if what.isascii() and what.isdecimal()
            else await traces.of_payout(rt.db, what.upper())
        )
        return list(zip(links, await sure_of(rt, [link.answer for link in links]), strict=True))

    found = with_runtime(followed)
    if not found:
        raise Refused(f"nothing was paid under {what!r}")
    if str(json) != "-":
        for link, sure in found:
            told = sure is not None and sure["confidence"] is not None
            said = f" at {sure['confidence']}{in_words(sure)}" if sure and told else ""
            typer.echo(traces.trace_line(link, said))
    write_json([{**traces.as_dict(link), "sure": sure} for link, sure in found], json)


def _day(text: str) -> date:
    from gateway.base.errors import Refused

    try:
        return date.fromisoformat(text)
    except ValueError as bad:
        raise Refused(f"{text!r} is not a day; write it like 2026-11-30") from bad


@app.command("float")
def floats(
    provider: Annotated[str, typer.Argument(help="The provider's name in the settings.")],
    last: Annotated[int, typer.Option(min=1, max=INT8_MAX, help="The number of statements.")] = 7,
    json: Json = None,
) -> None:
    """Show how each imported statement balances with the books. Exits with 1 on a difference.

    The equation is exact to the minor unit. If the operator can be asked for its current balance,
    that is shown, too.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts.floats import float_balance
    from gateway.steps.payouts.floats.compare_floats import compare_float
    from gateway.steps.payouts.floats.float_queries import FloatComparison
    from gateway.steps.runtime import Runtime

    async def both(rt: Runtime) -> tuple[list[float_balance.FloatBalance], FloatComparison | None]:
        return await float_balance.equations(rt, provider, last), await compare_float(rt, provider)

    rows, now = with_runtime(both)
    if str(json) != "-":
        if now is not None:
            typer.echo(
                f"now: the operator reports {now.told_minor} minor units, the gateway's books {now.least_minor} to {now.most_minor}"
                f" with what is in flight: {f'{now.gap_minor:+} DIFFERENCE' if now.gap_minor else 'agrees'}"
            )
        for row in rows:
            typer.echo(row.told())
        typer.echo(f"{len(rows)} statements" if rows else "no statement with balances was imported")
    write_json([row.as_dict() for row in rows], json)
    if any(row.equation.difference_minor or row.equation.gap_minor for row in rows):
        sys.exit(1)


app.command()(taxes)
app.command("tax-paid")(tax_paid)


@app.command("float-top-up")
def float_top_up(
    provider: Annotated[str, typer.Argument(help="The provider's name in the settings.")],
    amount: Annotated[str, typer.Argument(help="In major units, e.g. 50000.")],
    receipt: Annotated[
        str, typer.Option(help="The operator's receipt, as its statement will show it.")
    ],
) -> None:
    """Book money that was moved to the account from which the operator pays.

    The operator's statement does not book it a second time.
    """
    from gateway.base.money import amount_text
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts.floats import float_balance

    minor, money = with_runtime(
        lambda rt: float_balance.top_up_float(rt, provider, amount, receipt)
    )
    typer.echo(f"booked {amount_text(minor, money)} as {provider}'s float")


@app.command()
def grants(
    role: Annotated[str, typer.Argument(help="The database role that the gateway runs as.")],
) -> None:
    """Print the SQL that lets a role run the gateway but never rewrite the ledger.

    Run it as the tables' owner.
    """
    from gateway.store.ledger.grants import grants as statements

    typer.echo(statements(role), nl=False)


@app.command("adjust")
def adjust_answer(
    answer: Annotated[int, typer.Argument(min=1, max=INT8_MAX, help="The paid answer's id.")],
    by: Annotated[
        str | None, typer.Option(help="Your name. Default: the user of this shell.")
    ] = None,
) -> None:
    """Open an adjustment for a paid answer that turned out wrong.

    The worker is notified and may appeal. Another person then decides (`gateway appeals`).
    """
    import getpass

    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts.adjust import open_adjustment
    from gateway.steps.runtime import Runtime

    async def opened(rt: Runtime) -> str | None:
        async with rt.db.transaction() as db:
            return await open_adjustment(rt, db, answer, by=by or getpass.getuser())

    ref = with_runtime(opened)
    typer.echo(f"opened {ref}" if ref else f"answer {answer} has one already; nothing changed")


@app.command("disputes")
def disputes() -> None:
    """List the adjustments that their workers dispute, the soonest to lapse first."""
    from gateway.base.money import amount_text
    from gateway.cli.serving import with_runtime
    from gateway.store.ledger import adjustments

    rows = with_runtime(lambda rt: adjustments.disputed(rt.db))
    for row in rows:
        typer.echo(
            f"{row['ref']}  {amount_text(row['amount'], row['currency'])}  worker {row['worker']}, "
            f"with {row['coordinator'] or 'the office'} until {row['decide_by']:%Y-%m-%d}"
        )
    typer.echo(f"{len(rows)} wait for a decision (gateway appeals)")


@app.command("decide")
def decide_adjustment(
    ref: Annotated[str, typer.Argument(help="The adjustment's reference.")],
    who: Annotated[
        str,
        typer.Option(help="The name of the person who decides, which is kept with the decision."),
    ],
    uphold: Annotated[
        bool,
        typer.Option("--uphold/--drop", help="Uphold it, or drop it, so that no money is taken."),
    ] = False,
) -> None:
    """Decide an open adjustment. One that its worker disputes is decided by `gateway appeals`."""
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts.adjust import record_adjustment_decision

    with_runtime(lambda rt: record_adjustment_decision(rt, ref.upper(), upheld=uphold, who=who))
    typer.echo(f"{ref.upper()} {'stands' if uphold else 'is dropped'}")
