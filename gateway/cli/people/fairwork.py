"""The commands `gateway fairwork`: ten thresholds from the books, signed, and their check."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from gateway.base.errors import Refused, SettingsError
from gateway.workers.impact.fairwork import FairworkReport, points

app = typer.Typer(
    invoke_without_command=True,
    help="Answer Fairwork's ten thresholds from the books, signed.",
)
_DAY = ["%Y-%m-%d"]


@app.callback()
def fairwork(
    context: typer.Context,
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=_DAY, help="The first day (UTC). Default: 1 January."),
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, help="The last day. Default: today.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the signed report here.")] = None,
) -> None:
    """Check every sealed row, answer the ten thresholds, and sign the report.

    It fails, and names the rows, if any transfer, answer or consent was altered.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.people import fairwork as step
    from gateway.steps.runtime import Runtime

    if context.invoked_subcommand is not None:
        return
    to = (last or datetime.now(UTC)).date()
    since = first.date() if first else to.replace(month=1, day=1)

    async def made(rt: Runtime) -> tuple[FairworkReport, bytes]:
        report = await step.fairwork_report(rt, since, to)
        return report, step.signed(rt, report)

    report, file = with_runtime(made)
    if out is not None:
        try:
            out.write_bytes(file)
        except OSError as bad:
            raise SettingsError(f"cannot write {out}: {bad.strerror}") from bad
    typer.echo("\n".join(_lines(report)))
    if out is not None:
        typer.echo(f"signed: {out}, public key {orjson.loads(file)['public_key']}")


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="A signed report.")],
    public_key: Annotated[
        str, typer.Option(help="The gateway's public key. Then no gateway is needed.")
    ] = "",
) -> None:
    """Check the signature of a report, and on its gateway also every row again.

    Exits with 1 when the report or a row was altered.
    """
    from gateway.cli.serving import with_runtime
    from gateway.steps.people import fairwork as step
    from gateway.steps.runtime import Runtime

    content = _read(file)
    if public_key:
        report = step.check_signature(content, public_key)
        typer.echo(f"genuine: the report of {_period(report)} has the signature of this key")
        return

    async def checked(rt: Runtime) -> tuple[dict[str, Any], list[str]]:
        report = step.check_signature(content)
        key = str(orjson.loads(content)["public_key"])
        return report, await step.check_against_books(rt, report, key)

    report, found = with_runtime(checked)
    if found:
        raise Refused("; ".join(found[:20]))
    typer.echo(
        f"genuine: the report of {_period(report)} is this gateway's, and no sealed row was altered"
    )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as bad:
        raise Refused(f"there is no report to read: {file}: {bad.strerror}", field="file") from bad


def _period(report: dict[str, Any]) -> str:
    return f"{report['first']} to {report['last']}"


def _lines(report: FairworkReport) -> list[str]:
    got, asked = points(report)
    told = [
        f"Fairwork's thresholds, {report.first} to {report.last}: {got} of 10 shown by the books, {asked} need a person"
    ]
    for one in report.thresholds:
        told.append(f"{one.number}  {one.verdict.value:<14}  {one.title}")
        told += [f"       {fact.what}: {fact.count:,}" for fact in one.facts]
    sealed = ", ".join(f"{count:,} {kind} rows" for kind, count in report.sealed_rows.items())
    return [*told, f"checked: {sealed or 'no rows'}"]
