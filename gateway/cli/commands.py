"""All commands in one place. Each imports its modules when it runs, so that `--help` is quick."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from gateway import settings as settings_room
from gateway.cli.backup import archive, backup
from gateway.cli.batches import batches, file_jobs, projects, recipes
from gateway.cli.json_output import Json
from gateway.cli.messages import channels, phrases, sms
from gateway.cli.option_groups import with_groups
from gateway.cli.payouts import approvals, holds, ledger, manual, payouts, wind_down
from gateway.cli.people import cards, coordinators, fairwork, number_moves, persons, workers
from gateway.cli.people.impact import command as impact
from gateway.cli.people.partners.profile import app as partner
from gateway.cli.qa import commands
from gateway.cli.quality import (
    appeals,
    audit,
    explain,
    fields,
    findings,
    gold,
    lessons,
    options,
    reviewers,
    staff,
)
from gateway.cli.run import fill, operators
from gateway.cli.subjects import START, BySubject, arrange
from gateway.cli.turns import fairness, inbox

app = typer.Typer(
    cls=BySubject,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Paid digital work by feature phone: tasks by SMS and USSD, judged answers, paid earnings.",
    epilog=START,
)
app.add_typer(commands.app, name="qa")
app.add_typer(sms.app, name="sms")
app.add_typer(phrases.app, name="phrases")
app.add_typer(ledger.app, name="ledger")
app.add_typer(wind_down.app, name="wind-down")
app.command("impact")(impact.impact)
app.add_typer(fairwork.app, name="fairwork")
app.add_typer(holds.app, name="holds")
app.command("operators")(operators.operators)
app.command("fill")(fill.fill)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("archive")(archive.archive)
app.command("fairness")(fairness.fairness)
app.add_typer(inbox.app, name="inbox")
app.add_typer(channels.app, name="channels")
app.add_typer(manual.app, name="manual")
app.add_typer(payouts.app, name="payouts")
app.add_typer(approvals.app, name="approvals")
app.add_typer(number_moves.app, name="moves")
app.add_typer(persons.app, name="persons")
app.add_typer(payouts.statements, name="statements")
app.add_typer(batches.client, name="client")
app.add_typer(projects.app, name="project")
app.add_typer(recipes.app, name="recipes")
app.add_typer(file_jobs.app, name="batch")
app.add_typer(gold.app, name="gold")
app.add_typer(options.app, name="options")
app.add_typer(lessons.app, name="lessons")
app.add_typer(cards.app, name="card")
app.add_typer(staff.review, name="review")
app.add_typer(appeals.app, name="appeals")
app.add_typer(audit.app, name="audit")
app.command("reviewers")(reviewers.reviewers)
app.command("explain")(explain.explain)
app.command("fields")(fields.fields)
app.add_typer(findings.app, name="findings")
app.add_typer(partner, name="partner")
app.add_typer(coordinators.app, name="coordinator")
app.add_typer(workers.app, name="worker")


@app.command()
def api(
    port: Annotated[
        int | None, typer.Option(help="Port; 0 = any free one. Default: the setting `port`.")
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help='Write {"port": N} here when it listens.')
    ] = None,
    webhooks: Annotated[
        bool, typer.Option("--webhooks", help="Serve the providers' webhooks (phones) only.")
    ] = False,
    clients: Annotated[
        bool, typer.Option("--clients", help="Serve the client API and the console only.")
    ] = False,
    clients_at: Annotated[
        Path | None,
        typer.Option(
            help="With --webhooks: forward all other requests to the client process behind this socket."
        ),
    ] = None,
    fd: Annotated[
        int | None, typer.Option(help="Listen on this inherited socket.", hidden=True)
    ] = None,
    name: Annotated[
        str, typer.Option(help="The name of this process on this machine.", hidden=True)
    ] = "webhooks",
) -> None:
    """Serve the client API, the providers' webhooks and the console, or one of them with a flag."""
    from gateway.cli.run import api as command
    from gateway.cli.serving import serving

    place = command.place(
        webhooks=webhooks, clients=clients, port=port, fd=fd, clients_at=clients_at, name=name
    )
    with serving(settings_room.load(), migrated=True) as settings:
        command.serve(settings, place, ready_file=ready_file)


@app.command()
def runner(
    heavy: Annotated[
        bool, typer.Option("--heavy", help="Do only jobs on whole batches: estimate, close.")
    ] = False,
    light: Annotated[
        bool, typer.Option("--light", help="Do all other jobs: send, pay, process stored SMS.")
    ] = False,
    calls: Annotated[
        bool, typer.Option("--calls", help="Do only calls to the webhooks of clients.")
    ] = False,
    files: Annotated[
        bool, typer.Option("--files", help="Do only imports and exports of clients.")
    ] = False,
) -> None:
    """Do queued jobs: send messages, make payouts, close batches. Start as many as you like."""
    from gateway.cli.run import runner as command
    from gateway.cli.serving import serving

    with serving(settings_room.load()) as settings:
        command.serve(settings, command.queues(heavy=heavy, light=light, calls=calls, files=files))


@app.command()
def ticker() -> None:
    """Queue all due work every second. Several tickers may run, and one leads."""
    from gateway.cli.run import ticker as command
    from gateway.cli.serving import serving

    with serving(settings_room.load()) as settings:
        asyncio.run(command.serve(settings))


@app.command()
def crowd() -> None:
    """Let simulated workers answer the batches of a try-out. `gateway up` starts this by itself."""
    from gateway.cli.run.crowd import process as command
    from gateway.cli.serving import serving

    with serving(settings_room.load()) as settings:
        asyncio.run(command.serve(settings))


