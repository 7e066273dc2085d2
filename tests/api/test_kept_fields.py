"""No response loses a field: what a step returned is what a client reads, as its document says."""

import dataclasses
import typing
from dataclasses import dataclass

import pytest
from pydantic import BaseModel, ValidationError
from structlog.testing import capture_logs

from gateway.api.contract import told
from gateway.api.contract.listed import BatchStateOut
from gateway.api.contract.told import ResponseLoss, ResponseModel, losses
from gateway.steps.batches.files.told import AnswerTeller
from tests.support.kept_answers import FOUND, client_routes
from tests.support.operations import document_of

# Texts for a reader, and values with a form of their own. Other texts of these names have lists.
NAMES = ("state", "kind", "reason", "status", "policy", "method", "format", "channel", "type")
WITHOUT_LIST = {
    "a reason in the words of a person or of the gateway": ("*.reason",),
    "fixed:N holds a number": ("*.policy", "PromiseOut.policy"),
    "the address of a page about the error": ("Problem.type",),
    "the name of a channel, which the operator chose": ("PreviewSegmentOut.channel",),
}


class Inner(ResponseModel):
    """A part of an answer."""

    state: BatchStateOut


class Outer(ResponseModel):
    """An answer."""

    inner: list[Inner]


class Longer(Inner):
    """An answer with a field more."""

    secret: str


@dataclass
class Row:
    state: str = "running"
    more: int = 1


@pytest.mark.parametrize("given", [
    {"inner": [{"state": "running"}], "added": 1},
    {"inner": [{"state": "running", "added": 1}]},
    {"inner": [Longer(state="running", secret="x")]},
    {"inner": [Row()]},
    {"inner": [{"state": "stopped"}]},
])  # fmt: skip
def test_a_loss_is_an_error_in_tests(given):
    with pytest.raises(ResponseLoss):
        Outer.model_validate(given, from_attributes=True)
    with pytest.raises(ResponseLoss):
        Outer(**given)


def test_a_loss_is_logged_once_and_counted_for_real_clients(monkeypatch):
    monkeypatch.delenv(told.SWITCH)
    before = losses()
    with capture_logs() as lines:
        for _ in range(3):
            made = Outer.model_validate({"inner": [{"state": "stopped", "added_today": 1}]})
            assert made.inner[0].state == "stopped", "the client reads the rest"
    assert losses() == before + 6
    assert [line["log_level"] for line in lines] == ["error", "error"]
    assert "Inner.added_today" in {line["place"] for line in lines}


def test_a_missing_field_is_an_error_as_ever():
    with pytest.raises(ValidationError):
        Outer.model_validate({})


async def test_every_response_is_made_of_models_that_notice_a_loss(town):
    """Walk through all routes and all parts of their responses."""
    api = town.http._transport.app.api
    seen = set()
    routes = client_routes(api)
    assert len(routes) > 60
    for route in routes:
        for model in _models(route.response_model, seen):
            assert issubclass(model, ResponseModel), (route.path, model.__name__)
    assert len(seen) > 80


def _models(kind, seen):
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if kind not in seen:
            seen.add(kind)
            yield kind
            for field in kind.model_fields.values():
                yield from _models(field.annotation, seen)
        return
    is_row = isinstance(kind, type) and dataclasses.is_dataclass(kind)
    assert not is_row, f"{kind} would drop fields"
    for inner in typing.get_args(kind):
        yield from _models(inner, seen)


async def test_an_answer_that_a_route_finished_itself_is_looked_at_too(town, monkeypatch):
    told_before = AnswerTeller.told
    monkeypatch.setattr(AnswerTeller, "told", lambda *a: {**told_before(*a), "added": 1})
    amina = await town.enrols("amina")
    batch = await town.posts_batch("Is it open?")
    await amina.texts("WORK")
    await amina.texts("1")
    await town.client.asks("GET", f"/batches/{batch.id}/answers")
    assert [one for one in FOUND if "added" in one]
    FOUND.clear()


async def test_every_text_of_a_known_set_has_its_list_in_the_document(town):
    document = await document_of(town)
    lacking = [
        f"{model}.{name}"
        for model, schema in document["components"]["schemas"].items()
        for name, field in schema.get("properties", {}).items()
        if name in NAMES
        and any(
            choice.get("type") == "string" and not {"enum", "const"} & set(choice)
            for choice in field.get("anyOf", [field])
        )
    ]
    stated = {one for places in WITHOUT_LIST.values() for one in places}
    assert [
        p for p in lacking if p not in stated and f"*.{p.partition('.')[2]}" not in stated
    ] == []
    exact = {one for one in stated if not one.startswith("*")}
    assert exact <= set(lacking), "a stated reason is not needed any more"
