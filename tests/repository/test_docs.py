"""The pages name what is there."""

import re
from pathlib import Path

import pytest
import typer

from gateway.cli.commands import app

ROOT = Path(__file__).parents[2]


def test_every_bar_names_tests_and_benchmarks_that_exist():
    page = (ROOT / "docs" / "bars.md").read_text()
    bars = re.findall(r"^\| (B\d+) \|", page, re.MULTILINE)
    assert bars == [f"B{n}" for n in range(1, 11)]
    tests, benches = (
        re.findall(r"`(tests/[\w/.]+)`", page),
        re.findall(r"`gateway bench (\w+)`", page),
    )
    assert tests and benches
    for path in tests:
        assert (ROOT / path).exists(), path
    for name in benches:
        assert (ROOT / "bench" / f"{name}.py").exists(), name


@pytest.mark.parametrize("figure", ["intake_steady", "intake_durable"])
def test_the_figures_it_names_are_printed(figure):
    assert f'"{figure}"' in (ROOT / "bench" / "intake.py").read_text()


PAGES = sorted(
    path.relative_to(ROOT)
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "config").glob("*.*"))
    if "decisions" not in path.parts
)
# `gateway ...` in a code span, or at the beginning of a line of a block.
_SPAN = re.compile(r"`(?:\.venv/bin/)?gateway ([^`]+)`")
_LINE = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?gateway (.+)$")
COMMANDS = typer.main.get_command(app)


def told(page: Path) -> list[str]:
    """Every command line that a page shows, with its continuation lines."""
    text = (ROOT / page).read_text().replace("\\\n", " ")
    found, block = [], False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            block = not block
        elif block or page.suffix != ".md":
            found += [one.split(" # ")[0].split(" | ")[0] for one in _LINE.findall(line)]
        found += [] if block else _SPAN.findall(line)
    return found


def fault(line: str) -> str | None:
    """Return what is wrong with a command line; None where every word of it exists."""
    command, words = COMMANDS, line.replace("[", " ").replace("]", " ").split()
    while words and hasattr(command, "commands"):
        if words[0] in command.commands:
            command = command.commands[words.pop(0)]
        elif words[0].startswith("-") or getattr(command, "invoke_without_command", False):
            break
        elif words[0] in ("...", "COMMAND"):
            return None
        else:
            return f"there is no command {words[0]!r}"
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    known.add("--help")
    options = [word.split("=")[0] for word in words if word.startswith("--")]
    missing = [option for option in options if option not in known]
    return f"{missing[0]} is no option of it" if missing else None


def test_pages_show_many_commands():
    assert sum(len(told(page)) for page in PAGES) > 150


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_command_that_a_page_shows_exists_with_its_options(page):
    assert {line: why for line in told(page) if (why := fault(line))} == {}


def test_a_command_that_does_not_exist_would_be_found():
    assert fault("worker lookup Amina") == "there is no command 'lookup'"
    assert fault("worker show Amina --phone") == "--phone is no option of it"
    assert fault("ledger verify [--head HEX]") is None
    assert fault("channels --json -") is None
