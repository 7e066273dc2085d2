"""The command `gateway doctor`: configuration, reachable servers and problems.

Each finding is one line with its cure.
"""

from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path

import typer

from gateway.base.errors import GatewayError
from gateway.cli.doctor import configured, connections, running
from gateway.cli.doctor.verdict import CheckLevel, CheckResult, fail, ok
from gateway.cli.json_output import write_json
from gateway.settings import load

_COLOURS = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "fail": typer.colors.RED}


def doctor(out: Path | None) -> None:
    """Print all findings. Exits with 1 on a failure."""
    findings = list(examine())
    if not write_json([asdict(found) for found in findings], out):
        for found in findings:
            mark = typer.style(f"{found.verdict:<5}", fg=_COLOURS[found.verdict], bold=True)
            typer.echo(f"{mark} {found.what:<14} {found.said}")
            if found.cure:
                typer.echo(f"{'':<21}-> {found.cure}")
    if any(found.verdict is CheckLevel.FAIL for found in findings):
        raise typer.Exit(1)


def examine() -> Generator[CheckResult]:
    """Yield all findings that can be determined."""
    try:
        settings = load()
    except GatewayError as bad:
        yield fail("settings", str(bad), "see docs/operators/settings.md")
        return
    yield ok("settings", "are valid")
    yield from configured.disk(settings)
    yield from configured.addresses(settings)
    yield from connections.connections(settings)
    yield from configured.calls(settings)
    yield from configured.people_and_money(settings)
    yield from running.servers(settings)
