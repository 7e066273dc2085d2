"""Each threat to the money names a test that holds, and each of those tests exists."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "operators" / "threats.md"
THREATS = ("forged callback", "insider", "sim farm", "replay", "rounding", "clock")


def test_every_line_names_a_test_and_every_named_test_exists():
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
    for row in rows:
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", row)
        assert named, row
        for file, test in named:
            assert re.search(
                rf"^(async )?def {test}\(", (TESTS / file).read_text(), re.MULTILINE
            ), f"{file} has no {test}"
    bold = {word.casefold() for word in re.findall(r"\| \*\*(.+?)\*\*", PAGE.read_text())}
    assert bold >= set(THREATS)
