"""The document of the client API, /openapi.json: what FastAPI knows of the routes, completed.

What holds for every operation is added here: its name, its group, the scope that it needs, the
`Idempotency-Key` of changes, the headers of every answer, and the values of fields whose values are
listed elsewhere.
"""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from gateway.api.callers.auth import SCHEME
from gateway.api.callers.scopes import scope_of
from gateway.api.contract.examples import EXAMPLES, PROBLEM_EXAMPLES, example_of
from gateway.api.contract.operations import TAGS, operation_id, tag_of
from gateway.api.contract.repeats import CHANGING, HEADER, KEY_CHARACTERS_MAX
from gateway.api.problems import SCHEMAS
from gateway.base.errors.problem_codes import PROBLEM_KINDS
from gateway.base.scopes import MEANINGS

JsonObject = dict[str, Any]
_INTRODUCTION = """Send questions, and read results. Amounts that end in `_minor` are in cents.

Every error is a problem document with a `code`; [the list of codes](/docs/problems) stays what it
is. Every change takes an `Idempotency-Key`, which makes it safe to send again. Every answer has an
`X-Request-Id`, and says in `RateLimit-Remaining` how many more requests your key has this minute.

A key may be limited to scopes:

"""
_IDEMPOTENCY: Final[JsonObject] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "A text of yours, such as a UUID. The same request with the same key is done "
    "once: a repetition gets the first answer again. It is kept for seven days.",
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_CHARACTERS_MAX},
    "example": "b7d1c6a0-2a53-4e0b-9a3e-5b4a7a1f0c11",
}
_HEADERS: Final[JsonObject] = {
    "X-Request-Id": ("The id of this request in the gateway's log", {"type": "string"}),
    "RateLimit-Limit": ("The requests that this key may make in a minute", {"type": "integer"}),
    "RateLimit-Remaining": ("Those that are left", {"type": "integer"}),
    "RateLimit-Reset": ("The seconds until all are there again", {"type": "integer"}),
}
_WAIT: Final[JsonObject] = {
    "Retry-After": {
        "description": "The seconds after which to send it again",
        "schema": {"type": "integer"},
    }
}
_TAG: Final[JsonObject] = {
    "ETag": {
        "description": "The tag of this answer. Send it as `If-None-Match` the next time",
        "schema": {"type": "string"},
    }
}
_IF_NONE_MATCH: Final[JsonObject] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of the answer that you have. While nothing has changed, the "
    "response is 304 without a body.",
    "schema": {"type": "string"},
}
_STREAMED: Final = frozenset(("get_proof", "get_project_result", "get_project_report"))
"""Operations whose answers are streamed, and so have no tag."""
_REPLAYED: Final[JsonObject] = {
    "Idempotent-Replayed": {
        "description": "true: this is the first answer again, and nothing was done this time",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}


class ContractApi(FastAPI):
    """The application of the client API, whose document says all that holds for its operations."""

    listed: dict[str, Sequence[str]]
    """The values of fields that depend on the plug-ins of this gateway."""

    def openapi(self) -> JsonObject:
        """Return the document."""
        if not self.openapi_schema:
            made = get_openapi(
                title=self.title,
                version=self.version,
                summary=self.summary,
                description=_INTRODUCTION
                + "\n".join(f"- `{scope}`: {meaning}" for scope, meaning in MEANINGS.items()),
                routes=self.routes,
                tags=[{"name": name, "description": text} for name, text in TAGS.items()],
            )
            self.openapi_schema = completed(made, self.listed)
        return self.openapi_schema


def completed(document: JsonObject, listed: dict[str, Sequence[str]]) -> JsonObject:
    """Complete the document in place, and return it."""
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas.update(SCHEMAS)
    for place, values in listed.items():
        _list_values(schemas, place, values)
    for path, method, operation in _operations(document):
        _complete(path, method, operation)
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is not None:
            chosen = EXAMPLES.get(operation["operationId"])
            body["example"] = chosen if chosen is not None else example_of(body["schema"], schemas)
    return document


def _operations(document: JsonObject) -> Iterator[tuple[str, str, JsonObject]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def _complete(path: str, method: str, operation: JsonObject) -> None:
    operation["operationId"] = operation_id(method, path)
    operation["tags"] = [tag_of(path)]
    scope = scope_of(method, path)
    operation["security"] = [{SCHEME.scheme_name: [str(scope)] if scope else []}]
    told = operation.get("description", "")
    operation["description"] = f"{told}\n\nScope of the key: `{scope}`.".strip()
    if method in CHANGING:
        operation.setdefault("parameters", []).append(_IDEMPOTENCY)
    answers = operation["responses"]
    has_tag = method == "GET" and operation["operationId"] not in _STREAMED
    if has_tag:
        operation.setdefault("parameters", []).append(_IF_NONE_MATCH)
        answers["304"] = {"description": "Nothing has changed: you have this answer", "headers": {}}
    if "206" in answers:
        # A part of the whole has the form of the whole.
        answers["206"].setdefault("content", answers["200"]["content"])
    for status, answer in answers.items():
        _describe(status, answer, repeats=method in CHANGING)
        if has_tag and status in ("200", "304"):
            answer["headers"].update(_TAG)


def _describe(status: str, answer: JsonObject, *, repeats: bool) -> None:
    headers = answer.setdefault("headers", {})
    for name, (text, schema) in _HEADERS.items():
        headers[name] = {"description": text, "schema": schema}
    if status.startswith("2") and repeats:
        headers.update(_REPLAYED)
    if status in ("429", "503"):
        headers.update(_WAIT)
    if int(status) >= HTTPStatus.BAD_REQUEST:
        answer.setdefault("content", {"application/problem+json": {"schema": _PROBLEM}})
    for media in answer.get("content", {}).values():
        media.setdefault("schema", {"type": "string"})
    problem = answer.get("content", {}).get("application/problem+json")
    if problem is not None and status in PROBLEM_EXAMPLES:
        problem["example"] = PROBLEM_EXAMPLES[status]
    codes = [f"`{kind.code}`" for kind in PROBLEM_KINDS if str(kind.status) == status]
    if codes and problem is not None:
        answer["description"] = f"{answer['description']}. Code: {', '.join(codes)}"


def _list_values(schemas: JsonObject, place: str, values: Sequence[str]) -> None:
    """Give a field the list of its values: in itself, in its items, or beside null."""
    model, _, name = place.partition(".")
    field = schemas.get(model, {}).get("properties", {}).get(name)
    if field is None:
        return
    if field.get("type") == "array":
        field = field["items"]
    for choice in field.get("anyOf", [field]):
        if choice.get("type") == "string":
            choice["enum"] = list(values)
            choice.pop("pattern", None)
            choice.pop("minLength", None)
            choice.pop("maxLength", None)
