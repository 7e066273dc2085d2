"""The commands `gateway qa`: the quality engine on any CSV of answers, without a server."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.json_output import Raw
from gateway.cli.option_groups import with_groups
from gateway.cli.qa import decision, rules
from gateway.cli.qa.files import (
    AnswerOptions,
    AnswersFile,
    ConfidenceOption,
    JsonFile,
    answers_of,
    one_line_errors,
    predictions_of,
    progress,
    say,
    truths_of,
    working,
    write_json,
    write_results,
)
from gateway.cli.qa.show import (
    plot_results,
    plot_savings,
    show_calibration,
    show_curve,
    show_figures,
    show_savings,
    show_splits,
)

if TYPE_CHECKING:
    from gateway.qa.trials.gold_splits import SplitFigures

app = typer.Typer(
    help="Aggregate recorded answers, replay stopping rules, explain a decision.",
    no_args_is_help=True,
)
app.command()(decision.explain)
app.command("dry-run")(decision.dry_run)
app.command()(rules.rules)
app.command()(rules.switch)


PlotFile = Annotated[
    Path | None, typer.Option("--plot", help="Draw the figures: an SVG file.", dir_okay=False)
]
WorthOption = Annotated[
    float | None,
    typer.Option(
        min=0.01, help="Stop by price instead: the value of a corrected error (see --price)."
    ),
]
PriceOption = Annotated[
    float,
    typer.Option(
        min=0.0, help="The cost of one answer (payout and segments), in the money of --worth."
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultOptions:
    """The options that say where the results go."""

    out: Annotated[
        str | None,
        typer.Option(help="Write the results as CSV, a row per task; - is stdout."),
    ] = None
    plot: PlotFile = None
    json_file: JsonFile = None
    raw: Raw = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StopOptions:
    """The options that say when asking ends in a replay."""

    confidence: ConfidenceOption = None
    seeds: Annotated[int, typer.Option(min=1, help="Random orders to average.")] = 3
    worth: WorthOption = None
    price: PriceOption = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdOptions:
    """The options of a simulated crowd."""

    tasks: Annotated[int, typer.Option(min=1, max=20_000, help="Questions in the batch.")] = 500
    workers: Annotated[int, typer.Option(min=1, max=2_000, help="The workers who answer.")] = 50
    options: Annotated[int, typer.Option(min=2, max=9, help="The options per question.")] = 2
    answers: Annotated[int, typer.Option(min=1, max=30, help="The most answers per task.")] = 7
    skill: Annotated[float, typer.Option(help="Mean share of right answers.")] = 0.75
    spread: Annotated[float, typer.Option(help="Standard deviation between workers.")] = 0.12
    spammers: Annotated[
        int, typer.Option(min=0, help="The number of workers who press keys without reading.")
    ] = 0
    copiers: Annotated[
        int, typer.Option(min=0, help="The number of workers who copy the first worker's answer.")
    ] = 0


@app.command()
@with_groups
def aggregate(
    *,
    answers: AnswersFile,
    truth: Annotated[
        Path | None, typer.Option(help="CSV task,truth: measure the result against it.")
    ] = None,
    gold: Annotated[
        Path | None,
        typer.Option(help="CSV task,truth: use these to learn skills, calibrate and certify."),
    ] = None,
    form: AnswerOptions,
    method: Annotated[
        str, typer.Option(help="auto, or a rule by name. An unknown name lists the rules.")
    ] = "auto",
    results: ResultOptions,
) -> None:
    """Find the most likely value of every task, and its confidence."""
    from gateway.cli.qa.typed import answer_format
    from gateway.cli.qa.votes import ties_note
    from gateway.qa.trials.report import report

    with one_line_errors("aggregate"):
        given = answer_format(form.kind, form.value, form.language, form.currency)
        with working(f"reading {answers}"):
            votes = answers_of(answers, given)
            rows = votes.rows
            truths, known = truths_of(truth, votes), truths_of(gold, votes)
        started = process_time()
        with working(f"estimating {len(rows):,} answers"):
            found = report(rows, given.kind_of(rows), method, truths, known, given.tag)
        seconds = round(process_time() - started, 4)
        left_out = {"repeated": votes.repeated, "unread": len(votes.unread)}
        figures = {**found.figures, **left_out, "seconds": seconds}
        say(ties_note(found.tied))
        if "-" not in (results.json_file, results.out):
            show_figures(figures)
            if not results.plot:
                show_calibration(found, truths, known)
        if results.out:
            checked = bool(figures["confidence_checked"])
            write_results(
                results.out, found.results, checked=checked, tied=found.tied, raw=results.raw
            )
        if results.plot:
            plot_results(results.plot, found, truths, known)
        write_json(results.json_file, figures)


@app.command()
@with_groups
def stopping(
    *,
    answers: AnswersFile,
    truth: Annotated[Path, typer.Option(help="CSV with columns task,truth.")],
    gold: Annotated[
        Path | None,
        typer.Option(help="CSV task,truth: use these to learn skills first. They are not counted."),
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(help="CSV task,value: a model's predictions, weighed as they earn trust."),
    ] = None,
    form: AnswerOptions,
    stop: StopOptions,
    plot: PlotFile = None,
    json_file: JsonFile = None,
) -> None:
    """Replay asking one more answer only where it is needed, beside fixed overlaps."""
    from gateway.cli.qa.typed import answer_format

    with one_line_errors("stopping"):
        given = answer_format(form.kind, form.value, form.language, form.currency)
        votes = answers_of(answers, given)
        rows = votes.rows
        model = predictions_of(predictions, votes)
        setting = Setting(stop, truths_of(gold, votes), given.tag, model)
        _replay(rows, truths_of(truth, votes), given.kind_of(rows), setting, plot, json_file)


@app.command()
@with_groups
def simulate(
    *,
    crowd: CrowdOptions,
    stop: StopOptions,
    plot: PlotFile = None,
    json_file: JsonFile = None,
) -> None:
    """Simulate a crowd and show the price of accuracy, before a batch exists."""
    from gateway.qa.trials.synthetic import SyntheticCrowd, made_up

    with one_line_errors("simulate"):
        made = SyntheticCrowd(
            crowd.tasks,
            crowd.workers,
            crowd.options,
            crowd.answers,
            crowd.skill,
            crowd.spread,
            crowd.spammers,
            crowd.copiers,
        )
        rows, truths = made_up(made, seed=0)
        planted = _suspects(rows) if crowd.spammers or crowd.copiers else {}
        kind = "categorisation"
        _replay(rows, truths, kind, Setting(stop), plot, json_file, planted)


@app.command()
@with_groups
def gold(
    *,
    answers: AnswersFile,
    truth: Annotated[Path, typer.Option(help="CSV with columns task,truth.")],
    gold: Annotated[
        list[int] | None, typer.Option(min=1, help="The number of gold tasks. Repeatable.")
    ] = None,
    splits: Annotated[int, typer.Option(min=1, help="Random choices of them to average.")] = 200,
    form: AnswerOptions,
    method: Annotated[str, typer.Option(help="auto, or a rule by name.")] = "auto",
    json_file: JsonFile = None,
) -> None:
    """Show what a number of gold tasks would have revealed on past answers.

    It measures how true confidences are, and whether certificates hold.
    """
    from gateway.cli.qa.typed import answer_format
    from gateway.tasks.values import TRANSCRIPTION

    with one_line_errors("gold"):
        given = answer_format(form.kind, form.value, form.language, form.currency)
        votes = answers_of(answers, given)
        answered, truths = votes.rows, truths_of(truth, votes)
        if given.kind_of(answered) == TRANSCRIPTION:
            of_size = _text_splits(answered, truths, method, given.tag)
        else:
            of_size = _option_splits(answered, truths, method)
        sizes = gold or [10, 30, 50, 100]
        with progress(splits * len(sizes)) as tick:
            rows = [of_size(size, splits, tick) for size in sizes]
        if json_file != "-":
            show_splits(rows)
        write_json(json_file, {"method": method, "rows": rows})


_OfSize = Callable[[int, int, Callable[[], None]], "SplitFigures"]


def _option_splits(
    rows: Sequence[tuple[str, str, str]], truths: Mapping[str, str], method: str
) -> _OfSize:
    from gateway.qa.port import encode
    from gateway.qa.trials.gold_splits import gold_splits

    batch = encode(rows)
    return lambda size, splits, tick: gold_splits(
        batch, truths, gold=size, splits=splits, method=method, tick=tick
    )


def _text_splits(
    rows: Sequence[tuple[str, str, str]], truths: Mapping[str, str], method: str, language: str
) -> _OfSize:
    from gateway.qa.text.aggregate import unaided
    from gateway.qa.trials.gold_splits import text_gold_splits

    with working(f"reading {len(rows):,} typed answers"):
        batch = unaided(rows, method=method, language=language)
    return lambda size, splits, tick: text_gold_splits(
        batch, truths, gold=size, splits=splits, tick=tick
    )


@dataclass(frozen=True, slots=True)
class Setting:
    """The end of asking in a replay: at a confidence, or while an answer is worth its price.

    `gold` teaches skills before the first question. `language` says how typed answers are compared.
    `predictions` are those of a model, by task.
    """

    stop: StopOptions
    gold: Mapping[str, str] = field(default_factory=dict[str, str])
    language: str = ""
    predictions: Mapping[str, str] | None = None


def _replay(
    rows: Sequence[tuple[str, str, str]],
    truths: Mapping[str, str],
    kind: str,
    setting: Setting,
    plot: Path | None,
    json_file: str | None,
    more: Mapping[str, object] | None = None,
) -> None:
    from gateway.qa.judging.overlap import CONFIDENCE
    from gateway.qa.trials.savings import EndOfAsking, savings, steps, sweep, sweep_steps

    stop, seeds = setting.stop, setting.stop.seeds
    sure = CONFIDENCE if stop.confidence is None else stop.confidence
    share = None if stop.worth is None else stop.price / stop.worth
    with progress(steps(rows, seeds) + (sweep_steps(seeds) if plot else 0)) as tick:
        known, tag = setting.gold, setting.language
        end = EndOfAsking(sure, share, setting.predictions)
        replayed = savings(rows, truths, kind, end, seeds, tick, gold=known, language=tag)
        figures = {**replayed, **(more or {})}
        curve = sweep(rows, truths, kind, seeds, tick, known, tag) if plot else []
    if json_file != "-":
        show_savings(figures)
        if not plot:
            show_curve(figures)
    if plot:
        plot_savings(plot, figures, curve)
    write_json(json_file, figures)


def _suspects(rows: Sequence[tuple[str, str, str]]) -> dict[str, object]:
    """Return the workers that share mistakes beyond chance, as text and as figures."""
    from gateway.qa.cheating import findings
    from gateway.qa.observed import Observation, Observed

    found = findings(
        Observed([Observation(*row) for row in rows], sorted({row[2] for row in rows}))
    )
    for one in found:
        typer.echo(f"{one.rule}: {', '.join(one.workers)}: {one.sentence}", err=True)
    if not found:
        typer.echo("no workers share mistakes beyond chance", err=True)
    named = [
        {"rule": one.rule, "workers": list(one.workers), "chance": one.chance} for one in found
    ]
    return {"findings": named}
