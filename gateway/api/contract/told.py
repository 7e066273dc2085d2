"""The base of the models of responses, which notices what a response would lose.

Pydantic drops a field that a model does not name. A step that returns one more figure would then
seem to have done so, and no client would ever read it. Here the loss is noticed: it is logged and
counted, and the response goes out, because the client's request was done. Tests set
`RESPONSE_LOSSES=raise`, which makes each loss an error.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final, Self, cast

import structlog
from pydantic import (
    BaseModel,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

log = structlog.get_logger()
SWITCH: Final = "RESPONSE_LOSSES"
"""The environment variable that makes a loss an error, for tests."""
_NAMED_MAX = 1_000
# Each place is logged once. A list of a thousand batches would repeat it a thousand times.
_lost: Counter[str] = Counter()


class ResponseLoss(RuntimeError):
    """A field or a value that the document of the API does not know."""


def losses() -> int:
    """Return how often this process sent a response that was not as the document says."""
    return _lost.total()


def noticed(place: str, why: str) -> None:
    """Count a loss and log the first one of each place. Raises ResponseLoss in tests."""
    if os.environ.get(SWITCH) == "raise":
        raise ResponseLoss(f"{place}: {why}")
    if place not in _lost:
        log.error("a response differs from its document", place=place, why=why)
    if place in _lost or len(_lost) < _NAMED_MAX:
        _lost[place] += 1


class ResponseModel(BaseModel):
    """A part of a response, which loses nothing silently."""

    # A validator that runs before would not see a finished model with more fields than this one.
    @model_validator(mode="wrap")
    @classmethod
    def keep_all(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Notice the fields that this model would drop."""
        dropped = _names(given) - cls.model_fields.keys()
        if dropped:
            names = ", ".join(sorted(dropped))
            noticed(f"{cls.__name__}.{names}", "the model has no such field, so clients lose it")
        return handler(given)


def _names(given: object) -> set[str]:
    if isinstance(given, dict):
        return set(cast("dict[str, object]", given))
    if isinstance(given, BaseModel):
        return set(type(given).model_fields)
    if is_dataclass(given) and not isinstance(given, type):
        return {one.name for one in fields(given)}
    return set()


@dataclass(frozen=True, slots=True)
class Listed:
    """The values that a text in a response may have, for the document.

    A literal type would turn a value that is missing here into an error for the client. This one is
    noticed like a field that is lost.
    """

    values: Sequence[str] | Callable[[], Sequence[str]]

    def now(self) -> list[str]:
        """Return the values that this gateway has."""
        return list(self.values() if callable(self.values) else self.values)

    def check(self, value: str) -> str:
        """Notice a value that is not listed."""
        if value not in self.now():
            listed = ", ".join(self.now()[:3])
            noticed(f"{value[:40]!r} among {listed} ...", "the document does not list this value")
        return value

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        found = handler(schema)
        found["enum"] = self.now()
        return found
