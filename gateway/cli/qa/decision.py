"""The commands `gateway qa explain` and `gateway qa dry-run`.

They explain one decision, and try a new rule on past answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.base.errors import Refused
from gateway.cli.option_groups import with_groups
from gateway.cli.qa import rules
from gateway.cli.qa.files import (
    AnswerOptions,
    AnswersFile,
    ConfidenceOption,
    JsonFile,
    answers_of,
    one_line_errors,
    truths_of,
    working,
    write_json,
)

if TYPE_CHECKING:
    from gateway.cli.qa.typed import AnswerFormat
    from gateway.qa.judging.ruling import Ruling
    from gateway.qa.trials.dry_run import DryRun, RuleOutcome

CHANGES_SHOWN = 20

TruthFile = Annotated[Path | None, typer.Option("--truth", help="CSV task,truth.")]
GoldFile = Annotated[
    Path | None, typer.Option("--gold", help="CSV task,truth to learn skills from.")
]
PolicyOption = Annotated[str, typer.Option(help="all, fixed:N, dynamic, or worth:N.")]
MethodOption = Annotated[str, typer.Option(help="The rule for results: auto, or a rule by name.")]
MinorPriceOption = Annotated[
    float, typer.Option(min=0.0, help="The cost of one answer, in minor units.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOptions:
    """The options of the rule that decides."""

    policy: PolicyOption = "dynamic"
    confidence: ConfidenceOption = None
    method: MethodOption = "auto"
    price: MinorPriceOption = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRuleOptions:
    """The options of the rule that is tried. Each is as in the old rule, if it is not given."""

    new_policy: Annotated[
        str | None, typer.Option(help="The value of the new rule, if it differs.")
    ] = None
    new_confidence: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="The value of the new rule, if it differs."),
    ] = None
    new_method: Annotated[
        str | None, typer.Option(help="The value of the new rule, if it differs.")
    ] = None

    def changed(self, old: RuleOptions) -> RuleOptions:
        """Return the new rule's options."""
        confidence = old.confidence if self.new_confidence is None else self.new_confidence
        return RuleOptions(
            policy=self.new_policy or old.policy,
            confidence=confidence,
            method=self.new_method or old.method,
            price=old.price,
        )


@with_groups
def explain(
    *,
    task: Annotated[str, typer.Argument(help="The task whose decision is explained.")],
    answers: AnswersFile,
    truth: TruthFile = None,
    gold: GoldFile = None,
    form: AnswerOptions,
    deciding: RuleOptions,
    json_file: JsonFile = None,
) -> None:
    """Explain one decision with its answers and the workers' skills.

    It also shows the changes that would reverse the decision.
    """
    from gateway.cli.qa.typed import answer_format
    from gateway.qa.trials.explain import explain_task as told

    with one_line_errors("explain"):
        given = answer_format(form.kind, form.value, form.language, form.currency)
        votes = answers_of(answers, given)
        rows = votes.rows
        rule = _rule(rows, given, deciding)
        taught, known = truths_of(gold, votes), truths_of(truth, votes)
        with working(f"going over {len(rows):,} answers"):
            found = told(rows, task, rule, gold=taught, truths=known, language=given.tag)
        story = found.as_data()
        if json_file != "-":
            _show_story(story)
        write_json(json_file, story)


@with_groups
def dry_run(
    *,
    answers: Annotated[
        Path | None, typer.Option("--answers", help="CSV with columns task,worker,answer.")
    ] = None,
    batch: Annotated[
        str | None, typer.Option("--batch", help="Use the answers of a live batch (b_...).")
    ] = None,
    truth: TruthFile = None,
    gold: GoldFile = None,
    form: AnswerOptions,
    deciding: RuleOptions,
    changes: NewRuleOptions,
    json_file: JsonFile = None,
) -> None:
    """Try a changed rule on past answers before it is switched on.

    It shows the cost, the accuracy and the changed tasks.
    """
    from gateway.cli.qa.typed import answer_format
    from gateway.qa.trials.dry_run import dry_run as tried

    with one_line_errors("dry-run"):
        if batch is not None:
            rules.try_live(
                batch, changes.new_policy, changes.new_confidence, changes.new_method, json_file
            )
            return
        if answers is None:
            raise Refused("give --answers FILE, or --batch of a live batch")
        given = answer_format(form.kind, form.value, form.language, form.currency)
        votes = answers_of(answers, given)
        rows = votes.rows
        old = _rule(rows, given, deciding)
        new = _rule(rows, given, changes.changed(deciding))
        known, taught = truths_of(truth, votes), truths_of(gold, votes)
        with working(f"going over {len(rows):,} answers twice"):
            found = tried(rows, old, new, known, taught, language=given.tag)
        if json_file != "-":
            _show_dry_run(found)
        write_json(json_file, asdict(found))


