"""The rule that decides a batch's tasks, as data with a version that is stored with every decision.

A rule names options by their ids, never by their texts, so rewording a question changes no rule.
The version is a digest of all that decides, including the engine's own constants. So equal versions
mean equal decisions on equal answers.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256

from gateway.base.errors import Refused
from gateway.qa.answers import choice, typed
from gateway.qa.answers.port import AnswerForm
from gateway.qa.confidence.shared_error import SHARED_ERROR
from gateway.qa.judging.overlap import CONFIDENCE, AnswerPrice, AnswerPrices, Policy, parse_policy
from gateway.qa.skills import skill

# These are the assumptions of the judge beside the rule itself.
ENGINE: Mapping[str, float] = {
    "prior right": skill.PRIOR_RIGHT,
    "prior wrong": skill.PRIOR_WRONG,
    "consensus weight": skill.CONSENSUS_WEIGHT,
    "shared error": SHARED_ERROR,
}


@dataclass(frozen=True, slots=True)
class Ruling:
    """The rule of a batch: when to stop asking, and how to find results.

    `policy` and `confidence` say when to stop, and `method` how results are found. `options` are
    ids, empty for typed answers. `price_minor` is the price of one answer on its channel, in minor
    units. `answers_max` limits what any policy may ask for, and None is the policy's own limit.

    >>> Ruling(("no", "yes")).version == Ruling(("no", "yes"), confidence=0.9).version
    True
    >>> Ruling(("no", "yes")).version == Ruling(("no", "yes"), confidence=0.95).version
    False
    """

    options: tuple[str, ...]
    policy: str = "dynamic"
    confidence: float = CONFIDENCE
    method: str = "auto"
    price_minor: float = 0.0
    answers_max: int | None = None

    def __post_init__(self) -> None:
        self.overlap()  # A rule that cannot be read is refused where it is made.

    @property
    def is_text(self) -> bool:
        return not self.options

    @property
    def form(self) -> AnswerForm:
        """Return the form of the answers: options, or typed where there are none."""
        return typed if self.is_text else choice

    @property
    def version(self) -> str:
        """Return twelve hexadecimal digits for all fields and the engine's constants."""
        said = json.dumps({**self.as_data(), "engine": ENGINE}, sort_keys=True)
        return sha256(said.encode()).hexdigest()[:12]

    def overlap(self) -> Policy:
        """Return the policy that says when to stop asking.

        Raises Refused for a policy that cannot be read.
        """
        return parse_policy(self.policy, available=self.answers_max, confidence=self.confidence)

    def market(self, message_minor: float = 0.0) -> AnswerPrices:
        """Return the price of one more answer, with its messages, as a market."""
        return AnswerPrices(AnswerPrice(self.price_minor + message_minor))

    def as_data(self) -> dict[str, object]:
        """Return the rule for a JSON column, which `ruling` reads back."""
        return {**asdict(self), "options": list(self.options)}

    def changed(self, **fields: object) -> "Ruling":
        """Return this rule with some fields changed."""
        return replace(self, **fields)  # pyright: ignore[reportArgumentType]  # checked by the class


def ruling(data: Mapping[str, object]) -> Ruling:
    """Read the result of `as_data`.

    Raises Refused for fields that this version does not know.
    """
    unknown = sorted(data.keys() - Ruling.__dataclass_fields__.keys())
    if unknown:
        raise Refused(f"a rule has no field {unknown[0]!r}", field=unknown[0])
    options = data.get("options")
    if not isinstance(options, (list, tuple)):
        raise Refused("options must be a list of ids", field="options")
    ids = tuple(str(option) for option in options)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return Ruling(ids).changed(**{**data, "options": ids})
