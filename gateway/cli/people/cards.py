"""The commands `gateway card`: print, verify and revoke skill cards, and exchange keys."""

import getpass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import with_runtime

if TYPE_CHECKING:
    from gateway.steps.people.skill_cards import PrintedCards

app = typer.Typer(
    no_args_is_help=True, help="Print, verify and revoke skill cards; exchange keys with gateways."
)

_By = Annotated[str | None, typer.Option(help="Your name. Default: the user of this shell.")]


@app.command("print")
def print_card(
    worker: Annotated[str, typer.Argument(help="The worker's phone number, name or id.")],
    html: Annotated[
        Path | None, typer.Option(help="Write a page to print, in place of text.")
    ] = None,
    json: Json = None,
) -> None:
    """Print a worker's skill cards: codes of 12 letters that another gateway can check."""
    from gateway.steps.people.skill_cards import print_cards

    found = with_runtime(lambda rt: print_cards(rt, worker))
    lines = [
        {
            "code": one.code,
            "kind": one.claim.kind,
            "lesson_passed": one.claim.learned,
            "accepted": one.claim.accepted,
            "right_share": round(one.claim.right_share, 3),
        }
        for one in found.cards
    ]
    if write_json({"gateway": found.gateway, "name": found.name, "cards": lines}, json):
        return
    if html is not None:
        html.write_text(page(found), encoding="utf-8")
        typer.echo(f"{html}: {len(found.cards)} cards")
        return
    typer.echo(f"{found.name} {found.number}, {found.gateway}")
    for said in _said(found):
        typer.echo("  ".join(said))


@app.command("verify")
def verify(
    code: Annotated[str, typer.Argument(help="The code on the card.")],
    number: Annotated[str, typer.Argument(help="The worker's phone number, +254711000002.")],
    trust: Annotated[
        list[Path], typer.Option(help="A trust file of a gateway (`gateway card key`).")
    ],
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day. Default: today.")
    ] = None,
    json: Json = None,
) -> None:
    """Verify a card with trust files alone, without a gateway and without a network.

    Exits with 1 if it is not valid for this number, too old, or revoked.
    """
    from gateway.base.msisdn import normalise
    from gateway.qa.skills.card_trust import read_trust, verify_card

    files = [read_trust(file.read_text(encoding="utf-8")) for file in trust]
    today = (on or datetime.now(UTC)).date()
    issuer, claim = verify_card(code, normalise(number, "KE"), files, today)
    found = {
        "gateway": issuer,
        "kind": claim.kind,
        "lesson_passed": claim.learned,
        "accepted": claim.accepted,
        "right_share": round(claim.right_share, 3),
        "age_months": claim.age_months(today),
    }
    if not write_json(found, json):
        typer.echo("valid: " + ", ".join(f"{name} {value}" for name, value in found.items()))


@app.command("revoke")
def revoke(
    card: Annotated[str, typer.Argument(help="A code, or the worker whose cards are revoked.")],
    reason: Annotated[str, typer.Option(help="The reason, which is kept.")],
    by: _By = None,
) -> None:
    """Revoke a card, or all cards of a worker; other gateways know with the next trust file."""
    from gateway.steps.people.skill_cards import revoke_cards

    count = with_runtime(lambda rt: revoke_cards(rt, card, by or getpass.getuser(), reason))
    typer.echo(f"{count} cards revoked; send other gateways a new file: gateway card key")


@app.command("key")
def key(
    out: Annotated[Path, typer.Option(help="The file to write; it holds a secret.")],
) -> None:
    """Write the trust file for another gateway: this gateway's key and its revoked cards.

    The file lets its holder check cards, and also make them: hand it over in person.
    """
    from gateway.steps.people.skill_cards import own_trust

    file = with_runtime(own_trust)
    out.touch(mode=0o600)
    out.chmod(0o600)
    out.write_text(file.to_json(), encoding="utf-8")
    typer.echo(
        f"{out}: the key of {file.gateway}, {len(file.revoked)} revoked cards; keep it secret"
    )


@app.command("trust")
def trust(
    file: Annotated[Path, typer.Argument(help="The trust file of another gateway.")],
    by: _By = None,
) -> None:
    """Accept the skill cards of another gateway, or update its revoked cards."""
    from gateway.qa.skills.card_trust import read_trust
    from gateway.steps.people import skill_cards

    found = read_trust(file.read_text(encoding="utf-8"))
    with_runtime(lambda rt: skill_cards.trust(rt, found, by or getpass.getuser()))
    typer.echo(f"cards of {found.gateway} are accepted; {len(found.revoked)} of them are revoked")


@app.command("distrust")
def distrust(
    gateway: Annotated[str, typer.Argument(help="The name of the gateway.")],
) -> None:
    """Accept no more skill cards of another gateway. What they taught already stays."""
    from gateway.steps.people import skill_cards

    with_runtime(lambda rt: skill_cards.distrust(rt, gateway))
    typer.echo(f"cards of {gateway} are no longer accepted")


@app.command("issuers")
def issuers(json: Json = None) -> None:
    """List the gateways whose skill cards are accepted."""
    from gateway.store.quality import cards

    found = with_runtime(lambda rt: cards.issuers(rt.db))
    rows = [
        {"gateway": one.name, "since": one.added_at, "by": one.added_by, "revoked": one.revoked}
        for one in found
    ]
    if write_json(rows, json):
        return
    for row in rows:
        typer.echo(
            f"{row['gateway']}  since {row['since']:%d/%m/%Y}  by {row['by']}  {row['revoked']} revoked"
        )
    if not rows:
        typer.echo("no other gateway's cards are accepted; see: gateway card trust --help")


def _said(found: "PrintedCards") -> list[tuple[str, str, str]]:
    return [
        (
            one.code,
            one.claim.kind,
            ", ".join(
                filter(
                    None,
                    (
                        "lesson passed" if one.claim.learned else "",
                        f"{one.claim.accepted} accepted answers, about "
                        f"{100 * one.claim.right_share:.0f} % right"
                        if one.claim.accepted
                        else "",
                    ),
                )
            ),
        )
        for one in found.cards
    ]


def page(found: "PrintedCards") -> str:
    """Return a page that prints one card per kind, with no picture and no script."""
    cards = "".join(
        f"<section><h2>{escape(kind)}</h2><p class=code>{escape(code)}</p><p>{escape(what)}</p></section>"
        for code, kind, what in _said(found)
    )
    earned = "".join(
        f"<li>{escape(one.kind)}: {escape(one.what)} ({one.at:%d/%m/%Y}, {escape(one.source)})</li>"
        for one in found.credentials
    )
    title = f"{escape(found.name)} {escape(found.number)}"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Skill card: {title}</title><style>
body{{font:16px/1.4 sans-serif;max-width:18cm;margin:1cm auto}}
section{{border:1px solid #000;padding:.4cm .6cm;margin:.4cm 0;break-inside:avoid}}
h1,h2{{margin:0;font-size:1.2em}}.code{{font:bold 2em monospace;margin:.2cm 0}}
</style></head><body><h1>Skill card: {title}</h1>
<p>Given by {escape(found.gateway)}. Valid for a year, for this phone number only.
To do such work elsewhere, text <b>CARD</b> and the code there.</p>
{cards}<ul>{earned}</ul></body></html>
"""
