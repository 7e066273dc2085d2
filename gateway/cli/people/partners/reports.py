"""The commands `gateway partner statement`, `report` and `shares`."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.cli.json_output import CsvOut, Json, PdfOut, Raw, write_csv, write_file, write_json
from gateway.cli.people.partners.options import (
    AnyPartner,
    FirstDay,
    LastDay,
    LedgerCurrency,
    PartnerAuthor,
    PartnerCode,
    PartnerReason,
    author_of,
    day_or_none,
)
from gateway.cli.serving import with_runtime


def statement(
    code: PartnerCode,
    currency: LedgerCurrency = "KES",
    first: FirstDay = None,
    last: LastDay = None,
    csv: CsvOut = None,
    pdf: PdfOut = None,
    json: Json = None,
    *,
    raw: Raw = False,
) -> None:
    """Print a partner's statement: earnings per day and batch, releases, payments, balances."""
    from gateway.cli.people.partners.as_pdf import statement_pdf
    from gateway.steps.people.partners import statements

    found = with_runtime(
        lambda rt: statements.statement(
            rt, code, currency, day_or_none(first, "from"), day_or_none(last, "to")
        )
    )
    if "-" not in (str(json), str(csv)):
        typer.echo(found.text(), nl=False)
    write_csv(statements.COLUMNS, found.rows(), csv, raw=raw)
    if pdf is not None:
        write_file(statement_pdf(found), pdf)
    write_json(
        {
            **asdict(found),
            "payable_minor": found.payable_minor,
            "kept_minor": found.kept_minor,
        },
        json,
    )


def report(
    code: AnyPartner = None,
    first: FirstDay = None,
    last: LastDay = None,
    csv: CsvOut = None,
    json: Json = None,
    *,
    raw: Raw = False,
) -> None:
    """Show what each partner earned and reinvested, and which are below 40 %.

    Without --from it covers this year.
    """
    from gateway.steps.people.partners import statements

    today = datetime.now(UTC).date()
    since = day_or_none(first, "from") or today.replace(month=1, day=1)
    until = day_or_none(last, "to") or today
    found = with_runtime(lambda rt: statements.report(rt, since, until, code))
    if "-" not in (str(json), str(csv)):
        typer.echo(statements.report_text(found, since, until), nl=False)
    rows = list(statements.report_rows(found, since, until))
    write_csv(statements.REPORT_COLUMNS, rows, csv, raw=raw)
    write_json([dict(zip(statements.REPORT_COLUMNS, row, strict=True)) for row in rows], json)


def shares(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id (b_...).")],
    chosen: Annotated[
        list[str] | None,
        typer.Option("--set", help="A share, like KIBERA=0.5; repeat for more."),
    ] = None,
    because: PartnerReason = "",
    by: PartnerAuthor = None,
    json: Json = None,
    *,
    accept: Annotated[bool, typer.Option("--accept", help="Choose what is proposed.")] = False,
    none: Annotated[bool, typer.Option("--none", help="Choose no shares.")] = False,
) -> None:
    """Show the proposed shares of a batch with their reasons, or choose the shares of a draft."""
    from gateway.base.errors import Refused
    from gateway.base.ids import ClientId
    from gateway.steps.batches import offered_shares
    from gateway.steps.batches.offered_shares import ShareOffer
    from gateway.steps.runtime import Runtime
    from gateway.store.batches import shares as store

    wanted = dict(_share(one) for one in chosen or [])
    if (bool(wanted) + accept + none) > 1:
        raise Refused("give --set, --accept or --none, and only one of them")

    async def done(rt: Runtime) -> ShareOffer:
        client = await store.client_of(rt.db, batch)
        if client is None:
            raise Refused(f"no batch {batch!r}", status=404)
        if wanted or accept or none:
            return await offered_shares.choose_shares(
                rt,
                ClientId(client),
                batch,
                None if accept else wanted,
                by=author_of(by),
                because=because,
            )
        return await offered_shares.offer(rt, batch)

    found = with_runtime(done)
    if write_json(asdict(found), json):
        return
    typer.echo(f"{found.answers:,} answers expected, shares are kept for {found.keep_h} h")
    for one in found.proposed:
        typer.echo(
            f"{one.code:<12} proposed {one.share:>4.0%}  chosen {found.chosen.get(one.code, 0):>4.0%}  "
            f"{'; '.join(one.reasons)}"
        )


def _share(text: str) -> tuple[str, float]:
    """Return a partner's code and share. Raises Refused for another form."""
    from gateway.base.errors import Refused

    code, sign, share = text.partition("=")
    try:
        if sign and code:
            return code.upper(), float(share)
    except ValueError:
        pass
    raise Refused(f"{text!r} is no share; write it like KIBERA=0.5", field="set")
