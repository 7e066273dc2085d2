"""The commands `gateway manual`, for payouts made by a bank, a shop or a coordinator with cash."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.json_output import Raw
from gateway.cli.serving import with_runtime

app = typer.Typer(
    no_args_is_help=True, help="List and confirm payouts that are made outside the gateway."
)
ProviderArgument = Annotated[str, typer.Argument(help="The provider's name in the settings.")]


@app.command("export")
def export(
    provider: ProviderArgument,
    out: Annotated[Path, typer.Option(help="The CSV to write, readable by its owner only.")],
    *,
    raw: Raw = False,
) -> None:
    """Write the waiting payouts: ref, phone, name, amount, currency, since.

    The file contains full phone numbers.
    """
    from gateway.steps.payouts.manual import waiting_list

    text = with_runtime(lambda rt: waiting_list(rt, provider, raw=raw))
    out.touch(mode=0o600)
    out.write_text(text, encoding="utf-8", newline="")
    print(f"{text.count(chr(10)) - 1} payouts in {out}")


@app.command("confirm")
def confirm(
    provider: ProviderArgument,
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV or XLSX with ref,status,receipt,amount; status is paid or failed."
        ),
    ],
    by: Annotated[
        str,
        typer.Option(help="The name of the person who confirms, which is kept with each payout."),
    ],
) -> None:
    """Take confirmations: either all rows are right, or none is taken.

    The same file again changes nothing.
    """
    from gateway.steps.payouts.manual import confirm as taken

    try:
        content = file.read_bytes()
    except OSError as bad:
        raise SystemExit(f"gateway: {file} cannot be read: {bad}") from None
    paid, back = with_runtime(lambda rt: taken(rt, provider, content, by))
    print(f"{paid} paid, {back} returned to their workers")
