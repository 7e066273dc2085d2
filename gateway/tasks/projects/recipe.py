"""A recipe: the splitting, the tasks, the chaining and the reassembly of one kind of project.

A recipe is a short TOML file. Its name is the file's name.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from gateway.base.errors import Refused
from gateway.tasks.projects.parameters import COMMON, RecipeParameter
from gateway.tasks.projects.quality_steps import NO_ORDER, AuditOrder, OrderedSteps, ReviewOrder
from gateway.tasks.projects.templates import placeholders

SPLITS: Mapping[str, str] = {
    "rows": "table",
    "fields": "table",
    "pairs": "table",
    "text": "text",
}
"""The ways to split a source, each with the form of the source."""
JOINS: Mapping[str, tuple[str, ...]] = {
    "columns": ("rows", "fields"),
    "merge": ("pairs",),
    "overlap": ("text",),
}
"""The ways to put parts together again, each with the splits that it fits."""
CHECK_WHEN = ("cheaper", "always", "never")
_DECLARED_TYPES = ("text", "options", "fields", "columns", "number")
PARAMETER_TYPES = (*_DECLARED_TYPES, "languages")
"""The types of parameters. Only `languages` is one that no recipe declares itself."""
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_INSTRUCTIONS_MAX = 160
_STEPS = ("review", "audit")
_TOP = ("title", "about", "split", "parameters", "task", "check", "join")


@dataclass(frozen=True, slots=True)
class SplitRule:
    """The way to split a source into parts.

    - `by` is rows, fields, pairs or text.
    - `characters` and `overlap` are the longest piece of a text and the longest overlap.
    - `similar` is the least similarity of two rows that may be duplicates (0 to 1).
    - `block` is the largest number of rows that share a word and are compared with each other.
    """

    by: str
    characters: int = 300
    overlap: int = 120
    similar: float = 0.8
    block: int = 50


@dataclass(frozen=True, slots=True)
class TaskRule:
    """The tasks of the main stage; one per part, or one per part and field."""

    name: str
    kind: str
    value: str
    instructions: str
    question: str
    policy: str
    confidence: float = 0.0
    steps: OrderedSteps = NO_ORDER


@dataclass(frozen=True, slots=True)
class CheckRule:
    """The stage in which other workers check one worker's answer.

    - `when` is cheaper, always or never.
    - `price` is the price of a check as a share of the price of an answer.
    - `right` is the expected share of first answers that are right.
    """

    question: str
    instructions: str
    policy: str
    when: str = "cheaper"
    price: float = 0.4
    right: float = 0.85
    steps: OrderedSteps = NO_ORDER


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe, checked."""

    name: str
    title: str
    about: str
    split: SplitRule
    task: TaskRule
    join: str
    check: CheckRule | None = None
    parameters: Mapping[str, RecipeParameter] = field(default_factory=dict[str, RecipeParameter])

    @property
    def source(self) -> str:
        """Return the form of the client's file: table or text."""
        return SPLITS[self.split.by]


def read_recipe(name: str, text: str) -> Recipe:
    """Return the recipe in a TOML text. Raises Refused naming the recipe and the key."""
    try:
        return recipe_of(name, tomllib.loads(text))
    except tomllib.TOMLDecodeError as bad:
        raise Refused(f"recipe {name}: this is not TOML: {bad}", field="recipe") from bad


def recipe_of(name: str, given: Mapping[str, object]) -> Recipe:
    """Return the recipe in a TOML document that was read before."""
    if not _NAME.fullmatch(name):
        raise _wrong(name, "name", "small letters, digits and hyphens, 40 at most")
    reader = _Reader(name, given, "")
    reader.only(_TOP)
    split = _split(reader.table("split"))
    join = reader.table("join").text("by")
    if join not in JOINS or split.by not in JOINS[join]:
        fit = ", ".join(way for way, splits in JOINS.items() if split.by in splits)
        raise _wrong(name, "join.by", f"a split by {split.by} is joined by {fit}, not {join!r}")
    parameters = {
        key: _parameter(_Reader(name, value, f"parameters.{key}."))
        for key, value in reader.tables("parameters").items()
    }
    taken = sorted(set(parameters) & set(COMMON))
    if taken:
        raise _wrong(name, f"parameters.{taken[0]}", "every recipe has a parameter of this name")
    recipe = Recipe(
        name=name,
        title=reader.text("title"),
        about=reader.text("about"),
        split=split,
        task=_task(reader.table("task")),
        join=join,
        check=_check(reader.table("check")) if "check" in given else None,
        parameters=parameters,
    )
    _check_placeholders(recipe)
    return recipe


def _split(reader: "_Reader") -> SplitRule:
    reader.only(("by", "characters", "overlap", "similar", "block"))
    by = reader.one_of("by", tuple(SPLITS))
    usual = SplitRule(by)
    rule = SplitRule(
        by,
        int(reader.number("characters", usual.characters, 40, 900)),
        int(reader.number("overlap", usual.overlap, 0, 400)),
        reader.number("similar", usual.similar, 0.5, 1.0),
        int(reader.number("block", usual.block, 2, 1000)),
    )
    if rule.overlap * 2 > rule.characters:
        raise _wrong(reader.name, "split.overlap", "at most half of split.characters")
    return rule


