"""Typed answers: which of them count as equal, and what several workers' typing adds up to."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from gateway.base.errors import Refused
from gateway.qa.answers import typed as typed_answers
from gateway.qa.confidence.certificate import Certificate, TooLittleGold
from gateway.qa.judging.overlap import DynamicOverlap, TaskDecision, judge
from gateway.qa.skills.skill import Skill
from gateway.qa.text.aggregate import TextEstimate, aggregate
from gateway.qa.typed.near import best_text, group_confidence, grouped, is_near
from gateway.qa.typed.normalise import normalise

from .crowd import Rows, recorded


def texts(estimate: TextEstimate) -> dict[str, str]:
    return dict(zip(estimate.tasks, map(normalise, estimate.value), strict=True))


def word_error_rate(found: dict[str, str], truths: dict[str, str]) -> float:
    rates: list[float] = []
    for task, truth in truths.items():
        words = normalise(truth).split()
        rates.append(Levenshtein.distance(found[task].split(), words) / len(words))
    return sum(rates) / len(rates)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("  Mama   NJERI ", "", "mama njeri"),
        ("Njeri's shop!", "", "njeris shop"),
        ("Njeri\u2019s shop", "", "njeris shop"),
        ("ng'ombe", "sw", "ngombe"),
        ("l'eau", "fr", "l eau"),
        ("KES 1,250.50", "", "kes 1250.50"),
        ("1 250,50", "fr", "1250.50"),
        ("3,5 kg", "", "3.5 kg"),
        ("12,13,14", "", "12.13.14"),
        ("\u0662\u0665\u0664", "ar", "254"),
        ("\uff11\uff12", "", "12"),
        ("KAR 123-A", "", "kar 123 a"),
        ("I\u0130", "tr", "\u0131i"),
        ("\u0928\u092e\u0938\u094d\u0924\u0947", "hi", "\u0928\u092e\u0938\u094d\u0924\u0947"),
        ("...", "", ""),
    ],
)
def test_spellings_that_mean_the_same(text: str, language: str, expected: str) -> None:
    assert normalise(text, language) == expected


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert once == " ".join(once.split())
    assert normalise(once.upper()) == normalise(normalise(once.upper()))


def test_short_strings_must_agree_exactly_and_long_ones_nearly() -> None:
    assert not is_near("otieno", "atieno")
    assert is_near("then there was no known way to do it", "then there was no know way to do it")


def test_a_name_is_returned_as_a_worker_typed_it() -> None:
    rows = [
        ("t", "amina", "Mama Njeri"),
        ("t", "brian", "mama njeri."),
        ("t", "chege", "Mama Jeri"),
    ]
    estimate = aggregate(rows)
    assert (estimate.method, estimate.value) == ("medoid", ("Mama Njeri",))
    assert 0.5 < estimate.confidence[0] < 1.0


def test_a_sentence_that_no_worker_typed_without_a_slip_is_put_together() -> None:
    said = [
        "the old man went to the river to fetch watr today",
        "the old men went to the river to fetch water today",
        "the old man went to river to fetch water today",
    ]
    estimate = aggregate([("t", f"w{n}", text) for n, text in enumerate(said)])
    assert estimate.method == "rover"
    assert estimate.value == ("the old man went to the river to fetch water today",)


def test_a_careful_worker_outweighs_two_careless_ones() -> None:
    rows: Rows = []
    for n in range(10):
        rows += [
            (f"t{n}", worker, f"plate number kaa {n}{n}{n} x") for worker in ("amina", "brian")
        ]
        rows += [(f"t{n}", worker, f"plat numbr ka {n}9 {worker}") for worker in ("chege", "dinah")]
    rows += [("t", "amina", "plate number kbz 412 y")]
    rows += [("t", "chege", "plate number kbz 472 y"), ("t", "dinah", "plate number kbz 472")]
    estimate = aggregate(rows, method="medoid")
    assert texts(estimate)["t"] == "plate number kbz 412 y"
    assert estimate.skill["amina"] > estimate.skill["chege"]


def test_gold_settles_its_task_and_teaches_trust() -> None:
    rows = [("t", "amina", "Otieno"), ("t", "brian", "Atieno"), ("t", "chege", "Atieno")]
    estimate = aggregate(rows, {"t": "Otieno"})
    assert (estimate.value, estimate.confidence) == (("Otieno",), (1.0,))
    assert estimate.skill["amina"] > estimate.skill["brian"]


def test_answers_of_nothing_but_punctuation_do_no_harm() -> None:
    rows = [("t", "amina", "..."), ("t", "brian", ""), ("u", "amina", "?")]
    assert texts(aggregate(rows)) == {"t": "", "u": ""}


@pytest.mark.parametrize("method", ["medoid", "rover"])
def test_recorded_speech_is_put_together_well(method: str) -> None:
    rows, truths = recorded("speech60")
    first = {task: normalise(answer) for task, _, answer in reversed(rows)}
    rate = word_error_rate(texts(aggregate(rows, method=method)), truths)
    assert rate < 0.6 * word_error_rate(first, truths)


@pytest.mark.parametrize("method", ["medoid", "rover"])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_order_and_names_change_nothing(method: str, seed: int) -> None:
    rows, _ = recorded("speech60")
    rows = rows[:140]
    random = Random(seed)
    names = sorted({worker for _, worker, _ in rows})
    new = dict(zip(names, random.sample(names, len(names)), strict=True))
    other = [(task, new[worker], answer) for task, worker, answer in random.sample(rows, len(rows))]
    assert texts(aggregate(rows, method=method)) == texts(aggregate(other, method=method))


def test_the_judge_returns_the_group_with_most_support() -> None:
    value, confidence = best_text(["Otieno", "otieno", "Atieno"], [0.75] * 3)
    assert normalise(value) == "otieno"
    assert 0.8 < confidence < 0.95


GOOD = Skill(right=30.0, wrong=2.0)
SPENT = DynamicOverlap(answers_max=6)


def test_two_camps_of_good_workers_make_a_text_ambiguous() -> None:
    """Half of them hear "Otieno", half "Atieno", and all are good: the recording is at fault."""
    said = ["Otieno", "Atieno", "otieno", "ATIENO", "Otieno.", "Atieno"]
    verdict = judge(typed_answers, said, [GOOD] * 6, (), SPENT)
    assert verdict.decision is TaskDecision.AMBIGUOUS


def test_six_workers_who_all_typed_something_else_are_no_camps() -> None:
    said = ["Otieno", "Kamau", "Wanjiru", "Mutua", "Njeri", "Achieng"]
    verdict = judge(typed_answers, said, [Skill()] * 6, (), SPENT)
    assert verdict.decision is TaskDecision.REVIEW


def test_slips_of_the_thumb_do_not_split_a_group() -> None:
    said = ["the old man went to the river", "the old man went to the rivr", "no idea at all"]
    assert grouped(said)[0] == grouped(said)[1] != grouped(said)[2]


def test_gold_calibrates_and_certifies_typed_answers() -> None:
    rows, truths = recorded("speech60")
    gold = dict(sorted(truths.items())[:35])
    found = aggregate(rows, gold, method="medoid")
    assert isinstance(found.certificate, Certificate)
    assert found.certificate.gold == 35
    assert found.certificate.low < found.certificate.accuracy < found.certificate.high
    assert aggregate(rows, method="medoid").certificate == TooLittleGold(0)
    sure = dict(zip(found.tasks, found.confidence, strict=True))
    assert {sure[task] for task in gold} == {1.0}


def test_gold_shows_that_a_crowd_which_agrees_is_wrong() -> None:
    """All workers type the same, and it is never what the gold says: confidence goes."""
    rows = [(f"t{n:02}", worker, f"shop {n}") for n in range(60) for worker in "abcd"]
    truths = {f"t{n:02}": f"store number {n}" for n in range(40)}
    before, after = aggregate(rows), aggregate(rows, truths)
    assert before.confidence[-1] > 0.8
    assert after.confidence[-1] < 0.2


def test_a_method_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Refused, match="medoid"):
        aggregate([("t", "w", "x")], method="magic")


def test_nothing_to_aggregate_is_said_so() -> None:
    with pytest.raises(Refused, match="no answers"):
        aggregate([])


def test_a_value_close_to_all_workers_words_is_surer_than_its_votes() -> None:
    """No two workers type it the same way.

    One text is nearer to all the others than any of them is to the rest.
    """
    texts = [
        "the quick brown fox jumps",
        "the quack brown fox jumps high",
        "a quick browne fix jump",
    ]
    central, far = (group_confidence(one, texts, [0.7] * 3) for one in (texts[0], texts[2]))
    assert central > far + 0.05
    pair = texts[:2]
    assert group_confidence(pair[0], pair, [0.7] * 2) == group_confidence(pair[1], pair, [0.7] * 2)


def test_a_lone_typed_answer_is_worth_what_its_worker_is_and_proves_nothing_of_her() -> None:
    """Fifty names that no other worker typed show no skill.

    The fiftieth is worth what the first is.
    """
    first = aggregate([("t0", "amina", "Otieno")]).confidence[0]
    many = aggregate([(f"t{n}", "amina", f"Otieno {n}") for n in range(50)])
    assert 0.6 < first < 0.8
    assert set(many.confidence) == {first}


def test_a_lone_typed_answer_of_a_worker_who_agreed_with_others_is_worth_more() -> None:
    shared = [(f"t{n}", who, f"Name {n}") for n in range(30) for who in ("amina", "brian", "chep")]
    found = aggregate([*shared, ("x", "amina", "Kisumu"), ("y", "stranger", "Nakuru")])
    sure = dict(zip(found.tasks, found.confidence, strict=True))
    assert sure["y"] < 0.8 < sure["x"] < 0.99


def test_gold_teaches_from_lone_answers_too() -> None:
    rows = [(f"t{n}", "amina", f"Name {n}") for n in range(40)]
    gold = {f"t{n}": f"Other {n}" for n in range(20)}
    assert aggregate(rows, gold).skill["amina"] < 0.4 < aggregate(rows).skill["amina"]
