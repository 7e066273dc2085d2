"""The commands `gateway project`: an operator makes, starts and reads projects of clients."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.json_output import Json, Raw, write_json
from gateway.cli.serving import with_runtime

if TYPE_CHECKING:
    from gateway.steps.runtime import Runtime
    from gateway.store.batches.projects import Project

app = typer.Typer(
    no_args_is_help=True,
    help="Make, start and read projects: one file of a client, one result.",
)
ProjectId = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's id (p_...).")]
Out = Annotated[Path | None, typer.Option(help="Write it there. Default: stdout.")]


@app.command("create")
def create(
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id (c_...).")],
    recipe: Annotated[str, typer.Argument(help="A recipe, as `recipes list` says it.")],
    name: Annotated[str, typer.Argument(help="The project's name.")],
    price: Annotated[str, typer.Option(help="Per accepted answer, like 3.00.")],
    partner_price: Annotated[
        str | None, typer.Option(help="Per accepted answer, for the worker's partner.")
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter: question='Is {name} open?'. May be repeated."),
    ] = None,
) -> None:
    """Make a project for a client and print its id."""
    from gateway.base.ids import ClientId
    from gateway.base.money import exact_amount
    from gateway.base.text.strings import line
    from gateway.steps.batches.projects.create import ProjectOrder, create_project
    from gateway.steps.people import register
    from gateway.tasks.projects.plan import AnswerPay

    async def made(rt: "Runtime") -> str:
        currency = await register.currency_of(rt, ClientId(client))
        pay = AnswerPay(
            exact_amount(price, currency, "price"),
            exact_amount(partner_price, currency, "partner_price") if partner_price else 0,
        )
        order = ProjectOrder(recipe, line(name, "name", 200), pay, _parameters(given or []))
        return await create_project(rt, ClientId(client), order)

    typer.echo(with_runtime(made))


def _parameters(given: list[str]) -> dict[str, Any]:
    """Return parameters from NAME=VALUE; a value that is a JSON list or number is read as such.

    >>> _parameters(["question=Is {name} open?", 'options=["a", "b"]', "gold_rate=0.1"])
    {'question': 'Is {name} open?', 'options': ['a', 'b'], 'gold_rate': 0.1}
    """
    import orjson

    from gateway.base.errors import Refused

    found = dict[str, Any]()
    for each in given:
        name, sign, value = each.partition("=")
        if not sign or not name.strip():
            raise Refused(f"--set {each!r}: write NAME=VALUE", field="set")
        try:
            read = orjson.loads(value)
        except orjson.JSONDecodeError:
            read = value
        found[name.strip()] = read if isinstance(read, list | float | int) else value
    return found


@app.command("file")
def file(
    project: ProjectId,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, XLSX or text.")],
) -> None:
    """Check and split the file of a draft, and store it."""
    from gateway.base.errors import Refused
    from gateway.steps.batches.projects.create import give_file

    if not path.is_file():
        raise Refused(f"there is no file {path}")

    async def given(rt: "Runtime") -> int:
        found = await _project(rt, project)
        return (await give_file(rt, found.client, found.id, path)).parts

    typer.echo(f"{with_runtime(given):,} parts; see what it costs: gateway project quote {project}")


@app.command("quote")
def quote(project: ProjectId, json: Json = None) -> None:
    """Show the most, the least and the expected cost of a project, stage by stage."""
    from gateway.base.money import amount_text
    from gateway.cli.batches.quotes import in_words, shown_times
    from gateway.steps.batches.projects.quote import ProjectQuote, quote_project

    async def quoted(rt: "Runtime") -> "tuple[Project, ProjectQuote]":
        found = await _project(rt, project)
        return found, await quote_project(rt, found)

    found, given = with_runtime(quoted)
    report = {
        "parts": given.plan.parts,
        "least_minor": given.plan.least_minor,
        "expected_minor": given.expected_minor,
        "most_minor": given.most_minor,
        "available_minor": given.available_minor,
        "workers": given.workers,
        "workers_needed": given.workers_needed,
        "can_finish": given.can_finish,
        "answers_expected": given.answers_expected,
        "ready": shown_times(given.ready),
        "stages": {each.stage.name: each.reserve_minor for each in given.reserves},
    }
    if write_json(report, json):
        return
    typer.echo(f"{given.plan.parts:,} parts")
    for each in given.reserves:
        most = amount_text(each.reserve_minor, found.currency)
        stage = each.stage
        typer.echo(f"{stage.name:<24} at most {stage.tasks:,} tasks x {stage.answers_most}, {most}")
    for label, minor in (
        ("least", given.plan.least_minor),
        ("expected", given.expected_minor),
        ("most (reserved at the start)", given.most_minor),
        ("available", given.available_minor),
    ):
        typer.echo(f"{label:<32} {amount_text(minor, found.currency)}")
    typer.echo(f"{given.workers:,} workers; one part needs up to {given.workers_needed}")
    typer.echo(in_words(given.ready))


@app.command("start")
def start(project: ProjectId) -> None:
    """Start a draft, which sets its money aside, or continue a paused project."""
    from gateway.steps.batches.projects import start as steps

    _changed(project, steps.start_project)


@app.command("pause")
def pause(project: ProjectId) -> None:
    """Pause a project: no worker is asked a new question."""
    from gateway.steps.batches.projects import start as steps

    _changed(project, steps.pause_project)


@app.command("cancel")
def cancel(project: ProjectId) -> None:
    """Cancel a project for good: answers stay paid, and the rest of the money returns."""
    from gateway.steps.batches.projects import start as steps

    _changed(project, steps.cancel_project)


def _changed(project: str, change: Callable[["Runtime", Any, str], Awaitable[None]]) -> None:
    async def done(rt: "Runtime") -> str:
        found = await _project(rt, project)
        await change(rt, found.client, found.id)
        return (await _project(rt, project)).state

    typer.echo(with_runtime(done))


@app.command("list")
def listed(
    client: Annotated[
        str | None, typer.Argument(metavar="CLIENT", help="The client's id. Default: all clients.")
    ] = None,
    json: Json = None,
) -> None:
    """List projects, newest first."""
    from gateway.base.ids import ClientId
    from gateway.store.batches import projects

    async def found(rt: "Runtime") -> "list[Project]":
        if client is None:
            return await projects.all_projects(rt.db)
        return await projects.projects_of_client(rt.db, ClientId(client))

    rows = with_runtime(found)
    shown = ("id", "client", "name", "recipe", "state", "waits")
    if write_json([{key: getattr(row, key) for key in shown} for row in rows], json):
        return
    for row in rows:
        waits = f"  waits: {row.waits}" if row.waits else ""
        typer.echo(f"{row.id}  {row.state:9}  {row.recipe:18}  {row.client}  {row.name}{waits}")
    if not rows:
        typer.echo("no projects yet")


@app.command("show")
def show(project: ProjectId, json: Json = None) -> None:
    """Show a project with the progress of its stages."""
    from dataclasses import asdict

    from gateway.store.batches import projects
    from gateway.store.batches.projects import ProjectStage

    async def read(rt: "Runtime") -> "tuple[Project, list[ProjectStage]]":
        return await _project(rt, project), await projects.stages_of(rt.db, project)

    found, stages = with_runtime(read)
    if write_json({**asdict(found), "stages": [asdict(stage) for stage in stages]}, json):
        return
    typer.echo(f"{found.id}  {found.state}  {found.recipe}  {found.name}")
    if found.waits:
        typer.echo(f"waits: {found.waits}")
    for stage in stages:
        done = f"{stage.tasks_done:,} of {stage.tasks:,} tasks done"
        typer.echo(f"{stage.name:<24} {stage.state:<10} {done:<30} {stage.batch}")


@app.command("result")
def result(
    project: ProjectId,
    out: Out = None,
    *,
    text: Annotated[bool, typer.Option("--text", help="The joined text, not the table.")] = False,
    partial: Annotated[bool, typer.Option("--partial", help="The results so far.")] = False,
    raw: Raw = False,
) -> None:
    """Write the one result of a project: a table or a text.

    A file named `.xlsx` or `.json` gets the table in that form, and any other CSV.
    """
    from gateway.base.errors import Refused
    from gateway.steps.batches.projects import report

    async def read(rt: "Runtime") -> bytes:
        found = await report.project_result(rt, await _project(rt, project), partial=partial)
        if text and found.text is None:
            raise Refused("the result of this recipe is a table; leave --text out")
        if text and found.text is not None:
            return found.text.encode()
        match out.suffix if out else "":
            case ".xlsx":
                return b"".join(report.result_workbook(found, raw=raw))
            case ".json":
                return b"".join(report.result_json(found))
            case _:
                return "".join(report.result_csv(found, raw=raw)).encode()

    _write(with_runtime(read), out)


@app.command("report")
def report(
    project: ProjectId,
    out: Out = None,
    raw: Raw = False,
    steps: Annotated[
        bool, typer.Option("--steps", help="One line of CSV per stage and quality step.")
    ] = False,
) -> None:
    """Write the quality report of a project: a page, or CSV where the file is named so."""
    from gateway.steps.batches.projects.report import (
        project_report,
        report_csv,
        report_html,
        report_steps_csv,
    )

    async def read(rt: "Runtime") -> bytes:
        found = await project_report(rt, await _project(rt, project))
        if steps:
            return "".join(report_steps_csv(found, raw=raw)).encode()
        if out is not None and out.suffix == ".csv":
            return "".join(report_csv(found, raw=raw)).encode()
        return report_html(found).encode()

    _write(with_runtime(read), out)


def _write(body: bytes, out: Path | None) -> None:
    from gateway.base.errors import SettingsError

    if out is None:
        sys.stdout.write(body.decode())
        return
    try:
        out.write_bytes(body)
    except OSError as bad:
        raise SettingsError(f"cannot write {out}: {bad.strerror}") from bad


async def _project(rt: "Runtime", project: str) -> "Project":
    from gateway.store.batches import projects

    return await projects.read_project(rt.db, project)
