"""The first minute of a newcomer: the commands of the page end in a table of results."""

import os
import re
import subprocess

import pytest

from ..console.tree import REPOSITORY, Tree, eventually  # noqa: TID252

PAGE = REPOSITORY / "docs" / "first-batch.md"
WITHIN_S = 1200

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    running = Tree(tmp_path_factory.mktemp("minute") / "gateway-data", crowd=True).start()
    yield running
    running.stop()


def commands():
    """Return the commands in the section of the page."""
    section = PAGE.read_text().partition("## Results within a minute")[2]
    return section.split("```")[1].strip().splitlines()


def runs(tree, command):
    """Run a command of the page, with the gateway of this test in the place of the usual one."""
    environment = {**os.environ, "GATEWAY_URL": tree.url, "COLUMNS": "200"}
    done = subprocess.run(
        ["/bin/sh", "-c", command.replace("gateway-data", str(tree.folder))],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_commands_of_the_page_end_in_a_table_of_the_newcomers_own_results(tree):
    start, *others = commands()
    assert start == "make up"  # `Tree` runs what `make up` runs
    assert len(others) <= 2, "at most three commands"
    said = "".join(runs(tree, command) for command in others)
    assert "note:" not in said, "the quote knows of the workers"
    table = re.findall(r"^\d +(decided|review|ambiguous) ", said, re.MULTILINE)
    assert len(table) == 6
    assert "decided" in table


def test_the_switch_on_the_phone_page_turns_the_crowd_off_and_on(tree):
    shown = tree.ask("/phone/crowd")
    assert shown["on"] is True
    assert shown["kinds"]["careful"] > 0
    wrong = {"on": True, "kinds": {"angry": 1}}
    with pytest.raises(Exception, match="422"):
        tree.ask("/phone/crowd", wrong)
    off = tree.ask("/phone/crowd", {"on": False, "kinds": shown["kinds"]})
    assert off["on"] is False
    assert tree.ask("/phone/crowd", {"on": True, "kinds": {**shown["kinds"], "slow": 2}})["on"]
    assert tree.ask("/phone/crowd")["kinds"]["slow"] == 2


def test_the_examples_wait_for_the_visitors_own_workers(tree):
    key = (tree.folder / "try-out.key").read_text().strip()

    def batches():
        listed = tree.ask("/api/v1/batches", Authorization=f"Bearer {key}")["batches"]
        return {one["name"]: one["progress"]["answers"] for one in listed}

    eventually(lambda: batches().get("shops"))
    assert [name for name, answers in batches().items() if answers] == ["shops"]
