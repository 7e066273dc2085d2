"""The output of the `gateway qa` commands: tables and curves in a terminal, charts in a file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from gateway.base.errors import Refused

if TYPE_CHECKING:
    from gateway.qa.trials.report import QualityReport

NAMES = {"accuracy": "accuracy", "wer": "word error rate"}
RATES = ("accuracy", "wer", "exact_match", "near_match", "ece", "ece_debiased", "lapse")


def plot_savings(plot: Path, figures: Mapping[str, Any], curve: list[dict[str, float]]) -> None:
    from gateway.cli.qa.svg_charts import lines, write
    from gateway.qa.trials.savings import SWEPT

    rate = "accuracy" if "accuracy" in figures else "wer"
    fixed = [(one["answers_per_task"], one[rate]) for one in figures["fixed"].values()]
    dynamic = [(one["answers_per_task"], one[rate]) for one in curve]
    series = {"fixed overlap": fixed, "dynamic, at rising confidence": dynamic}
    labels = dict(zip(dynamic, (f"{sure:g}" for sure in SWEPT), strict=True))
    title = f"{NAMES[rate]} against cost"
    write(plot, [lines(title, "answers per task", NAMES[rate], series, labels)])


def plot_results(
    plot: Path, found: "QualityReport", truths: Mapping[str, str], gold: Mapping[str, str]
) -> None:
    from gateway.cli.qa import svg_charts
    from gateway.qa.confidence.calibration_error import reliability
    from gateway.qa.trials.report import TRANSCRIPTION

    scored = _scored(found, truths, gold)
    if not scored:
        raise Refused("a picture needs --truth: it compares the results with the truth")
    right = _right(found, scored, truths)
    bins = reliability([sure for _, _, sure, _ in scored], right)
    panels = [svg_charts.calibration("calibration", bins)]
    if found.figures["kind"] != TRANSCRIPTION:
        counts = Counter((truths[task], value) for task, value, _, _ in scored)
        labels = sorted({label for pair in counts for label in pair})
        panels.insert(0, svg_charts.shades("confusion", labels, counts))
    by_answers: dict[int, list[bool]] = {}
    for (_, _, _, given), hit in zip(scored, right, strict=True):
        by_answers.setdefault(given, []).append(hit)
    points = [(float(given), sum(hits) / len(hits)) for given, hits in by_answers.items()]
    if len(points) > 1:
        series = {"tasks with this number of answers": points}
        panels.append(svg_charts.lines("accuracy by overlap", "answers per task", "right", series))
    svg_charts.write(plot, panels)


def _scored(
    found: "QualityReport", truths: Mapping[str, str], gold: Mapping[str, str]
) -> list[tuple[str, str, float, int]]:
    return [row for row in found.results if row[0] in truths and row[0] not in gold]


def _right(
    found: "QualityReport", scored: Sequence[tuple[str, str, float, int]], truths: Mapping[str, str]
) -> list[bool]:
    """Return for each result whether it is right.

    A typed answer may differ from the truth by a slip, because its confidence allows for one.
    """
    from gateway.qa.trials.report import TRANSCRIPTION

    if found.figures["kind"] != TRANSCRIPTION:
        return [value == truths[task] for task, value, _, _ in scored]
    from gateway.qa.typed.near import says_same

    return [says_same(value, truths[task], found.language) for task, value, _, _ in scored]


def show_calibration(
    found: "QualityReport", truths: Mapping[str, str], gold: Mapping[str, str]
) -> None:
    from gateway.cli.qa.text_charts import bars
    from gateway.qa.confidence.calibration_error import reliability

    scored = _scored(found, truths, gold)
    if scored:
        sure = [confidence for _, _, confidence, _ in scored]
        typer.echo(bars(reliability(sure, _right(found, scored, truths))))


def show_curve(figures: Mapping[str, Any]) -> None:
    from gateway.cli.qa.text_charts import curve

    rate = "accuracy" if "accuracy" in figures else "wer"
    fixed = [(one["answers_per_task"], one[rate]) for one in figures["fixed"].values()]
    series = {"fixed overlap": fixed, "dynamic": [(figures["answers_per_task"], figures[rate])]}
    typer.echo(curve("answers per task", NAMES[rate], series))


def show_figures(figures: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    title = f"{figures['answers']:,} answers to {figures['tasks']:,} tasks"
    table = Table("", "", title=title, show_header=False)
    table.columns[1].justify = "right"
    for key, value in figures.items():
        if key == "certificate":
            table.add_row(key, _certificate(value))
        elif value is not None and key != "tied":
            table.add_row(key.replace("_", " "), _readable(key, value))
    console = Console()
    console.print(table)


def _readable(key: str, value: Any) -> str:
    if key == "confidence_checked":
        return "by gold" if value else "no gold has checked the confidences"
    if key in RATES:
        return f"{100 * value:.2f} %"
    return f"{value:,.3g}" if isinstance(value, float) else str(value)


def _certificate(certificate: Mapping[str, Any]) -> str:
    if "low" not in certificate:
        return f"too little gold: {certificate['gold']} of {certificate['wanted']} tasks"
    low, high = 100 * certificate["low"], 100 * certificate["high"]
    return f"{100 * certificate['accuracy']:.1f} % right, {low:.1f} to {high:.1f} % at 95 %"


def show_splits(rows: Sequence[Mapping[str, float | int | None]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=f"{rows[0]['tasks']:,} tasks with a truth, {rows[0]['splits']} random splits"
    )
    for heading in (
        "gold tasks",
        "right",
        "calibration error",
        "without luck",
        "certificates that held",
        "+-",
    ):
        table.add_column(heading, justify="right")
    for row in rows:
        rates = (
            row["accuracy"],
            row["ece"],
            row["ece_debiased"],
            row["covered"],
            row["half_width"],
        )
        shown = ("none" if rate is None else f"{100 * rate:.1f} %" for rate in rates)
        table.add_row(str(row["gold"]), *shown)
    Console().print(table)


def _setting(figures: Mapping[str, Any]) -> str:
    if figures["price"] is not None:
        return f"Stopping when an answer costs more than it brings, {figures['kind']}"
    return f"Stopping at confidence {figures['confidence']:g}, {figures['kind']}"


def show_savings(figures: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    rates = [key for key in figures if key in RATES]
    table = Table(title=_setting(figures))
    for heading in ("policy", "answers per task", *(rate.replace("_", " ") for rate in rates)):
        table.add_column(heading, justify="left" if heading == "policy" else "right")
    policies = {f"fixed {n}": one for n, one in figures["fixed"].items()} | {"dynamic": figures}
    for name, one in policies.items():
        shown = (f"{100 * one[rate]:.2f} %" for rate in rates)
        table.add_row(name, f"{one['answers_per_task']:.2f}", *shown)
    Console().print(table)
