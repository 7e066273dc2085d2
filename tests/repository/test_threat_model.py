"""Each line of the threat model names tests that exist, and files that exist."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "threat-model.md"


def rows() -> list[list[str]]:
    """The cells of each line: who, what they try, what stops it, tests, what remains."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    return [line.strip("|").split(" | ") for line in lines if not line.startswith("| who |")]


def test_every_line_names_a_test_and_every_named_test_exists():
    assert len(rows()) > 30
    for row in rows():
        assert len(row) == 5, row
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", row[3])
        assert named, row[:2]
        assert re.sub(r"`[^`]+`|, ", "", row[3]).strip() == "", row[3]
        for file, test in named:
            found = re.search(rf"^(async )?def {test}\(", (TESTS / file).read_text(), re.MULTILINE)
            assert found, f"{file} has no {test}"


def test_every_file_that_stops_something_exists():
    for row in rows():
        for file in re.findall(r"`([\w/]+\.(?:py|sql))`", row[2]):
            assert (TESTS.parent / "gateway" / file).exists(), file
        for decision in re.findall(r"\((decisions/[\w-]+\.md)\)", row[2]):
            assert (PAGE.parent / decision).exists(), decision
