"""The plan of a project: its stages, and the most that each can cost.

Each stage becomes one batch. A main stage asks about every part. Where its answers are checked, it
has three stages: one worker answers, other workers check the answer, and what does not pass is
asked again. The plan counts the tasks that each stage can have at most. So the cost of the whole
project is known before it starts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import floor
from typing import Any, cast

from gateway.base.errors import Refused
from gateway.qa.checks import plan as quality_plans
from gateway.qa.checks.plan import NO_STEPS, QualityPlan
from gateway.tasks.entry.fields import FIELDS_MAX
from gateway.tasks.projects.chain import (
    AnswerNumbers,
    ChainChoice,
    answer_numbers,
    checked_price,
    several_price,
)
from gateway.tasks.projects.parts import ProjectPart, SplitSource, task_question, text_values
from gateway.tasks.projects.quality_steps import OrderedSteps
from gateway.tasks.projects.recipe import CHECK_WHEN, CheckRule, Recipe
from gateway.tasks.projects.templates import filled_in
from gateway.tasks.values import kind_asked

ASK, CHECK, AGAIN = "ask", "check", "again"
_VERIFICATION = "verification"
_INSTRUCTIONS_MAX = 160
_SAMPLE = 200


@dataclass(frozen=True, slots=True)
class PlannedStage:
    """A stage of a project, which becomes one batch.

    - `main` is the name of the main stage that it belongs to, and `role` is ask, check or again.
    - `after` is the stage whose results it needs, or "".
    - `tasks` is the most tasks, and `gold` the number of gold tasks among them.
    - `answers_least`, `answers_most` and `answers_expected` are per task.
    - `tasks_expected` is the expected number of tasks, without gold.
    - `characters` is the mean length of the questions, from which the pay of an hour is reckoned.
    - `quality` has the review and the audit of its batch.
    """

    name: str
    main: str
    role: str
    after: str
    kind: str
    instructions: str
    question: str
    policy: str
    confidence: float
    price_minor: int
    partner_minor: int
    tasks: int
    answers_least: int
    answers_most: int
    answers_expected: float
    tasks_expected: float
    characters: float
    gold: int = 0
    gold_rate: float = 0.0
    options: tuple[dict[str, Any], ...] = ()
    fields: tuple[dict[str, Any], ...] = ()
    quality: QualityPlan = NO_STEPS

    @property
    def checks_minor(self) -> int:
        """Return the most that its review and its audits can cost, in minor units."""
        return self.quality.most_minor(self.tasks - self.gold)

    def expected_minor(self, gold_answers: int) -> float:
        """Return the expected cost of its answers, its review and its audit, in minor units."""
        answers = self.tasks_expected * self.answers_expected + self.gold * gold_answers
        return answers * self.cost_minor + self.quality.expected_minor(self.tasks_expected)

    @property
    def field_names(self) -> tuple[str, ...]:
        """Return the names of the fields of a record; none for other kinds."""
        return tuple(each["id"] for each in self.fields)

    def slots(self, gold_answers: int) -> int:
        """Return the most answers that are paid for, with those of one gold question."""
        return (self.tasks - self.gold) * self.answers_most + self.gold * gold_answers

    @property
    def cost_minor(self) -> int:
        """Return the cost of an accepted answer: the worker's price and her partner's."""
        return self.price_minor + self.partner_minor


@dataclass(frozen=True, slots=True)
class ProjectPlan:
    """The stages of a project in order, and why answers are checked or not."""

    stages: tuple[PlannedStage, ...]
    choices: tuple[ChainChoice, ...] = ()
    parts: int = 0
    languages: tuple[str, ...] = ()

    def stage(self, name: str) -> PlannedStage:
        """Return the stage of a name."""
        return next(stage for stage in self.stages if stage.name == name)

    @property
    def mains(self) -> tuple[str, ...]:
        """Return the names of the main stages, in order."""
        return tuple(stage.name for stage in self.stages if stage.role == ASK)

    def expected_minor(self, gold_answers: int) -> int:
        """Return the expected cost of all stages, with their reviews and audits."""
        return round(sum(stage.expected_minor(gold_answers) for stage in self.stages))

    @property
    def least_minor(self) -> int:
        """Return the cost if every first answer passes at once."""
        return sum(
            (stage.tasks - stage.gold) * stage.answers_least * stage.cost_minor
            for stage in self.stages
            if stage.role != AGAIN
        )


def as_data(plan: ProjectPlan) -> dict[str, Any]:
    """Return a plan as it is kept with its project."""
    return asdict(plan)


def plan_of(data: Mapping[str, Any]) -> ProjectPlan:
    """Return a plan that was kept with its project."""
    return ProjectPlan(
        stages=tuple(_stage_of(each) for each in data["stages"]),
        choices=tuple(ChainChoice(**each) for each in data["choices"]),
        parts=data["parts"],
        languages=tuple(data["languages"]),
    )


def _stage_of(data: dict[str, Any]) -> PlannedStage:
    for name in ("options", "fields"):
        data[name] = tuple(data[name])
    data["quality"] = quality_plans.plan_of(data.get("quality") or {})
    # Plans of before 1 December 2026 have no expectation, so theirs is the most.
    data.setdefault("tasks_expected", float(data["tasks"] - data.get("gold", 0)))
    return PlannedStage(**data)


@dataclass(frozen=True, slots=True)
class AnswerPay:
    """The price of an accepted answer for the worker, and for her partner, in minor units."""

    worker_minor: int
    partner_minor: int = 0

    @property
    def cost_minor(self) -> int:
        return self.worker_minor + self.partner_minor

    def share(self, share: float) -> "AnswerPay":
        """Return a share of both prices. A partner without a price gets none."""
        partner = share_minor(self.partner_minor, share) if self.partner_minor else 0
        return AnswerPay(share_minor(self.worker_minor, share), partner)


@dataclass(frozen=True, slots=True)
class _Main:
    """A main stage before its chain is decided."""

    name: str
    kind: str
    question: str
    options: tuple[dict[str, Any], ...] = ()
    fields: tuple[dict[str, Any], ...] = ()


def make_plan(
    recipe: Recipe, parameters: Mapping[str, object], split: SplitSource, pay: AnswerPay
) -> ProjectPlan:
    """Return the plan of a project. Raises Refused naming the parameter that is wrong."""
    asked = [part for part in split.parts if part.asked]
    gold_rate = cast("float", parameters["gold_rate"])
    gold = sum(part.gold is not None for part in asked) if gold_rate else 0
    policy = str(parameters["policy"]) or recipe.task.policy
    numbers = answer_numbers(policy, recipe.task.confidence)
    values = text_values(parameters)
    stages, choices, real = list[PlannedStage](), list[ChainChoice](), len(asked) - gold
    for main in _mains(recipe, parameters):
        choice = _choose(recipe, main.name, parameters, numbers, pay)
        first = PlannedStage(
            name=main.name,
            main=main.name,
            role=ASK,
            after="",
            kind=main.kind,
            instructions=filled_in(recipe.task.instructions, values),
            question=main.question,
            policy=policy,
            confidence=recipe.task.confidence,
            price_minor=pay.worker_minor,
            partner_minor=pay.partner_minor,
            tasks=len(asked),
            answers_least=numbers.least,
            answers_most=numbers.most,
            answers_expected=numbers.expected,
            tasks_expected=real,
            characters=_mean_length(main.question, asked),
            gold=gold,
            gold_rate=min(gold_rate, 0.5) if gold else 0.0,
            options=main.options,
            fields=main.fields,
            quality=_quality(recipe.task.steps, parameters, pay),
        )
        if choice is not None:
            choices.append(choice)
        if choice is not None and choice.checked:
            assert recipe.check is not None
            stages += _chained(
                first,
                recipe.check,
                values,
                asked,
                _quality(recipe.check.steps, parameters, pay.share(recipe.check.price)),
            )
        else:
            stages.append(first)
    if len(stages[0].instructions) > _INSTRUCTIONS_MAX:
        raise Refused(
            f"the instructions have {len(stages[0].instructions)} characters with these parameters; "
            f"at most {_INSTRUCTIONS_MAX} fit",
            field="parameters",
        )
    languages = tuple(cast("Sequence[str]", parameters["languages"]))
    return ProjectPlan(tuple(stages), tuple(choices), len(split.parts), languages)


def _quality(steps: OrderedSteps, parameters: Mapping[str, object], pay: AnswerPay) -> QualityPlan:
    return steps.chosen(parameters).plan(pay.worker_minor)


def _mean_length(question: str, asked: Sequence[ProjectPart]) -> float:
    """Return the mean length of questions, from a sample of the parts."""
    sample = asked[:: max(1, len(asked) // _SAMPLE)]
    return sum(len(filled_in(question, part.values)) for part in sample) / max(1, len(sample))


def share_minor(price_minor: int, share: float) -> int:
    """Return a share of a price in whole minor units, half up, and one unit at least.

    >>> share_minor(300, 0.4), share_minor(1, 0.1)
    (120, 1)
    """
    return max(1, floor(price_minor * share + 0.5))


def _mains(recipe: Recipe, parameters: Mapping[str, object]) -> Iterator[_Main]:
    """Yield the main stages: one, or more for records with more fields than a batch has."""
    question = task_question(recipe, parameters)
    options = tuple(cast("Sequence[dict[str, Any]]", parameters.get("options") or ()))
    kind, name = kind_asked(recipe.task.kind, recipe.task.value), recipe.task.name
    if recipe.split.by != "fields":
        yield _Main(name, kind, question, options)
        return
    fields = tuple(cast("Sequence[dict[str, Any]]", parameters["fields"]))
    for number, at in enumerate(range(0, len(fields), FIELDS_MAX), 1):
        some = fields[at : at + FIELDS_MAX]
        yield _Main(name if number == 1 else f"{name}-{number}", kind, question, fields=some)


def _choose(
    recipe: Recipe,
    main: str,
    parameters: Mapping[str, object],
    numbers: AnswerNumbers,
    pay: AnswerPay,
) -> ChainChoice | None:
    """Return whether one answer is checked, or None where the recipe has no check."""
    check = recipe.check
    when = str(parameters["check"]) or (check.when if check else "never")
    if when not in CHECK_WHEN:
        raise Refused(
            f"parameters.check: {when!r} is not one of {', '.join(CHECK_WHEN)}",
            field="parameters.check",
        )
    if check is None:
        if when == "always":
            raise Refused(
                "parameters.check: the recipe has no check of answers", field="parameters.check"
            )
        return None
    several = several_price(numbers, pay.cost_minor)
    checked = checked_price(
        numbers,
        pay.cost_minor,
        answer_numbers(check.policy, 0.0),
        pay.share(check.price).cost_minor,
        check.right,
    )
    is_checked = when == "always" or (when == "cheaper" and checked < several)
    return ChainChoice(main, is_checked, when, round(several, 2), round(checked, 2))


def _chained(
    first: PlannedStage,
    check: CheckRule,
    values: Mapping[str, str],
    asked: Sequence[ProjectPart],
    check_quality: QualityPlan,
) -> list[PlannedStage]:
    """Return the stages of one answer that is checked, and asked again where it does not pass.

    First answers get neither review nor audit, because other workers check each of them.
    """
    checks = answer_numbers(check.policy, 0.0)
    name, real = first.name, first.tasks - first.gold
    pay = AnswerPay(first.price_minor, first.partner_minor).share(check.price)
    question = filled_in(check.question, values)
    one = replace(
        first,
        policy="fixed:1",
        confidence=0.0,
        answers_least=1,
        answers_most=1,
        answers_expected=1.0,
        quality=NO_STEPS,
    )
    checking = PlannedStage(
        name=f"{name}-check",
        main=name,
        role=CHECK,
        after=name,
        kind=_VERIFICATION,
        instructions=filled_in(check.instructions, values),
        question=question,
        policy=check.policy,
        confidence=0.0,
        price_minor=pay.worker_minor,
        partner_minor=pay.partner_minor,
        tasks=real,
        answers_least=checks.least,
        answers_most=checks.most,
        answers_expected=checks.expected,
        tasks_expected=real,
        # An answer to a piece of a text is about as long as the piece.
        characters=_mean_length(question.replace("{answer}", "{part}"), asked),
        quality=check_quality,
    )
    again = replace(
        first,
        name=f"{name}-again",
        role=AGAIN,
        after=checking.name,
        tasks=real,
        tasks_expected=(1 - check.right) * real,
        gold=0,
        gold_rate=0.0,
    )
    return [one, checking, again]
