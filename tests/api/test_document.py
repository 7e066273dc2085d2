"""The document of the client API: complete for each operation, and fit for generated clients."""

import re

import jsonschema_rs

from gateway.api.callers.scopes import scope_of
from gateway.api.contract.operations import TAGS, VERBS
from tests.support.operations import CHANGING, document_of, operations_in


async def test_operations_have_readable_names_and_groups(town):
    document = await document_of(town)
    operations = operations_in(document)
    names = [each.id for each in operations]
    assert len(names) == len(set(names)), "each has a name of its own"
    for name in names:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", name), name
        assert name.partition("_")[0] in VERBS, name
    assert {"create_batch", "add_tasks", "start_batch", "list_results", "list_webhooks"} <= set(names)  # fmt: skip
    assert [tag["name"] for tag in document["tags"]] == list(TAGS)
    assert all(tag["description"] for tag in document["tags"])
    used = {tag for each in operations for tag in each.said["tags"]}
    assert used == set(TAGS)


async def test_each_operation_says_what_it_needs_and_what_it_may_answer(town):
    for each in operations_in(await document_of(town)):
        said = each.said
        assert said["summary"].strip() and said["description"].strip(), each.id
        assert list(said["security"][0].values()) == [[str(scope_of(each.method, each.path()))]]
        given = {one["name"]: one for one in said.get("parameters", [])}
        assert set(each.names) <= set(given), each.id
        assert ("Idempotency-Key" in given) == (each.method in CHANGING), each.id
        statuses = set(said["responses"])
        assert {"401", "403", "404", "405", "422", "429", "500", "503"} <= statuses, each.id
        for status, answer in said["responses"].items():
            assert answer["description"], (each.id, status)
            assert {"X-Request-Id", "RateLimit-Remaining"} <= set(answer["headers"])
            if status.startswith("2") and status != "204":
                assert answer["content"], (each.id, status)
            for media, content in answer.get("content", {}).items():
                assert content.get("schema"), (each.id, status, media)
                if media == "application/json":
                    assert is_described(content["schema"]), (each.id, status, content["schema"])
            if int(status) >= 400:
                problem = answer["content"]["application/problem+json"]
                assert problem["example"]["status"] == int(status), (each.id, status)


def is_described(schema: dict) -> bool:
    """Return whether a schema of a response says more than "any JSON"."""
    if schema.get("type") == "array":
        return bool(schema.get("items"))
    return "$ref" in schema or "anyOf" in schema or bool(schema.get("properties"))


async def test_each_body_has_an_example_that_its_schema_allows(town):
    document = await document_of(town)
    for each in operations_in(document):
        body = each.said.get("requestBody", {}).get("content", {}).get("application/json")
        if body is not None:
            assert "example" in body, each.id
            schema = {**body["schema"], "components": document["components"]}
            checked = jsonschema_rs.validator_for(schema).iter_errors(body["example"])
            assert [error.message for error in checked] == [], each.id


async def test_values_that_are_listed_are_listed_in_the_document(town):
    schemas = (await document_of(town))["components"]["schemas"]
    batch, asked = schemas["BatchOut"]["properties"], schemas["BatchIn"]["properties"]
    assert "running" in batch["state"]["enum"]
    assert asked["kind"]["enum"] == ["categorisation", "entry", "transcription", "verification"]
    assert "auto" in asked["method"]["enum"]
    assert {"en", "sw", "fr", "ha", "am"} <= set(asked["languages"]["items"]["enum"])
    assert schemas["DeliveryOut"]["properties"]["state"]["enum"] == [
        "waiting",
        "delivered",
        "failed",
    ]
