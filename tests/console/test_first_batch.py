"""The page docs/first-batch.md, followed literally from the first SMS to a result."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from .tree import Tree, eventually, gateway

PAGE = (Path(__file__).parents[2] / "docs" / "first-batch.md").read_text()
AMINA, GRACE = "+254711000002", "+254711000001"


@pytest.fixture
def new_gateway(tmp_path):
    """Return an unused `gateway up`: Amina will be its only worker."""
    running = Tree(tmp_path / "gateway-data").start()
    yield running
    running.stop()


def blocks() -> list[str]:
    """Return the code blocks of the page, in their order."""
    return re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_its_commands_end_in_a_result(new_gateway, tmp_path):
    tree, script = new_gateway, tmp_path / "walk.sh"

    def text(number, words):
        assert tree.ask("/phone/sms", {"number": number, "text": words}) == {"ok": True}

    def last(number):
        return (tree.messages(number) or [""])[-1]

    def runs(*parts):
        told = "\n".join(parts).replace("http://127.0.0.1:8000", tree.url)
        script.write_text(told)
        done = subprocess.run(
            ["bash", "-eu", script], cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    text(GRACE, "ADD 0711000002 Amina")
    eventually(lambda: "invites you" in last(AMINA))
    text(AMINA, "YES")
    eventually(lambda: "1 Yes 2 No" in last(AMINA))
    *_, work, results = blocks()
    said = runs(work)
    assert '"can_finish":true' in said and '"state":"running"' in said, said
    text(AMINA, "1")
    eventually(lambda: "There is a market near my home." in last(AMINA))
    text(AMINA, "1")
    eventually(lambda: "There is a bank near my home." in last(AMINA))
    text(AMINA, "2")
    batch = json.loads((tmp_path / "batch.json").read_text())["id"]
    key = (tree.folder / "try-out.key").read_text().strip()
    head = {"Authorization": f"Bearer {key}"}
    eventually(lambda: tree.ask(f"/api/v1/batches/{batch}", **head)["state"] == "done")
    assign = "\n".join(work.splitlines()[:2])
    table = runs(assign, f"B={batch}", results).splitlines()
    columns = re.findall(r"^\| `(\w+)` \| `", PAGE, re.MULTILINE)
    assert table[0].split(",")[: len(columns)] == columns, "the table names what comes back"
    assert [line.split(",")[:3] for line in table[1:]] == [
        ["1", "decided", "yes"],
        ["2", "decided", "no"],
    ]
    why = gateway(tree.folder, "worker", "show", "Amina").stdout
    assert "KES 15 can be sent now: the worker has not texted PAY" in why
    assert "no payout provider" not in why, "the simulated operator pays"
