"""The rule that decides a batch's tasks, as data with a version: what is stored with every decision.

A rule names options by their ids, never by their texts, so rewording a question changes no rule; and the
version is a digest of all that decides, the engine's own constants included, so equal versions mean
equal decisions on equal answers.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256

from gateway.errors import Refused
from gateway.qa import skill
from gateway.qa.overlap import CONFIDENCE, Market, Offer, Policy, parse_policy
from gateway.qa.shared_error import SHARED_ERROR

# What the judge takes for granted beside the rule itself.
ENGINE: Mapping[str, float] = {
    "prior right": skill.PRIOR_RIGHT,
    "prior wrong": skill.PRIOR_WRONG,
    "consensus weight": skill.CONSENSUS_WEIGHT,
    "shared error": SHARED_ERROR,
}


@dataclass(frozen=True, slots=True)
class Ruling:
    """How tasks are decided: when to stop asking (`policy`, `confidence`), how results are found (`method`).

    `options` are ids, empty for typed answers; `price_minor` is of one answer on its route, minor units.
    `answers_max` limits what any policy may ask for; None = the policy's own limit.

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
        self.overlap()  # a rule that cannot be read is refused where it is made

    @property
    def is_text(self) -> bool:
        return not self.options

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits that stand for everything above and the engine's constants."""
        said = json.dumps({**self.as_data(), "engine": ENGINE}, sort_keys=True)
        return sha256(said.encode()).hexdigest()[:12]

    def overlap(self) -> Policy:
        """When to stop asking; raises Refused for a policy that cannot be read."""
        return parse_policy(self.policy, available=self.answers_max, confidence=self.confidence)

    def market(self, message_minor: float = 0.0) -> Market:
        """What one more answer costs, with its messages."""
        return Market(Offer(self.price_minor + message_minor))

    def as_data(self) -> dict[str, object]:
        """For a JSON column; `ruling` reads it back."""
        return {**asdict(self), "options": list(self.options)}

    def changed(self, **fields: object) -> "Ruling":
        """The same rule but for these fields."""
        return replace(self, **fields)  # pyright: ignore[reportArgumentType]  # checked by the class


def ruling(data: Mapping[str, object]) -> Ruling:
    """Read what `as_data` gave; raises Refused for fields this version does not know."""
    unknown = sorted(data.keys() - Ruling.__dataclass_fields__.keys())
    if unknown:
        raise Refused(f"no field {unknown[0]!r} in a rule", field=unknown[0])
    options = data.get("options")
    if not isinstance(options, (list, tuple)):
        raise Refused("options must be a list of ids", field="options")
    ids = tuple(str(option) for option in options)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return Ruling(ids).changed(**{**data, "options": ids})
