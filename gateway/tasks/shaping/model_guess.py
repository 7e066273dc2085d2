"""The prediction of a model in a task of Label Studio's JSON, beside its annotations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from gateway.base.errors import Refused

OURS: Final = "gateway:"
"""The beginning of the `model_version` of a decision of the gateway's own in an export.

It was made of workers' answers. As a prediction, it would count these answers a second time.
"""
FIELD: Final = "predictions"


@dataclass(frozen=True, slots=True)
class ModelGuess:
    """A prediction as it is given: the option, and the model's own score."""

    value: object
    score: object = None


def guess_in(models: object) -> ModelGuess | None:
    """Return the prediction among those of one task. None: no model of the client's made one.

    Raises Refused, which names the field, for several predictions, and for one of another form.

    >>> one = {"score": 0.9, "result": [{"value": {"choices": ["yes"]}}]}
    >>> guess_in([one]), guess_in([{**one, "model_version": "gateway:auto"}])
    (ModelGuess(value='yes', score=0.9), None)
    """
    given = _list(models or [], "predictions of a task are a list")
    made = [_object(one, "a prediction is an object with a result") for one in given]
    theirs = [one for one in made if not str(one.get("model_version") or "").startswith(OURS)]
    if not theirs:
        return None
    if len(theirs) > 1:
        raise _refused(f"a task has exactly one prediction, not {len(theirs)}")
    regions = _list(theirs[0].get("result"), "a prediction has exactly one result")
    if len(regions) != 1:
        raise _refused(f"a prediction has exactly one result, not {len(regions)}")
    region = _object(regions[0], "the result of a prediction is an object with a value")
    value = _object(region.get("value"), "the value of a prediction has one of choices")
    choices = _list(value.get("choices"), "the value of a prediction has one of choices")
    if len(choices) != 1:
        raise _refused(f"the value of a prediction has one of choices, not {len(choices)}")
    return ModelGuess(choices[0], theirs[0].get("score"))


def _list(given: object, otherwise: str) -> list[object]:
    if not isinstance(given, list):
        raise _refused(otherwise)
    return cast("list[object]", given)


def _object(given: object, otherwise: str) -> Mapping[str, object]:
    if not isinstance(given, dict):
        raise _refused(otherwise)
    return cast("dict[str, object]", given)


def _refused(message: str) -> Refused:
    return Refused(message, field=FIELD)
