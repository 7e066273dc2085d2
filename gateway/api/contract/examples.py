"""The examples of the document: a request of each operation that takes one, and each error."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.base.errors.problem_codes import PROBLEM_KINDS

_BY: Final = {"by": "Wanjiku"}
EXAMPLES: Final[dict[str, Any]] = {
    "create_batch": {
        "name": "Shops in Kibera",
        "kind": "verification",
        "instructions": "Is this true?",
        "price": "5.00",
    },
    "preview_task": {
        "kind": "verification",
        "instructions": "Is this true?",
        "price": "5.00",
        "tasks": [{"id": "1", "text": "Toi Market is next to Kibera."}],
    },
    "add_tasks": [{"id": "1", "text": "Mama Njeri Shop is open on Sundays."}],
    "pay_bonus": {
        "worker": "w_rrszoqcmqhgc3xrnpxjeindaxa",
        "amount": "50.00",
        "reason": "very careful answers",
    },
    "decide_task": {"value": "yes", **_BY},
    "correct_gold": {"value": "no", "reason": "the shop has closed", **_BY},
    "merge_option": {"same_as": "shop", "reason": "a kiosk is a shop", **_BY},
    "relabel_option": {"label": "Duka", "language": "sw", "reason": "a wrong word", **_BY},
    "try_rule": {"policy": "dynamic", **_BY},
    "switch_rule": {"reason": "as sure, and cheaper", **_BY},
    "judge_audit_task": {"value": "yes", **_BY},
    "accept_batch": _BY,
    "refuse_batch": {"tasks": ["17"], "reason": "it is closed", **_BY},
    "replace_batch_shares": {"shares": {"KIBERA": 0.6}, "reason": "they have capacity", **_BY},
    "create_webhook": {
        "url": "https://example.org/hooks/gateway",
        "events": ["batch.done"],
        "description": "results into our database",
    },
    "update_webhook": {"active": False},
    "create_project": {
        "name": "Shops",
        "recipe": "check-list",
        "price": "5.00",
        "parameters": {"question": "{text}"},
    },
}
"""An example of the JSON body, by the name of the operation."""


def _problem(code: str, status: int, title: str, detail: str) -> dict[str, Any]:
    return {
        "type": f"/docs/problems#{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
    }


_DETAILS: Final = {
    "402": "the batch can cost up to KES 1,700, but only KES 470 is available; top up first",
    "403": "this API key has not the scope batches:write; it has: batches:read",
    "404": "no batch 'b_d1a93dcb1fb9b8fa887c02bd'",
    "409": "the batch is done: it can no longer be paused",
    "429": "more than 6000 requests per minute; try again in 2 s",
}
PROBLEM_EXAMPLES: Final[dict[str, Any]] = {
    str(kind.status): _problem(
        kind.code, kind.status, kind.title, _DETAILS.get(str(kind.status), kind.cure)
    )
    for kind in reversed(PROBLEM_KINDS)
}
"""An example of the problem document, by the status."""
PROBLEM_EXAMPLES["422"] = {
    **_problem("not_valid", 422, "Not valid", "row 1, text: text is missing or empty"),
    "errors": [
        {"field": "text", "row": 1, "rule": "missing", "message": "text is missing or empty"}
    ],
}


_SIMPLE: Final = {"boolean": True, "string": "text", "date-time": "2030-01-31T12:00:00Z"}


def example_of(schema: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    """Return an example of a schema: of an object its required fields, else the simplest value.

    `known` are the schemas that a reference may name.

    >>> example_of({"type": "object", "required": ["n"], "properties": {"n": {"minimum": 2}}}, {})
    {'n': 2}
    """
    listed = schema.get("examples") or schema.get("enum")
    if listed:
        return listed[0]
    if "default" in schema:
        return schema["default"]
    if "$ref" in schema or "anyOf" in schema:
        name = schema.get("$ref", "").rpartition("/")[2]
        return example_of(known[name] if name else schema["anyOf"][0], known)
    if schema.get("type") == "object":
        fields = schema.get("properties", {})
        return {name: example_of(fields[name], known) for name in schema.get("required", ())}
    if schema.get("type") == "array":
        return [example_of(schema["items"], known)] * schema.get("minItems", 1)
    simple: str = schema.get("format") or schema.get("type") or ""
    return _SIMPLE.get(simple, schema.get("minimum", 1))
