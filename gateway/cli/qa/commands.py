"""The commands `gateway qa`: the quality engine on any CSV of answers, without a server."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.json_output import Raw
from gateway.cli.qa import decision, rules
from gateway.cli.qa.files import (
    AnswersFile,
    ConfidenceOption,
    CurrencyOption,
    JsonFile,
    KindOption,
    LanguageOption,
    ValueOption,
    answers_of,
    one_line_errors,
    progress,
    say,
    truths_of,
    working,
    write_json,
    write_results,
)
from gateway.cli.qa.kinds import AnswerKind
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


@app.command()
def aggregate(
    answers: AnswersFile,
    truth: Annotated[
        Path | None, typer.Option(help="CSV task,truth: measure the result against it.")
    ] = None,
    gold: Annotated[
        Path | None,
        typer.Option(help="CSV task,truth: use these to learn skills, calibrate and certify."),
    ] = None,
    kind: KindOption = None,
    value: ValueOption = None,
    language: LanguageOption = "",
    currency: CurrencyOption = "",
    method: Annotated[
        str, typer.Option(help="auto, or a rule by name. An unknown name lists the rules.")
    ] = "auto",
    out: Annotated[
        str | None,
        typer.Option(help="Write the results as CSV, a row per task; - is stdout."),
    ] = None,
    plot: PlotFile = None,
    json_file: JsonFile = None,
    *,
    raw: Raw = False,
) -> None:
    """Find the most likely value of every task, and its confidence."""
    from gateway.cli.qa.typed import answer_format
    from gateway.cli.qa.votes import ties_note
    from gateway.qa.trials.report import report

    with one_line_errors("aggregate"):
        given = answer_format(kind, value, language, currency)
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
        if "-" not in (json_file, out):
            show_figures(figures)
            if not plot:
                show_calibration(found, truths, known)
        if out:
            checked = bool(figures["confidence_checked"])
            write_results(out, found.results, checked=checked, tied=found.tied, raw=raw)
        if plot:
            plot_results(plot, found, truths, known)
        write_json(json_file, figures)


@app.command()
def stopping(
    answers: AnswersFile,
    truth: Annotated[Path, typer.Option(help="CSV with columns task,truth.")],
    gold: Annotated[
        Path | None,
        typer.Option(help="CSV task,truth: use these to learn skills first. They are not counted."),
    ] = None,
    kind: KindOption = None,
    value: ValueOption = None,
    language: LanguageOption = "",
    currency: CurrencyOption = "",
    confidence: ConfidenceOption = None,
    seeds: Annotated[int, typer.Option(min=1, help="Random orders to average.")] = 3,
    worth: WorthOption = None,
    price: PriceOption = 1.0,
    plot: PlotFile = None,
    json_file: JsonFile = None,
) -> None:
    """Replay asking one more answer only where it is needed, beside fixed overlaps."""
    from gateway.cli.qa.typed import answer_format

    with one_line_errors("stopping"):
        given = answer_format(kind, value, language, currency)
        votes = answers_of(answers, given)
        rows = votes.rows
        setting = Setting(confidence, worth, price, seeds, truths_of(gold, votes), given.tag)
        _replay(rows, truths_of(truth, votes), given.kind_of(rows), setting, plot, json_file)


@app.command()
def simulate(
    tasks: Annotated[int, typer.Option(min=1, max=20_000, help="Questions in the batch.")] = 500,
    workers: Annotated[int, typer.Option(min=1, max=2_000, help="The workers who answer.")] = 50,
    options: Annotated[int, typer.Option(min=2, max=9, help="The options per question.")] = 2,
    answers: Annotated[int, typer.Option(min=1, max=30, help="The most answers per task.")] = 7,
    skill: Annotated[float, typer.Option(help="Mean share of right answers.")] = 0.75,
    spread: Annotated[float, typer.Option(help="Standard deviation between workers.")] = 0.12,
    spammers: Annotated[
        int, typer.Option(min=0, help="The number of workers who press keys without reading.")
    ] = 0,
    copiers: Annotated[
        int, typer.Option(min=0, help="The number of workers who copy the first worker's answer.")
    ] = 0,
    confidence: ConfidenceOption = None,
    seeds: Annotated[int, typer.Option(min=1, help="Random orders to average.")] = 3,
    worth: WorthOption = None,
    price: PriceOption = 1.0,
    plot: PlotFile = None,
    json_file: JsonFile = None,
) -> None:
    """Simulate a crowd and show the price of accuracy, before a batch exists."""
    from gateway.qa.trials.synthetic import SyntheticCrowd, made_up

    with one_line_errors("simulate"):
        crowd = SyntheticCrowd(tasks, workers, options, answers, skill, spread, spammers, copiers)
        rows, truths = made_up(crowd, seed=0)
        setting = Setting(confidence, worth, price, seeds)
        planted = _suspects(rows) if spammers or copiers else {}
        _replay(rows, truths, AnswerKind.CATEGORISATION, setting, plot, json_file, planted)


@app.command()
def gold(
    answers: AnswersFile,
    truth: Annotated[Path, typer.Option(help="CSV with columns task,truth.")],
    gold: Annotated[
        list[int] | None, typer.Option(min=1, help="The number of gold tasks. Repeatable.")
    ] = None,
    splits: Annotated[int, typer.Option(min=1, help="Random choices of them to average.")] = 200,
    kind: KindOption = None,
    value: ValueOption = None,
    language: LanguageOption = "",
    currency: CurrencyOption = "",
    method: Annotated[str, typer.Option(help="auto, or a rule by name.")] = "auto",
    json_file: JsonFile = None,
) -> None:
    """Show what a number of gold tasks would have revealed on past answers.

    It measures how true confidences are, and whether certificates hold.
    """
    from gateway.cli.qa.typed import answer_format

    with one_line_errors("gold"):
        given = answer_format(kind, value, language, currency)
        votes = answers_of(answers, given)
        answered, truths = votes.rows, truths_of(truth, votes)
        if given.kind_of(answered) == AnswerKind.TRANSCRIPTION:
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
    """

    confidence: float | None
    worth: float | None
    price: float
    seeds: int
    gold: Mapping[str, str] = field(default_factory=dict[str, str])
    language: str = ""


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
    from gateway.qa.trials.savings import savings, steps, sweep, sweep_steps

    sure = CONFIDENCE if setting.confidence is None else setting.confidence
    share = None if setting.worth is None else setting.price / setting.worth
    with progress(steps(rows, setting.seeds) + (sweep_steps(setting.seeds) if plot else 0)) as tick:
        known, tag = setting.gold, setting.language
        replayed = savings(
            rows, truths, kind, sure, setting.seeds, tick, price=share, gold=known, language=tag
        )
        figures = {**replayed, **(more or {})}
        curve = sweep(rows, truths, kind, setting.seeds, tick, known, tag) if plot else []
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
