"""Each error has a code that programs can rely on, and each code is described."""

import ast
import re
from pathlib import Path

from gateway.base.errors.problem_codes import KIND_OF, PROBLEM_KINDS, FaultRule, ProblemCode
from gateway.base.scopes import KeyScope

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "clients" / "errors-and-limits.md").read_text()
# The statuses that the client API's own code gives to errors.
_STATUS = re.compile(r"status=(4\d\d|5\d\d)")


def test_each_code_has_its_line_on_the_page_and_each_line_its_code():
    lines = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", PAGE, re.MULTILINE))
    assert lines == {str(kind.code): str(kind.status) for kind in PROBLEM_KINDS}
    assert set(KIND_OF) == set(ProblemCode)
    for rule in FaultRule:
        assert f"`{rule}`" in PAGE, rule
    for scope in KeyScope:
        assert f"| `{scope}` |" in PAGE, scope


def test_each_status_that_the_code_gives_has_a_code():
    given = {
        int(status)
        for file in (ROOT / "gateway").rglob("*.py")
        for status in _STATUS.findall(file.read_text())
    }
    assert given <= {kind.status for kind in PROBLEM_KINDS}


def test_codes_are_written_as_members_so_that_none_is_made_up():
    """A code that is a string would not be on the page."""
    for file in (ROOT / "gateway").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "Refused",
                "problem",
            ):
                codes = [each.value for each in node.keywords if each.arg == "code"]
                assert not any(isinstance(code, ast.Constant) for code in codes), file


async def test_the_address_in_a_problem_document_describes_its_code(town):
    page = await town.http.get("/docs/problems")
    assert page.status_code == 200
    for code in (*ProblemCode, *KeyScope):
        assert f'id="{code}"' in page.text, code


async def test_every_error_has_its_code_and_each_fault_its_rule(town, configure):
    configure(strangers_per_minute=0)
    bad = {"name": "", "prize": "3", "price": 3, "kind": 7, "instructions": "x" * 200}
    wrong = await town.client.asks("POST", "/batches", json=bad)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "not_valid")
    assert wrong.json()["type"] == "/docs/problems#not_valid"
    rules = {each["field"]: each["rule"] for each in wrong.json()["errors"]}
    assert rules["prize"] == "unknown"
    assert rules["name"] == "too_short"
    assert rules["instructions"] == "too_long"
    unknown = (await town.client.asks("GET", "/batches?stat=done")).json()
    assert unknown["errors"][0]["rule"] == "unknown"
    batch = await town.client.drafts()
    path = f"/batches/{batch.id}"
    rows = b"id,text\n1,\n2,Is it?\n2,Is it not?\n"
    upload = await town.client.asks(
        "POST", f"{path}/tasks", content=rows, headers={"Content-Type": "text/csv"}
    )
    assert [(each["row"], each["rule"]) for each in upload.json()["errors"]] == [
        (1, "missing"),
        (3, "given_twice"),
    ]
    for method, where, code in (
        ("POST", f"{path}/start", "wrong_state"),
        ("GET", "/batches/b_none", "not_found"),
        ("PUT", "/batches", "method_not_allowed"),
        ("GET", "/nothing", "not_found"),
    ):
        assert (await town.client.asks(method, where)).json()["code"] == code, where
    poor = await town.new_client("Poor")
    dear = await poor.drafts(price="900000")
    await poor.asks("POST", f"/batches/{dear.id}/tasks", json=[{"id": 1, "text": "Is it?"}])
    assert (await poor.asks("POST", f"/batches/{dear.id}/start")).json()[
        "code"
    ] == "not_enough_money"
