"""Rules are data with a version, tried on past answers before they are switched on."""

import pytest

from gateway.base.errors import Refused
from gateway.qa.judging.overlap import FixedOverlap, TaskDecision
from gateway.qa.judging.ruling import Ruling, ruling
from gateway.qa.trials.dry_run import dry_run
from gateway.qa.trials.explain import explain_task
from gateway.qa.trials.rehearsal import rehearse

from .crowd import made_up, recorded

YES_NO = ("no", "yes")
RULE = Ruling(YES_NO)


def test_a_rule_is_read_back_as_it_was_stored() -> None:
    rule = Ruling(YES_NO, "fixed:3", method="majority", price_minor=250, answers_max=5)
    assert ruling(rule.as_data()) == rule
    assert ruling(rule.as_data()).version == rule.version
    assert rule.overlap() == FixedOverlap(3)


@pytest.mark.parametrize(
    "change",
    [
        {"options": ("no", "yes", "unclear")},
        {"policy": "fixed:3"},
        {"confidence": 0.95},
        {"method": "majority"},
        {"price_minor": 1.0},
        {"answers_max": 3},
    ],
)
def test_whatever_decides_is_in_the_version(change: dict[str, object]) -> None:
    assert RULE.changed(**change).version != RULE.version


def test_a_change_of_the_engine_is_a_change_of_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = RULE.version
    monkeypatch.setattr("gateway.qa.judging.ruling.ENGINE", {"prior right": 7.0})
    assert RULE.version != before


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"options": ["a"], "policy": "most"}, "fixed:N"),
        ({"options": ["a"], "texts": []}, "texts"),
        ({"policy": "dynamic"}, "list of ids"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(data: dict[str, object], complaint: str) -> None:
    with pytest.raises(Refused, match=complaint):
        ruling(data)


ROWS = [
    ("clear", "amina", "yes"),
    ("clear", "brian", "yes"),
    ("clear", "chege", "no"),
    ("split", "amina", "yes"),
    ("split", "brian", "no"),
    ("split", "chege", "no"),
]


def test_a_rehearsal_stops_where_the_live_judge_would() -> None:
    stories = rehearse(ROWS, RULE)
    assert [step.worker for step in stories["clear"].steps] == ["amina", "brian"]
    assert (stories["clear"].verdict.decision, stories["clear"].unused) == (TaskDecision.ACCEPT, 1)
    assert stories["split"].short
    assert stories["split"].verdict.value == "no"


def test_a_dry_run_shows_cost_accuracy_and_every_changed_task() -> None:
    old = Ruling(YES_NO, "fixed:3", method="majority", price_minor=10)
    truths = {"clear": "yes", "split": "yes"}
    found = dry_run(ROWS, old, old.changed(policy="fixed:1"), truths)
    assert (found.old.answers, found.old.cost_minor, found.old.accuracy) == (6, 60.0, 0.5)
    assert (found.new.answers, found.new.cost_minor, found.new.accuracy) == (2, 20.0, 1.0)
    assert [(c.task, c.was, c.becomes, c.truth) for c in found.changes] == [
        ("split", "no", "yes", "yes")
    ]
    assert found.old.version != found.new.version


def test_the_same_rule_changes_nothing() -> None:
    rows, truths = recorded("rte150")
    rule = Ruling(("no", "yes"), answers_max=10)
    found = dry_run(rows, rule, rule, truths, dict(list(truths.items())[:30]))
    assert not found.changes
    assert found.old == found.new
    assert found.old.answers < 0.5 * len(rows)


def test_typed_answers_are_dry_run_too() -> None:
    rows, truths = recorded("speech60")
    rule = Ruling((), "fixed:2")
    found = dry_run(rows, rule, rule.changed(policy="dynamic"), truths)
    assert found.new.answers > found.old.answers


def test_the_story_of_a_decision() -> None:
    told = explain_task(ROWS, "clear", RULE, truths={"clear": "yes"})
    assert [(v.worker, v.answer, v.decision) for v in told.voices] == [
        ("amina", "yes", "ask_more"),
        ("brian", "yes", "accept"),
    ]
    assert (told.value, told.truth, told.unused, told.runner_up) == ("yes", "yes", 1, "no")
    assert told.version == RULE.version
    assert told.contrary_needed is not None
    assert 1 <= told.contrary_needed <= 3
    assert sum(told.chances.values()) == pytest.approx(1.0)


def test_the_answer_that_decided_is_marked() -> None:
    rows = [("t", "amina", "yes"), ("t", "brian", "no"), ("t", "chege", "no")]
    told = explain_task(rows, "t", RULE)
    assert [voice.decisive for voice in told.voices] == [False, False, False]
    told = explain_task([("t", "amina", "yes"), ("t", "brian", "no")], "t", RULE)
    assert (told.voices[-1].best, told.voices[-1].decisive) == ("no", True)
    assert not told.voices[0].decisive


def test_gold_says_that_it_was_known() -> None:
    told = explain_task(ROWS, "split", RULE, gold={"split": "yes"})
    assert (told.gold, told.value, told.confidence) == (True, "yes", 1.0)


def test_a_typed_answer_has_a_story() -> None:
    rows, _ = recorded("speech60")
    told = explain_task(rows, rows[0][0], Ruling(()))
    assert told.method == "rover"
    assert len(told.voices) >= 2


def test_a_task_without_answers_is_named() -> None:
    with pytest.raises(Refused, match="'t9'"):
        explain_task(made_up(tasks=2, skills=[0.8])[0], "t9", RULE)
