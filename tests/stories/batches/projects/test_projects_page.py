"""The page docs/projects.md, followed literally by a client on a gateway that listens."""

import asyncio
import csv
import json
import re
from pathlib import Path

from tests.support.projects import all_work, crowd

PAGE = (Path(__file__).parents[4] / "docs" / "projects.md").read_text()


def blocks():
    """Return the code blocks that a client copies, in their order."""
    return re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


async def test_its_commands_end_in_a_result_and_a_report(town, tmp_path):
    people = await crowd(town, "amina", "brian", "chege")
    (tmp_path / "gateway-data").mkdir()
    (tmp_path / "gateway-data" / "try-out.key").write_text(town.client.key)
    url = town.rt.settings.public_url

    async def runs(*parts):
        words = "\n".join(parts).replace("http://127.0.0.1:8000", url)
        done = await asyncio.create_subprocess_exec(
            "bash", "-euc", words, cwd=tmp_path, stdout=asyncio.subprocess.PIPE
        )
        told, _ = await done.communicate()
        assert done.returncode == 0
        return told.decode()

    make, start, read, translate, clean, digitise = blocks()
    quoted = await runs(make)
    assert '"parts":2,"warned":0' in quoted
    assert '"enough":true' in quoted
    setup = "\n".join(make.splitlines()[:3])
    project = json.loads((tmp_path / "project.json").read_text())["id"]
    assert '"state":"running"' in await runs(setup, f"P={project}", start)
    await town.answers_bells()
    await all_work(town, people, lambda text, _: "2" if "Otieno" in text else "1")
    await runs(setup, f"P={project}", read)
    rows = list(csv.DictReader((tmp_path / "result.csv").read_text().splitlines()))
    assert [(row["name"], row["result"], row["state"]) for row in rows] == [
        ("Mama Njeri Shop", "yes", "decided"),
        ("Otieno Hardware", "no", "decided"),
    ]
    assert "<svg" in (tmp_path / "report.html").read_text()
    assert "yes (2)" in (tmp_path / "report.csv").read_text()
    assert "whole project,audit," in (tmp_path / "steps.csv").read_text()

    assert '"checked":true' in await runs(setup, translate)
    assert '"parts":1' in await runs(setup, clean)
    assert '"parts":1' in await runs(setup, digitise)


def test_it_names_every_recipe_that_is_shipped():
    named = set(re.findall(r"^\| `([a-z]+-[a-z]+)` \|", PAGE, re.MULTILINE))
    shipped = {path.stem for path in (Path(__file__).parents[4] / "config/recipes").glob("*.toml")}
    assert named == shipped
