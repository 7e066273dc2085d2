"""The commands `gateway sms`: the size and price of a message, before it is sent."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.base.errors import GatewayError
from gateway.cli.option_groups import with_groups
from gateway.sms.prices import MICRO, SegmentPrice, minor

app = typer.Typer(help="Measure an SMS: encoding, septets, segments, price.", no_args_is_help=True)


@app.callback()
def sms() -> None:
    """Measure an SMS: encoding, septets, segments, price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceOptions:
    """The options that give the price of a segment, or say where it is listed."""

    price: Annotated[
        str | None, typer.Option(help="Price of one segment, e.g. 0.80, to print the cost.")
    ] = None
    currency: Annotated[str, typer.Option(help="Currency of the price.")] = "KES"
    country: Annotated[
        str | None,
        typer.Option(
            help="ISO country of the phone, for its listed price. Default: the gateway's region."
        ),
    ] = None
    network: Annotated[
        str | None, typer.Option(help="The phone's network, e.g. airtel, where prices differ.")
    ] = None


@app.command()
@with_groups
def count(
    *,
    text: Annotated[str | None, typer.Argument(help="The message.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="Read the message from a UTF-8 file; - is stdin.")
    ] = None,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Show how to save segments, as a diff.")
    ] = False,
    language: Annotated[
        str, typer.Option(help="The message's language: its rules decide which letters may change.")
    ] = "en",
    shift: Annotated[
        str | None,
        typer.Option(help="National tables the channel can send (tr, es, pt); most cannot."),
    ] = None,
    cost: PriceOptions,
    json_file: Annotated[
        str | None, typer.Option("--json", help="Write the figures as JSON; - is stdout.")
    ] = None,
) -> None:
    """Show the encoding, units, segments and price of one message."""
    try:
        message = _message(text, file)
        one = (
            _given(cost.price, cost.currency)
            if cost.price is not None
            else _listed(cost.country, cost.network)
        )
        figures, lines = _figures(message, suggest, language, shift, one)
    except (GatewayError, OSError, UnicodeDecodeError) as error:
        typer.echo(f"gateway sms count: {error}", err=True)
        raise typer.Exit(1) from None
    if json_file != "-":
        typer.echo("\n".join(lines))
    if json_file:
        written = json.dumps(figures, ensure_ascii=False, indent=1) + "\n"
        if json_file == "-":
            typer.echo(written, nl=False)
        else:
            Path(json_file).write_text(written, encoding="utf-8")


def _message(text: str | None, file: Path | None) -> str:
    if (text is None) == (file is None):
        raise typer.BadParameter("give the text, or --file F, and not both")
    if text is not None:
        return text
    read = sys.stdin.buffer.read() if str(file) == "-" else Path(str(file)).read_bytes()
    return read.decode().removesuffix("\n")


def _given(price: str, currency: str) -> SegmentPrice:
    from gateway.base.money import exact_amount, minor_per_major

    return SegmentPrice(
        exact_amount(price, currency) * MICRO // minor_per_major(currency), currency
    )


def _listed(country: str | None, network: str | None) -> SegmentPrice | None:
    """Return the price of one segment in the price lists.

    The lists are those of the package, of the settings and of the worker channel.
    """
    from gateway import settings as settings_room
    from gateway.sms.prices import PriceList, built_in

    settings = settings_room.load()
    channel = settings.channels.get(settings.sms_channel)
    prices = PriceList(built_in(), settings.prices, channel.prices if channel else {})
    return prices.segment_price((country or settings.region).upper(), network)


def _figures(
    text: str, suggest: bool, language: str, shift: str | None, one: SegmentPrice | None
) -> tuple[dict[str, Any], list[str]]:
    from gateway.gsm.segments import count_segments as weigh
    from gateway.sms.economy import cheaper

    counted = weigh(text, shift)
    unit = "septets" if counted.encoding == "GSM7" else "UCS-2 units"
    table = f" ({counted.table})" if counted.table else ""
    lines = [
        f"encoding  {counted.encoding}{table}",
        f"units     {counted.units} {unit}, {counted.units_left} left in the last segment",
        f"segments  {counted.segments}",
    ]
    figures: dict[str, Any] = counted._asdict()
    if one is None:
        lines.append("price     not known; give --price, or a --country that is in a price list")
    else:
        cost = one.times(counted.segments)
        cost_minor = minor(cost.micro, cost.currency)
        whole = int(cost_minor) if cost_minor.is_integer() else cost_minor
        figures |= {"cost_minor": whole, "currency": cost.currency}
        lines.append(f"price     {_money(cost)}")
    if suggest:
        found = cheaper(text, language)
        figures["suggestion"] = found and {
            "text": found.text,
            "segments": found.after.segments,
            "segments_saved": found.segments_saved,
            "diff": found.diff(),
            "loses_letters": found.loses_letters,
            "kept": found.kept,
        }
        lines += ["", *_advice(found)]
    return figures, lines


def _money(cost: SegmentPrice) -> str:
    """Return a price as text. Segments may cost fractions of the smallest coin.

    >>> _money(SegmentPrice(1_600_000, "KES")), _money(SegmentPrice(22_600, "USD"))
    ('KES 1.60', 'USD 0.0226')
    """
    from gateway.base.money import amount_text

    exact = minor(cost.micro, cost.currency)
    if exact.is_integer():
        return amount_text(int(exact), cost.currency)
    return f"{cost.currency} {cost.micro / MICRO:,.4f}"


def _advice(found: Any) -> list[str]:
    if found is None:
        return ["nothing to save"]
    if found.kept:
        kept = " ".join(found.kept)
        return [
            f"nothing to save: {kept} cannot be changed, and any of these characters makes it UCS-2"
        ]
    letters = (
        "; letters lose their marks, so let a speaker of the language read it"
        if found.loses_letters
        else ""
    )
    return [
        f"saves {found.segments_saved} of {found.before.segments} segments{letters}",
        f"changes   {found.diff()}",
        f"message   {found.text}",
    ]
