"""The commands `gateway wind-down`: pay all balances from a backup, once, each with a proof."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.base.bounds import INT8_MAX
from gateway.base.errors import Refused
from gateway.cli.json_output import Json, write_csv, write_json
from gateway.cli.people.keys import KeyFile, NoKey, read_key

app = typer.Typer(
    invoke_without_command=True,
    help="Pay every worker from the last backup on an empty machine, and prove it.",
)
Provider = Annotated[str, typer.Argument(help="The provider's name in the settings.")]
By = Annotated[str, typer.Option(help="Your name, as in `gateway persons list`.")]


@app.callback()
def wind_down(
    context: typer.Context,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Restore this backup on this empty machine, and wind it down."),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="The file with the backup's secret key. Default: GATEWAY_SECRET_KEY."),
    ] = None,
    json: Json = None,
) -> None:
    """Show what is to be paid, what is missing, and the next step. It sends nothing.

    With --from it restores the backup first. The same command may be repeated at any time.
    """
    from gateway.cli.payouts import wind_down_texts as texts
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts.winding import plan

    if context.invoked_subcommand is not None:
        if source is not None:
            raise Refused("--from stands alone: gateway wind-down --from BACKUP")
        return
    if source is not None:
        from gateway.cli.backup.wind_down import wind_down_from

        made = wind_down_from(source, key)
    else:
        made = with_runtime(plan.plan)
    if not write_json(texts.as_dict(made), json):
        typer.echo("\n".join(texts.lines(made)))


@app.command("statement")
def statement(
    provider: Provider,
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="The export of its portal, from the day before the backup until now.",
        ),
    ],
    by: By,
    key_file: KeyFile = None,
    key: NoKey = None,
) -> None:
    """Read a provider's statement, and take what the lost gateway paid from the balances.

    Export it after the lost gateway was stopped and its access to the provider was withdrawn.
    """
    from gateway.base.money import amount_text
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts.winding import sources

    hers, content = read_key(key_file, by), file.read_bytes()
    read = with_runtime(lambda rt: sources.read_statement(rt, provider, content, by, hers))
    typer.echo(
        f"{read.imported.lines} lines, {read.imported.matched} payments matched; {read.booked} payments of the lost gateway "
        f"({amount_text(read.booked_minor, read.currency)}) are taken from balances"
    )
    if read.left:
        typer.echo(f"{len(read.left)} payments belong to no worker yet: gateway wind-down found")


@app.command("nothing-since")
def nothing_since(
    provider: Provider,
    because: Annotated[str, typer.Option(help="How you know it. It is kept with your name.")],
    by: By,
    key_file: KeyFile = None,
    key: NoKey = None,
) -> None:
    """Say that the lost gateway paid nothing through a provider after the backup.

    You answer for it: what was paid nevertheless is paid a second time.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts.winding import sources

    hers = read_key(key_file, by)
    with_runtime(lambda rt: sources.nothing_since(rt, provider, because, by, hers))
    typer.echo(f"noted: {provider} paid nothing after the backup, by the word of {by}")


@app.command("found")
def found(
    receipt: Annotated[str | None, typer.Argument(help="The receipt of one payment.")] = None,
    provider: Annotated[str, typer.Option(help="The provider that made it.")] = "",
    worker: Annotated[
        int | None, typer.Option(min=1, max=INT8_MAX, help="The worker who received it.")
    ] = None,
    by: By = "",
    key_file: KeyFile = None,
    key: NoKey = None,
) -> None:
    """List the payments on statements that belong to no worker yet, or name the worker of one."""
    from gateway.cli.payouts import wind_down_texts as texts
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts.winding import sources
    from gateway.store.payouts import wind_down as store

    if receipt is None:
        rows = with_runtime(lambda rt: store.unbooked(rt.db))
        typer.echo("\n".join(map(texts.found_line, rows)) or "every payment has its worker")
        return
    if worker is None or not (provider and by):
        raise Refused(
            "name the payment's worker: found RECEIPT --provider NAME --worker ID --by NAME"
        )
    hers = read_key(key_file, by)
    with_runtime(lambda rt: sources.assign(rt, provider, receipt, worker, by, hers))
    typer.echo(f"{receipt} is taken from the balance of worker {worker}")


@app.command("prepare")
def prepare(by: By, key_file: KeyFile = None, key: NoKey = None) -> None:
    """Make a payout for every worker who can be paid, and put all on one list for approval.

    Nothing is sent before a second person approves the list.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts.winding import prepare as step

    hers = read_key(key_file, by)
    made = with_runtime(lambda rt: step.prepare(rt, by, hers))
    typer.echo(made.sheet())
    typer.echo(
        f"another person: gateway approvals approve {made.number} --code {made.code} --by NAME"
    )


@app.command("owed")
def owed(
    csv: Annotated[Path, typer.Option("--csv", help="Write the list here; - is stdout.")],
    without_numbers: Annotated[
        bool, typer.Option("--without-numbers", help="Print only the last digits of the numbers.")
    ] = False,
) -> None:
    """List what is owed to the workers who could not be reached, with the reason of each.

    The file holds whole phone numbers, which are needed to find the workers. Protect it like money.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.payouts.winding import owed as step
    from gateway.steps.runtime import Runtime

    async def rows(rt: Runtime) -> list[tuple[str, ...]]:
        return [row async for row in step.owed_rows(rt, numbers=not without_numbers)]

    found = with_runtime(rows)
    write_csv(step.COLUMNS, found, csv)
    if str(csv) != "-":
        typer.echo(f"{len(found)} workers are owed money and cannot be paid now: {csv}")


@app.command("check")
def check(
    code: Annotated[str, typer.Argument(help="The proof in the SMS, e.g. P7K2QX-4TJ8-9QN3.")],
    amount: Annotated[
        str | None, typer.Option(help="Without a database: the amount in the SMS, e.g. 120.")
    ] = None,
    currency: Annotated[str, typer.Option(help="Its currency.")] = "KES",
    day: Annotated[
        datetime | None, typer.Option(help="Its day, e.g. 2026-11-30.", formats=["%Y-%m-%d"])
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="Without a database: the file with the secret key.")
    ] = None,
) -> None:
    """Check the coded proof that a worker shows. Exits with 1 when it is not genuine.

    With --key, --amount and --day no database is needed.
    """
    from gateway.base.money import exact_amount
    from gateway.base.vault import Vault
    from gateway.cli.backup.key_file import read_key_file
    from gateway.cli.serving import with_runtime
    from gateway.payments.proof import shown
    from gateway.steps.payouts.winding import proofs

    if key is not None:
        if amount is None or day is None:
            raise Refused("with --key give the --amount and the --day that the SMS names")
        minor = exact_amount(amount, currency)
        proved = proofs.check_without_database(
            Vault(read_key_file(key)), code, minor, currency, day.date()
        )
    else:
        proved = with_runtime(lambda rt: proofs.check_proof(rt, code))
    if proved is None:
        typer.echo(f"NOT GENUINE: {code} proves no payment of this gateway")
        raise typer.Exit(1)
    typer.echo(f"genuine: {shown(proved)}")