def _rule(
    rows: Sequence[tuple[str, str, str]], given: "AnswerFormat", options: RuleOptions
) -> "Ruling":
    from gateway.qa.judging.overlap import CONFIDENCE
    from gateway.qa.judging.ruling import Ruling
    from gateway.qa.trials.report import TRANSCRIPTION
    from gateway.qa.trials.savings import most_answers

    is_text = given.kind_of(rows) == TRANSCRIPTION
    return Ruling(
        () if is_text else tuple(sorted({row[2] for row in rows})),
        options.policy,
        CONFIDENCE if options.confidence is None else options.confidence,
        options.method,
        options.price,
        most_answers(rows),
    )


def _show_story(story: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    rule = story["rule"]
    setting = f"{rule['policy']}, confidence {rule['confidence']:g}, {rule['method']}"
    table = Table(title=f"Task {story['task']}, rule {story['version']} ({setting})")
    for heading in (
        "",
        "worker",
        "said",
        "skill then",
        "skill by the batch",
        "believed",
        "decision",
    ):
        table.add_column(heading)
    for number, voice in enumerate(story["voices"], 1):
        believed = f"{voice['best']} {100 * voice['confidence']:.1f} %"
        table.add_row(
            str(number),
            escape(voice["worker"]),
            escape(voice["answer"]) + (" *" if voice["decisive"] else ""),
            _chance(voice["skill"], voice["skill_deviation"]),
            _chance(voice["later"], voice["later_deviation"]),
            escape(believed),
            voice["decision"].replace("_", " "),
        )
    console.print(table)
    for sentence in _sentences(story):
        console.print(sentence, markup=False)


def _sentences(story: Mapping[str, Any]) -> list[str]:
    mark = "" if story["confidence_checked"] else ", not checked with gold"
    sure = f"{100 * story['confidence']:.1f} % sure{mark}, by {story['method']}"
    chances = ", ".join(f"{option} {100 * p:.1f} %" for option, p in story["chances"].items())
    told = [f"The whole batch gives: {story['value']} ({sure}). Chances: {chances}."]
    if story["gold"]:
        told = [f"This task is gold: its truth, {story['value']}, was known."]
    if story["unused"]:
        told.append(f"{story['unused']} further recorded answers were not needed.")
    if any(voice["decisive"] for voice in story["voices"]):
        told.append("* without this answer the judge would have reached another value.")
    if story["contrary_needed"] is not None:
        more, other = story["contrary_needed"], story["runner_up"]
        told.append(f"{more} more strangers saying '{other}' would have changed the judge's mind.")
    if story["truth"] is not None:
        right = "right" if story["truth"] == story["value"] else "wrong"
        told.append(f"The truth is '{story['truth']}': the result is {right}.")
    return told


def _chance(mean: float, deviation: float) -> str:
    return f"{100 * mean:.0f} % +- {100 * deviation:.0f}"


def _show_dry_run(found: "DryRun") -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title=f"{found.tasks:,} tasks, {len(found.changes):,} with another value")
    for heading in ("", "rule", "answers", "cost", "accuracy", "to a person", "too few answers"):
        table.add_column(heading)
    for name, one in (("now", found.old), ("new", found.new)):
        table.add_row(name, *_cells(one))
    console.print(table)
    for change in found.changes[:CHANGES_SHOWN]:
        truth = "" if change.truth is None else f" (truth: {change.truth})"
        console.print(f"{change.task}: {change.was} -> {change.becomes}{truth}", markup=False)
    if len(found.changes) > CHANGES_SHOWN:
        console.print(f"... and {len(found.changes) - CHANGES_SHOWN} more; --json has them all")


def _cells(one: "RuleOutcome") -> tuple[str, ...]:
    accuracy = "" if one.accuracy is None else f"{100 * one.accuracy:.2f} %"
    cost = f"{one.cost_minor:,.0f}"
    return one.version, f"{one.answers:,}", cost, accuracy, str(one.review), str(one.short)
