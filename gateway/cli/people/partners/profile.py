"""The commands `gateway partner`: admission, states, criteria and capacity."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.cli.json_output import Json, write_json
from gateway.cli.people.partners import expense, invoice, reports
from gateway.cli.people.partners.options import (
    PartnerAuthor,
    PartnerCode,
    PartnerReason,
    author_of,
    day,
)
from gateway.cli.serving import with_runtime

app = typer.Typer(
    no_args_is_help=True,
    help="Manage partners, local centres whose workers join with a code, and their money.",
)
app.add_typer(expense.app, name="expense")
app.add_typer(invoice.app, name="invoice")
app.command("statement")(reports.statement)
app.command("report")(reports.report)
app.command("shares")(reports.shares)


@app.command("add")
def add(
    code: Annotated[
        str, typer.Argument(help="The word that workers text after JOIN, e.g. KIBERA.")
    ],
    name: Annotated[str, typer.Argument(help="The centre's name.")],
    because: PartnerReason = "it applied",
    by: PartnerAuthor = None,
) -> None:
    """Add a partner as an applicant, or rename it."""
    from gateway.steps.people import register

    new = with_runtime(
        lambda rt: register.add_partner(rt, code, name, by=author_of(by), because=because)
    )
    if not new:
        typer.echo(f"{code.upper()} was there already; its name is {name} now")
        return
    typer.echo(f"workers join it by texting: JOIN {code.upper()}")
    typer.echo(
        "It is an applicant: it gets shares and earns its price once it is active. "
        f"Next: gateway partner criterion {code.upper()}"
    )


@app.command("list")
def listed(json: Json = None) -> None:
    """List partners with their state, coordinators, workers, capacity and quality."""
    from gateway.store.people.partners import profiles

    found = with_runtime(lambda rt: profiles.list_partners(rt.db))
    if write_json([asdict(one) for one in found], json):
        return
    for one in found:
        golds = one.gold_right + one.gold_wrong
        quality = f"{one.gold_right} of {golds} gold right" if golds else "no gold yet"
        typer.echo(
            f"{one.partner.code:<12} {one.partner.state.replace('_', ' '):<11} {one.partner.name}  "
            f"{one.workers_active} of {one.workers} workers active, "
            f"{one.answers_week:,} answers in 7 days, {quality}"
        )
    typer.echo(f"{len(found)} partners")


@app.command("show")
def show(
    code: PartnerCode,
    most: Annotated[int, typer.Option("--history", min=0, max=1000, help="Changes to show.")] = 20,
    json: Json = None,
) -> None:
    """Show a partner: criteria with evidence, capacity, money, and the history of its changes."""
    from gateway.steps.people.partners.view import partner_view

    view = with_runtime(lambda rt: partner_view(rt, code, most))
    if not write_json(asdict(view), json):
        typer.echo(view.text(), nl=False)


@app.command("state")
def state(
    code: PartnerCode,
    becomes: Annotated[
        str,
        typer.Argument(metavar="STATE", help="applicant, screened, in_training, active, resting"),
    ],
    because: PartnerReason,
    by: PartnerAuthor = None,
) -> None:
    """Change a partner's state. Only an active partner is offered shares of batches."""
    from gateway.steps.people.partners import admission
    from gateway.workers.partners.states import state_named

    was, freed = with_runtime(
        lambda rt: admission.change_state(rt, code, becomes, by=author_of(by), because=because)
    )
    typer.echo(
        f"{was.code} was {was.state.replace('_', ' ')} and is {state_named(becomes).replace('_', ' ')} now"
    )
    if freed:
        typer.echo(f"{freed} tasks that were kept for it are open to all workers")


@app.command("criterion")
def criterion(
    code: PartnerCode,
    criterion: Annotated[
        str | None, typer.Argument(help="The criterion. Without it: what is missing.")
    ] = None,
    evidence: Annotated[str, typer.Option(help="The evidence, e.g. a document's number.")] = "",
    checked_by: Annotated[str, typer.Option(help="The person who checked it.")] = "",
    on: Annotated[str | None, typer.Option(help="The day of the check. Default: today.")] = None,
    figure: Annotated[str, typer.Option(help="The figure of a measured criterion.")] = "",
    method: Annotated[str, typer.Option(help="How the figure was found.")] = "",
    *,
    met: Annotated[bool, typer.Option("--met/--not-met", help="Whether it is met.")] = True,
) -> None:
    """Record what was found about a criterion, or show what is missing for each state."""
    from gateway.steps.people.partners import admission
    from gateway.steps.people.partners.view import partner_view
    from gateway.workers.partners.criteria import CriterionFinding

    if criterion is None:
        view = with_runtime(lambda rt: partner_view(rt, code, 0))
        typer.echo(view.criteria_text(), nl=False)
        return
    found = CriterionFinding(
        criterion=criterion,
        met=met,
        figure=figure,
        method=method,
        evidence=evidence,
        seen_on=day(on, "on") if on else datetime.now(UTC).date(),
        checked_by=checked_by,
    )
    because = f"checked by {checked_by}"
    with_runtime(
        lambda rt: admission.record_criterion(rt, code, found, by=author_of(None), because=because)
    )
    typer.echo(f"{criterion} of {code.upper()} is {'met' if met else 'not met'}")


@app.command("capacity")
def capacity(
    code: PartnerCode,
    language: Annotated[
        list[str] | None, typer.Option(help="A language of its workers; repeat for more.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="The workers it can look after.")] = None,
    answers: Annotated[int | None, typer.Option(help="The answers it can give per day.")] = None,
    quota: Annotated[
        float | None, typer.Option(help="The largest share of a batch, e.g. 0.4.")
    ] = None,
    because: PartnerReason = "as the partner said",
    by: PartnerAuthor = None,
) -> None:
    """Record a partner's languages and capacity. What is not given stays as it is."""
    from gateway.steps.people.partners import admission

    given = admission.PartnerCapacity(
        tuple(language) if language else None, workers, answers, quota
    )
    now = with_runtime(
        lambda rt: admission.set_capacity(rt, code, given, by=author_of(by), because=because)
    )
    typer.echo(
        f"{now.code}: {now.workers_max or '-'} workers, {now.answers_day or '-'} answers a day, "
        f"quota {now.quota or '-'}, languages {' '.join(now.languages) or '-'}"
    )