@app.command("test-gateway")
def serve_test_keys(
    ready_file: Annotated[
        Path | None, typer.Option(help="Write the folder here when test keys are served.")
    ] = None,
) -> None:
    """Serve test keys (gw_test_...): a gateway of its own, with simulated workers and money."""
    from gateway.cli.run.crowd import serve_test_gateway as command
    from gateway.cli.serving import serving

    with serving(settings_room.load(), migrated=True) as settings:
        asyncio.run(command.serve(settings, ready_file))


@app.command()
def migrate() -> None:
    """Bring the database to this version's schema."""
    from gateway.cli.serving import served

    with served(settings_room.load(), migrated=True):
        typer.echo("the database is at this version's schema")


@app.command()
def secret() -> None:
    """Print a new secret key for GATEWAY_SECRET_KEY."""
    from gateway.base.vault import new_master_secret

    typer.echo(new_master_secret())


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingOptions:
    """The files and the kind of a recording."""

    answers: Annotated[Path, typer.Option(help="CSV task,worker,answer: the recorded answers.")]
    kind: Annotated[str, typer.Option(help="verification, categorisation, transcription or entry.")]
    tasks: Annotated[
        Path | None, typer.Option(help="CSV task,text: the questions. Default: `Item <task>`.")
    ] = None
    truth: Annotated[
        Path | None, typer.Option(help="CSV task,truth: the truth that results are scored with.")
    ] = None
    fields: Annotated[
        Path | None,
        typer.Option(
            help="For entry: JSON list of fields. The other files then have a column per field."
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayOptions:
    """The options that say how a recording is played."""

    channel: Annotated[
        str, typer.Option(help="ussd, sms or mixed: the way in which the phones answer.")
    ] = "ussd"
    policy: Annotated[
        str,
        typer.Option(
            help="all, fixed:N or dynamic: the number of answers per task. Entry: double."
        ),
    ] = "all"
    confidence: Annotated[
        float | None, typer.Option(help="For dynamic: stop at this confidence (0 to 1).")
    ] = None
    packing: Annotated[
        str, typer.Option(help="Questions per SMS: auto, off, or at most 2 to 9.")
    ] = "auto"


@app.command()
@with_groups
def replay(
    *,
    files: RecordingOptions,
    play: PlayOptions,
    limit_tasks: Annotated[int | None, typer.Option(min=1, help="Only the first N tasks.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of all random choices.")] = 0,
    allow_undelivered: Annotated[
        bool,
        typer.Option(
            "--allow-undelivered", help="Exit with 0 although answers could not be delivered."
        ),
    ] = False,
    json: Json = None,
) -> None:
    """Play recorded crowd answers through simulated phones over HTTP, and compare all books.

    The answers are followed through to the payouts. Exits with 1 when books differ or an answer is
    lost or doubled, and with 3 when recorded answers could not be delivered. Those are named.
    """
    from gateway.cli.replay import command
    from gateway.cli.replay.recording import RecordingFiles, read_recording

    given = RecordingFiles(files.answers, files.tasks, files.truth, files.fields)
    recording = read_recording(given, files.kind, limit_tasks)
    command.replay(
        recording,
        channel=play.channel,
        policy=play.policy,
        confidence=play.confidence,
        pack=play.packing,
        seed=seed,
        out=json,
        allow_undelivered=allow_undelivered,
    )


@app.command()
def up(
    port: Annotated[
        int | None, typer.Option(help="Port; 0 = any free one. Default: the setting `port`.")
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help='Write {"port": N, "pid": N} here when all is up.')
    ] = None,
    crowd: Annotated[
        bool, typer.Option(help="Let simulated workers answer what you post to a try-out.")
    ] = True,
) -> None:
    """Run everything on this machine, with a simulated phone to click on. Ctrl-C stops it."""
    from gateway.cli.run.up import up as command

    command(settings_room.load(), port=port, ready_file=ready_file, say=typer.echo, crowd=crowd)


@app.command()
def doctor(
    json: Json = None,
) -> None:
    """Report the configuration, the reachable servers and any problems.

    Exits with 1 on a failure.
    """
    from gateway.cli.doctor import doctor as command

    command(json)


@app.command()
def outbox(
    json: Json = None,
) -> None:
    """Count the messages by state, and show the waiting time of the oldest."""
    from gateway.cli.messages.outbox import show

    show(json)


@app.command()
def weekly(
    json: Json = None,
) -> None:
    """Show what the weekly messages to workers cost, and how many workers switched them off."""
    from gateway.cli.messages.weekly import show

    show(json)


@app.command()
def demo(
    quick: Annotated[
        bool, typer.Option("--quick", help="Use less data: about half a minute.")
    ] = False,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", help="Keep the project's result and reports in this folder."),
    ] = None,
    json: Json = None,
) -> None:
    """Run the main job on real crowd answers, and compare all books.

    Three batches run at once, with simulated phones and payouts. Then two partners check a list.
    """
    from gateway.cli.replay import demo as command

    command.demo(quick=quick, out=json, keep=keep)


@app.command()
def bench(
    name: Annotated[str | None, typer.Argument(help="One benchmark. Default: all of them.")] = None,
    short: Annotated[
        bool,
        typer.Option(
            "--short", help="Run the short form, if the benchmark has one (edges, growth)."
        ),
    ] = False,
    json: Json = None,
) -> None:
    """Measure this gateway against a floor or a peer in the same run.

    It needs a checkout of the source.
    """
    from gateway.cli.run import bench as command

    command.bench(name, json, short=short)


arrange(app)
