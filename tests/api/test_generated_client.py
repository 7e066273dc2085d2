"""A client that another program generates from the document works on every operation.

It is generated into a temporary folder, and called against a real server.
"""

import asyncio
import importlib
import inspect
import io
import json
import sys
import typing
from types import ModuleType

import pytest
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from tests.support.operations import document_of, operations_in

PACKAGE = "generated_gateway"
# The generator knows JSON, forms and bytes. Files are bytes to it.
FILES = ("application/jsonl", "text/csv", "text/plain",
         "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")  # fmt: skip
PROBLEM = "application/problem+json"
# Operations that succeed here. Others need a state that this test does not make (an audit, a
# review, a closed batch): their refusal is a described one.
SUCCEED = frozenset(
    ("get_account", "list_batches", "get_batch", "list_tasks", "get_task", "get_batch_quote",
     "start_batch", "list_results", "list_answers", "list_bonuses", "explain_task", "list_rules",
     "list_audience", "list_batch_shares", "get_proof", "get_batch_quality",
     "get_batch_quality_page", "get_batch_quality_table", "preview_task", "get_batch_preview",
     "list_webhooks", "get_webhook", "test_webhook", "rotate_webhook_secret", "list_deliveries",
     "replay_delivery", "update_webhook", "delete_webhook", "list_recipes", "list_projects",
     "get_project", "add_project_file", "replace_project_file", "get_project_quote",
     "start_project", "cancel_project", "cancel_batch")
)  # fmt: skip


@pytest.fixture
async def caller(town, tmp_path):
    """Return a program that uses the generated package."""
    document = of_one_form(await document_of(town))
    source, folder = tmp_path / "openapi.json", tmp_path / PACKAGE
    source.write_text(json.dumps(document))
    overrides = dict.fromkeys(FILES, "application/octet-stream") | {PROBLEM: "application/json"}
    chosen = ConfigFile(post_hooks=[], content_type_overrides=overrides)
    config = Config.from_sources(
        chosen, MetaType.NONE, source, "utf-8", overwrite=True, output_path=folder
    )
    warnings = await asyncio.to_thread(generate, config=config)
    assert not list(warnings), [f"{one.header}: {one.detail}" for one in warnings]
    sys.path.insert(0, str(tmp_path))
    package, url = importlib.import_module(PACKAGE), town.rt.settings.public_url
    caller = Caller(package, url, town.client.key, document)
    yield caller
    caller.closes()
    sys.path.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]


def of_one_form(document: dict) -> dict:
    """Leave one form to each body that may be a list or one of several files.

    The generated code cannot choose among these by the type of its argument.
    """
    for each in operations_in(document):
        content = each.said.get("requestBody", {}).get("content", {})
        if "text/csv" in content:
            each.said["requestBody"]["content"] = {"text/csv": content["text/csv"]}
    return document


class Caller:
    """A program that uses the generated package."""

    def __init__(self, package: ModuleType, url: str, key: str, document: dict) -> None:
        self._client = package.AuthenticatedClient(
            base_url=url, token=key, raise_on_unexpected_status=True, timeout=300
        )
        self._file = importlib.import_module(f"{PACKAGE}.types").File
        self.operations = {each.id: each for each in operations_in(document)}

    def closes(self) -> None:
        self._client.get_httpx_client().close()

    async def calls(self, name: str, body: object = None, **ids: str):
        """Call an operation as its document says; return status and parsed answer."""
        operation = self.operations[name]
        module = importlib.import_module(
            f"{PACKAGE}.api.{operation.said['tags'][0].lower()}.{name}"
        )
        given = {each: ids.get(each, operation.unknown(each)) for each in operation.names}
        for number in filter(operation.is_number, operation.names):
            given[number] = int(given[number])
        content = operation.said.get("requestBody", {}).get("content", {})
        if body is None and "text/csv" in content:
            body = b"id,text\n1,Is it open?\n2,Is it clean?\n"
        if body is not None:
            given["body"] = self._file(payload=io.BytesIO(body))
        elif "application/json" in content:
            example = content["application/json"]["example"]
            given["body"] = self._made(module.sync_detailed, example)
        answer = await asyncio.to_thread(module.sync_detailed, client=self._client, **given)
        assert answer.parsed is not None or not answer.content, (name, answer)
        return answer.status_code.value, answer.parsed

    def _made(self, function, example):
        """Return the body of a function in its generated type."""
        hint = inspect.signature(function).parameters["body"].annotation
        for choice in [hint, *typing.get_args(hint)]:
            inner = typing.get_args(choice)
            if typing.get_origin(choice) is list and isinstance(example, list):
                return [inner[0].from_dict(one) for one in example]
            if hasattr(choice, "from_dict") and isinstance(example, dict):
                return choice.from_dict(example)
        raise AssertionError(f"no type for the body of {function.__module__}")


async def test_it_works_on_every_operation(town, caller, configure):
    configure(requests_per_minute=0)
    await town.enrols("amina")
    status, batch = await caller.calls("create_batch")
    assert (status, batch.state.value) == (201, "draft")
    status, added = await caller.calls("add_tasks", batch=batch.id)
    assert (status, added.added) == (201, 2)
    _, webhook = await caller.calls("create_webhook")
    _, delivery = await caller.calls("test_webhook", webhook=webhook.id)
    _, project = await caller.calls("create_project")
    ids = {"batch": batch.id, "task": "1", "webhook": webhook.id, "project": project.id,
           "delivery": str(delivery.id), "option": "yes", "version": "v1"}  # fmt: skip
    first = ("add_project_file", "replace_project_file", "start_batch", "start_project")
    late = ("update_webhook", "cancel_batch", "cancel_project", "delete_webhook")
    rest = [name for name in caller.operations if name not in (*first, *late)]
    seen = {}
    for name in (*first, *rest, *late):
        if name in ("create_batch", "add_tasks", "create_webhook", "create_project"):
            continue
        body = b"text\nIs it open?\n" if name.endswith("_project_file") else None
        seen[name], answer = await caller.calls(name, body, **ids)
        if seen[name] >= 400:
            assert answer.code.value and answer.detail, name
    assert {name: seen[name] for name in SUCCEED if seen[name] >= 400} == {}
    assert {name: status for name, status in seen.items() if status >= 500} == {}
    # A problem is read with its code and its faults.
    status, problem = await caller.calls("get_batch", batch="b_none")
    assert (status, problem.code.value) == (404, "not_found")
    draft = await town.client.drafts()
    status, problem = await caller.calls("add_tasks", b"id,text\n1,\n", batch=draft.id)
    assert (status, problem.errors[0].rule.value, problem.errors[0].row) == (422, "missing", 1)
