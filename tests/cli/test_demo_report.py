"""The report that a newcomer reads after `gateway demo`.

The result comes first, then each accuracy beside a simpler way, then what to do next.
"""

import io

import pytest
from rich.console import Console

from gateway.cli.replay.baselines import baselines
from gateway.cli.replay.demo import demo_status
from gateway.cli.replay.recording import Recording
from gateway.cli.replay.report import show, show_demo


def part(name, kind, **more):
    return {
        "name": name,
        "kind": kind,
        "channel": "mixed",
        "policy": "fixed:5",
        "tasks": 3_000,
        "workers": 1_380,
        "answers_available": 300_000,
        "answers_used": 115_000,
        "answers_per_task": 38.33,
        "accuracy": 0.9,
        "exact_match": 0.9,
        "wer": None,
        "fixed": {"all": {"answers": 300_000, "accuracy": 0.95}},
        "baseline": {"single": 0.81, "majority": 0.87},
        "saving": {},
        "undelivered": [],
        **more,
    }


WHOLE = {
    "answers_used": 1_234_567,
    "lost": 0,
    "duplicated": 0,
    "mismatches": 0,
    "differences": [],
    "earned_minor": 183_000_000,
    "paid_minor": 165_300_000,
    "cost_minor": 54_880_000,
    "currency": "KES",
    "sms_out": 598_000,
    "sms_in": 501_000,
    "segments_per_answer": 2.51,
    "work_segments_per_answer": 1.55,
    "ussd_sessions": 808_000,
    "ussd_steps": 1_062_000,
    "ussd_steps_per_answer": None,
    "ledger": {"transfers": 647_000, "sum_minor": 0, "in_transit_minor": 0},
    "operator": {"payouts": 85_000, "duplicates": 0},
    "answers_per_second": 18.0,
    "seconds": 4_600.4,
}
BATCHES = [
    part("Does it follow?", "verification"),
    part("Good or bad news?", "categorisation", policy="dynamic", accuracy=0.567),
    part("What was said?", "transcription", policy="all", accuracy=None, exact_match=0.57, wer=0.103,
         baseline={"single": 0.39, "majority": None}, fixed={"all": {"answers": 207, "accuracy": None}}),
]  # fmt: skip


def printed(shown, report) -> list[str]:
    out = io.StringIO()
    shown(report, Console(file=out, width=80))
    return out.getvalue().splitlines()


@pytest.fixture
def demo():
    return printed(show_demo, {**WHOLE, "batches": BATCHES})


def test_it_fits_a_terminal_of_80_columns_and_no_line_is_broken_by_it(demo):
    assert max(map(len, demo)) <= 80
    assert demo == printed(show_demo, {**WHOLE, "batches": BATCHES})
    wide = io.StringIO()
    show_demo({**WHOLE, "batches": BATCHES}, Console(file=wide, width=200))
    assert wide.getvalue().splitlines() == demo, "a wide terminal shows the same lines"


def test_the_most_important_comes_first(demo):
    assert "Result" in demo[0]
    assert "0 lost, 0 doubled" in demo[1]
    assert "0 differences" in "".join(demo[:7])


def test_each_accuracy_stands_above_what_is_simpler(demo):
    text = "\n".join(demo)
    for batch, wanted in zip(text.split("╭─")[2:5], BATCHES, strict=True):
        right = wanted["accuracy"] or wanted["exact_match"]
        assert batch.index(f"{right:.1%}") < batch.index(f"{wanted['baseline']['single']:.1%}")
        if wanted["baseline"]["majority"]:
            assert f"{wanted['baseline']['majority']:.1%} of the same answers" in batch
            assert "95.0% of all 300,000 answers" in batch
    assert "fixed:5" not in text, "a policy is told in words"
    assert "5 workers are asked per task" in text


def test_it_ends_with_the_next_step(demo):
    assert any(line.startswith("Next: ") for line in demo[-4:])
    assert "gateway up" in "".join(demo[-4:])


def test_books_that_differ_are_the_first_thing_told():
    report = {
        **WHOLE,
        "batches": BATCHES,
        "mismatches": 1,
        "differences": ["payout 7 is paid twice"],
    }
    lines = printed(show_demo, report)
    text = "\n".join(lines)
    assert "1 difference between" in text
    assert text.index("payout 7 is paid twice") < text.index("Does it follow?")


def test_a_single_replay_is_told_in_the_same_order():
    lines = printed(show, {**WHOLE, **BATCHES[0], "answers_used": 150})
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert text.index("lost") < text.index("one answer") < text.index("segments")


def recording(kind, truth, options=()):
    return Recording(kind, {}, {}, truth, options, {}, 0)


def test_the_baselines_are_of_the_answers_that_were_given():
    truth = {"a": "yes", "b": "no"}
    said = [
        ("a", "w1", "yes"),
        ("a", "w2", "yes"),
        ("a", "w3", "no"),
        ("b", "w1", "yes"),
        ("c", "w1", "yes"),
    ]
    found = baselines(recording("verification", truth, ("no", "yes")), said)
    assert found.single == pytest.approx((2 / 3 + 0) / 2), "each question counts once"
    assert found.majority == 0.5


def test_a_typed_answer_is_right_whatever_its_capitals_and_has_no_majority():
    found = baselines(recording("transcription", {"a": "Hello, you"}), [("a", "w1", "hello you")])
    assert (found.single, found.majority) == (1.0, None)
    assert baselines(recording("transcription", {}), [("a", "w1", "x")]).single is None


def test_a_demo_with_an_answer_that_was_not_taken_says_so_first_and_fails():
    missing = {
        "worker": "w7",
        "task": "t3",
        "answer": "Why",
        "why": "the gateway did not take it",
        "shown_last": "Sorry",
    }
    report = {
        **WHOLE,
        "batches": [*BATCHES[:2], {**BATCHES[2], "undelivered": [missing]}],
        "project": {"faults": 0},
    }
    text = "\n".join(printed(show_demo, {k: v for k, v in report.items() if k != "project"}))
    first = text.split("Does it follow?")[0]
    assert "1 could not be delivered" in first
    assert "w7 to task t3" in text
    assert demo_status(report) == 3
    assert demo_status({**report, "mismatches": 1}) == 1, "different books matter more"


def test_a_demo_whose_answers_all_arrived_says_nothing_of_delivery_and_ends_with_0(demo):
    assert "delivered" not in "".join(demo)
    assert demo_status({**WHOLE, "batches": BATCHES, "project": {"faults": 0}}) == 0
    assert demo_status({**WHOLE, "batches": BATCHES, "project": {"faults": 1}}) == 1
