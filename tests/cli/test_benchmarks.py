"""`gateway bench` reads the results of every benchmark, and two of them judge themselves."""

from pathlib import Path

import pytest

from bench import growth
from bench._edges import long_run
from gateway.cli.run.bench import FOLDER

MODULES = sorted(path for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
GOOD = growth.AT_MOST | {
    "proof_rows_per_s": growth.PROOF_ROWS_PER_S,
    "answer_step_empty_p99_ms": 10.0,
    "answer_step_with_past_p99_ms": 11.0,
}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_benchmark_prints_what_the_command_reads(module: Path):
    assert '"results": ' in module.read_text()


def test_growth_misses_no_bar_at_the_bar():
    assert growth.judged(GOOD)["missed"] == []


@pytest.mark.parametrize("name", growth.AT_MOST)
def test_growth_names_a_bar_that_it_misses(name: str):
    assert growth.judged(GOOD | {name: growth.AT_MOST[name] + 0.1})["missed"] == [
        f"{name} is {growth.AT_MOST[name] + 0.1:g}, at most {growth.AT_MOST[name]:g}"
    ]


def test_growth_names_a_proof_that_is_too_slow():
    found = growth.judged(GOOD | {"proof_rows_per_s": 4999.0})
    assert found["missed"] == ["proof_rows_per_s is 4999, at least 5000"]


def _samples(rise_per_minute: float) -> list[long_run.Sample]:
    return [
        long_run.Sample(60.0 * n, {"mb webhooks": 200.0 + rise_per_minute * n, "dead task": 0.1})
        for n in range(60)
    ]


def test_a_long_run_finds_memory_that_grows():
    told, missed = long_run.judged(_samples(0.5))
    assert told == ["dead task: at most 0.100", "mb webhooks: 207.5 to 229.5, +30.00 an hour"]
    assert missed == ["mb webhooks is not flat: 207.5 to 229.5, +30.00 an hour"]


def test_a_long_run_takes_a_level_line_for_flat():
    assert long_run.judged(_samples(0.0))[1] == []


def test_a_long_run_finds_dead_rows_that_no_vacuum_takes_away():
    samples = [long_run.Sample(60.0 * n, {"dead task": n / 100}) for n in range(60)]
    assert long_run.judged(samples)[1] == ["dead task is not flat: at most 0.590"]
