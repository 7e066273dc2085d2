"""The pages name what is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


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