def _task(reader: "_Reader") -> TaskRule:
    keys = ("name", "kind", "value", "instructions", "question", "policy", "confidence")
    reader.only((*keys, *_STEPS))
    return TaskRule(
        reader.text("name"),
        reader.text("kind"),
        reader.text("value", "text"),
        reader.text("instructions"),
        reader.text("question"),
        reader.text("policy"),
        reader.number("confidence", 0.0, 0.0, 0.999),
        _steps(reader),
    )


def _check(reader: "_Reader") -> CheckRule:
    reader.only(("question", "instructions", "policy", "when", "price", "right", *_STEPS))
    return CheckRule(
        reader.text("question"),
        reader.text("instructions"),
        reader.text("policy"),
        reader.one_of("when", CHECK_WHEN, "cheaper"),
        reader.number("price", 0.4, 0.01, 1.0),
        reader.number("right", 0.85, 0.01, 1.0),
        _steps(reader),
    )


def _steps(reader: "_Reader") -> OrderedSteps:
    """Return the review and the audit that a stage declares."""
    return OrderedSteps(
        _review(reader.table("review")) if "review" in reader.given else None,
        _audit(reader.table("audit")) if "audit" in reader.given else None,
    )


def _review(reader: "_Reader") -> ReviewOrder:
    usual = ReviewOrder()
    reader.only(("price", "below", "reviewers", "share"))
    return ReviewOrder(
        reader.number("price", usual.price, 0.1, 20),
        reader.number("below", usual.below, 0.5, 1.0),
        int(reader.number("reviewers", usual.reviewers, 1, 5)),
        reader.number("share", usual.share, 0.01, 1.0),
    )


def _audit(reader: "_Reader") -> AuditOrder:
    usual = AuditOrder()
    reader.only(("price", "half_width", "promise"))
    return AuditOrder(
        reader.number("price", usual.price, 0.0, 20),
        reader.number("half_width", usual.half_width, 0.01, 0.25),
        reader.number("promise", usual.promise, 0.5, 0.999),
    )


def _parameter(reader: "_Reader") -> RecipeParameter:
    reader.only(("about", "type", "default"))
    kind = reader.one_of("type", _DECLARED_TYPES, "text")
    return RecipeParameter(reader.text("about"), kind, reader.given.get("default"))


def _check_placeholders(recipe: Recipe) -> None:
    """Check that instructions name parameters only, since they are the same for all parts."""
    texts = {"task.instructions": recipe.task.instructions}
    if recipe.check is not None:
        texts["check.instructions"] = recipe.check.instructions
        if "answer" not in placeholders(recipe.check.question):
            raise _wrong(recipe.name, "check.question", "{answer} must be in it")
    for key, text in texts.items():
        unknown = [n for n in placeholders(text) if n not in recipe.parameters]
        if unknown:
            raise _wrong(recipe.name, key, f"{{{unknown[0]}}} is no parameter of the recipe")
        if len(text) > _INSTRUCTIONS_MAX:
            raise _wrong(recipe.name, key, f"at most {_INSTRUCTIONS_MAX} characters")


def _wrong(recipe: str, key: str, rule: str) -> Refused:
    return Refused(f"recipe {recipe}, {key}: {rule}", field=key)


class _Reader:
    """A reader of one table of a recipe that names the key in its errors."""

    def __init__(self, name: str, given: object, prefix: str) -> None:
        self.name, self._prefix = name, prefix
        key = prefix.rstrip(".")
        if given is None:
            raise _wrong(name, key, f"the section [{key}] is missing")
        if not isinstance(given, Mapping):
            raise _wrong(name, key, f"this must be a section [{key}]")
        self.given = cast("Mapping[str, object]", given)

    def only(self, known: Sequence[str]) -> None:
        unknown = [key for key in self.given if key not in known]
        if unknown:
            raise self._wrong(unknown[0], f"there is no such key; there is: {', '.join(known)}")

    def table(self, key: str) -> "_Reader":
        return _Reader(self.name, self.given.get(key), f"{self._prefix}{key}.")

    def tables(self, key: str) -> Mapping[str, object]:
        return _Reader(self.name, self.given.get(key, {}), f"{key}.").given

    def text(self, key: str, usual: str | None = None) -> str:
        value = self.given.get(key, usual)
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(key, "a text is missing here")
        return value

    def one_of(self, key: str, known: Sequence[str], usual: str | None = None) -> str:
        value = self.given.get(key, usual)
        if value not in known:
            raise self._wrong(key, f"{value!r} is not one of {', '.join(known)}")
        return cast("str", value)

    def number(self, key: str, usual: float, least: float, most: float) -> float:
        value = self.given.get(key, usual)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(key, f"a number from {least:g} to {most:g} is missing here")
        if not least <= value <= most:
            raise self._wrong(key, f"a number from {least:g} to {most:g}, not {value:g}")
        return float(value)

    def _wrong(self, key: str, rule: str) -> Refused:
        return _wrong(self.name, f"{self._prefix}{key}", rule)
