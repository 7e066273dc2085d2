"""The questions that a client may ask: every refusal names the field and the rule."""

import pytest

from gateway.base.errors import Refused
from gateway.tasks.kinds import categorisation, transcription, verification
from gateway.tasks.question import Option


def labelled(*labels: str) -> list[Option]:
    return [Option(f"o{n}", {"en": label}) for n, label in enumerate(labels)]


def test_a_verification_always_has_its_three_answers_in_every_language() -> None:
    full = verification.options(())
    assert [o.id for o in full] == ["yes", "no", "unsure"]
    assert [o.label("sw") for o in full] == ["Ndiyo", "Hapana", "Sijui"]
    assert [o.label("xx") for o in full] == ["Yes", "No", "Not sure"]


def test_a_client_words_the_answers_of_a_verification() -> None:
    full = verification.options([Option("no", {"en": "Closed"}), Option("yes", {"en": "Open"})])
    assert [o.label("en") for o in full] == ["Open", "Closed", "Not sure"]
    assert full[0].label("sw") == "Open"  # "Ndiyo" would not answer a question worded for "Open"


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ([Option("maybe")], "options yes, no, unsure, not 'maybe'"),
        ([Option("yes"), Option("yes")], "same id"),
        ([Option("yes", {"en": "Stop"})], "stops all messages"),
        ([Option("yes", {"en": "No"})], "read the same"),
    ],
)
def test_a_verification_takes_no_other_answers(given: list[Option], rule: str) -> None:
    with pytest.raises(Refused, match=rule) as refused:
        verification.options(given)
    assert refused.value.faults[0].field == "options"


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ([], "2 to 9 options"),
        (labelled("A"), "there are 1"),
        (labelled(*"ABCDEFGHJK"), "there are 10"),
        ([Option("a"), Option("a")], "same id"),
        ([Option(""), Option("b")], "option 1: the id"),
        ([Option("a\0"), Option("b")], "option 1: the id"),
        (labelled("A", " "), "option 2: a label"),
        (labelled("A", "B\nC"), "option 2: a label"),
        (labelled("A", "x" * 41), "option 2: a label"),
        (labelled("Mango", "mango!"), "read the same in 'en'"),
        (
            [Option("a", {"en": "A", "sw": "Z"}), Option("b", {"en": "B", "sw": "z"})],
            "same in 'sw'",
        ),
        (labelled("Go", "ACHA"), "stops all messages"),
        (labelled("0", "1"), "begins with 1, which is the key of another option"),
        (labelled("2 rooms", "3 rooms"), "begins with 2"),
    ],
)
def test_options_that_workers_could_not_tell_apart_are_refused(
    given: list[Option], rule: str
) -> None:
    with pytest.raises(Refused, match=rule) as refused:
        categorisation.options(given)
    assert refused.value.faults[0].field == "options"


def test_numbers_as_labels_are_fine_where_they_are_their_own_keys() -> None:
    assert len(categorisation.options(labelled("1", "2", "50-100", "Other"))) == 4
    assert len(categorisation.options(labelled("+", "-"))) == 2  # answered by key only


def test_a_transcription_has_no_options() -> None:
    assert transcription.options(()) == ()
    with pytest.raises(Refused, match="leave them out"):
        transcription.options(labelled("A", "B"))


@pytest.mark.parametrize("kind", [verification, categorisation, transcription])
def test_a_text_must_be_askable(kind: object) -> None:
    assert hasattr(kind, "check_text")
    verification.check_text("Is it open?\nSecond line\t.")
    verification.check_text("x" * 1200)
    for text, rule in (("", "empty"), (" \n", "empty"), ("a\0b", "control"), ("x" * 1201, "1,201")):
        with pytest.raises(Refused, match=rule) as refused:
            kind.check_text(text)
        assert refused.value.faults[0].field == "text"


def test_truths_become_what_answers_are_stored_as() -> None:
    yes_no = verification.options(())
    truths = ("yes", "YES", "Ndiyo", "oui", "Not sure", "faux")
    assert [verification.check_truth(t, yes_no) for t in truths] == [
        "yes",
        "yes",
        "yes",
        "yes",
        "unsure",
        "no",
    ]
    with pytest.raises(Refused, match="one of yes, no, unsure") as refused:
        verification.check_truth("1", yes_no)
    assert refused.value.faults[0].field == "truth"
    fruit = categorisation.options([Option("0", {"en": "Mango"}), Option("b", {"sw": "Ndizi"})])
    assert [categorisation.check_truth(t, fruit) for t in ("0", "mango", "ndizi")] == [
        "0",
        "0",
        "b",
    ]
    with pytest.raises(Refused, match="one of 0, b"):
        categorisation.check_truth("plum", fruit)
    assert transcription.check_truth("  a  b ", ()) == "a b"
    for wrong in ("", "!", "x" * 641):
        with pytest.raises(Refused, match="1 to 640"):
            transcription.check_truth(wrong, ())
