"""The online judge: stories of tasks whose answers come in one by one."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import Refused
from gateway.qa.answers import choice
from gateway.qa.answers import typed as typed_answers
from gateway.qa.judging.overlap import (
    AnswerPrice,
    AnswerPrices,
    DynamicOverlap,
    FixedOverlap,
    Policy,
    PricedOverlap,
    TaskDecision,
    Verdict,
    judge,
    parse_policy,
)
from gateway.qa.skills.skill import Skill

NEW = Skill()
EXPERT = Skill(right=94, wrong=0)
GUESSER = Skill(right=10, wrong=30)
YES_NO = ["no", "yes"]
choose = partial(judge, choice)
typed = partial(judge, typed_answers, options=())


def test_an_unanswered_task_wants_its_minimum() -> None:
    assert choose([], [], YES_NO, FixedOverlap(3)).answers_wanted == 3
    verdict = choose([], [], YES_NO, DynamicOverlap())
    assert verdict == Verdict(TaskDecision.ASK_MORE, None, 0.0, 2)


def test_fixed_overlap_takes_all_its_answers_even_when_they_agree() -> None:
    verdict = choose(["yes", "yes"], [NEW, NEW], YES_NO, FixedOverlap(3))
    assert (verdict.decision, verdict.answers_wanted) == (TaskDecision.ASK_MORE, 3)
    verdict = choose(["yes"] * 3, [NEW] * 3, YES_NO, FixedOverlap(3))
    assert (verdict.decision, verdict.value) == (TaskDecision.ACCEPT, "yes")


@pytest.mark.parametrize("answers", [["yes", "no"], ["yes", "no", "unsure"]])
def test_a_tie_is_looked_at_by_a_person_however_low_the_threshold(answers: list[str]) -> None:
    policy = FixedOverlap(len(answers), confidence=0.3)
    verdict = choose(answers, [NEW] * len(answers), [*YES_NO, "unsure"], policy)
    assert verdict.decision in (TaskDecision.REVIEW, TaskDecision.AMBIGUOUS)
    assert verdict.answers_wanted == len(answers)


@pytest.mark.parametrize(
    ("confidence", "decision"), [(0.7, TaskDecision.ACCEPT), (0.9, TaskDecision.REVIEW)]
)
def test_a_fixed_overlap_decides_what_reaches_the_threshold(
    confidence: float, decision: TaskDecision
) -> None:
    """Two strangers against one are right three times of four."""
    verdict = choose(["yes", "yes", "no"], [NEW] * 3, YES_NO, FixedOverlap(3, confidence))
    assert (verdict.decision, verdict.value) == (decision, "yes")
    assert verdict.confidence == pytest.approx(0.75)


def test_typed_answers_of_a_fixed_overlap_that_differ_are_looked_at() -> None:
    differ = typed(["otieno", "atieno"], [NEW] * 2, policy=FixedOverlap(2))
    agree = typed(["otieno", "Otieno"], [NEW] * 2, policy=FixedOverlap(2))
    assert differ.decision in (TaskDecision.REVIEW, TaskDecision.AMBIGUOUS)
    assert agree.decision is TaskDecision.ACCEPT


@pytest.mark.parametrize("kind", ["choose", "typed"])
def test_one_answer_that_was_asked_for_is_decided_as_far_as_a_stranger_is_trusted(
    kind: str,
) -> None:
    judged = partial(choose, options=YES_NO) if kind == "choose" else typed
    asked, strict = parse_policy("fixed:1"), parse_policy("fixed:1", confidence=0.95)
    assert judged(["yes"], [NEW], policy=asked).decision is TaskDecision.ACCEPT
    assert judged(["yes"], [GUESSER], policy=asked).decision is TaskDecision.REVIEW
    assert judged(["yes"], [NEW], policy=strict).decision is TaskDecision.REVIEW


def test_an_expert_outweighs_two_guessers() -> None:
    skills = [EXPERT, GUESSER, GUESSER]
    assert choose(["no", "yes", "yes"], skills, YES_NO, FixedOverlap(3)).value == "no"


def test_two_workers_who_are_known_to_be_good_are_enough() -> None:
    verdict = choose(["yes", "yes"], [EXPERT, EXPERT], YES_NO, DynamicOverlap())
    assert (verdict.decision, verdict.answers_wanted) == (TaskDecision.ACCEPT, 2)
    assert verdict.confidence > 0.99


def test_one_expert_alone_is_not_enough() -> None:
    verdict = choose(["yes"], [EXPERT], YES_NO, DynamicOverlap())
    assert (verdict.decision, verdict.answers_wanted) == (TaskDecision.ASK_MORE, 2)


def test_strangers_who_disagree_need_one_more_until_the_answers_are_spent() -> None:
    policy = DynamicOverlap(confidence=0.95, answers_max=4)
    said = ["yes", "no", "yes", "no"]
    for given_ in (2, 3):
        verdict = choose(said[:given_], [NEW] * given_, YES_NO, policy)
        assert (verdict.decision, verdict.answers_wanted) == (TaskDecision.ASK_MORE, given_ + 1)
    verdict = choose(said, [NEW] * 4, YES_NO, policy)
    assert (verdict.decision, verdict.answers_wanted) == (TaskDecision.REVIEW, 4)
    assert verdict.confidence == pytest.approx(0.5)


def test_more_options_make_agreement_stronger() -> None:
    few = choose(["a", "a"], [NEW] * 2, ["a", "b"], DynamicOverlap()).confidence
    many = choose(["a", "a"], [NEW] * 2, list("abcde"), DynamicOverlap()).confidence
    assert many > few


def test_an_answer_that_is_no_option_any_more_still_counts_for_itself() -> None:
    assert choose(["nope", "nope"], [NEW] * 2, YES_NO, FixedOverlap(2)).value == "nope"


def test_typed_answers_agree_up_to_case_and_punctuation() -> None:
    verdict = typed(["Mama Njeri's shop", "mama njeris SHOP."], [NEW] * 2, policy=DynamicOverlap())
    assert verdict.decision is TaskDecision.ACCEPT
    assert verdict.value in ("Mama Njeri's shop", "mama njeris SHOP.")


def test_typed_answers_agree_by_the_rules_of_their_language() -> None:
    said, both = ["l'eau", "l eau"], [NEW] * 2
    french = typed(said, both, policy=DynamicOverlap(), language="fr")
    assert french.decision is TaskDecision.ACCEPT
    assert typed(said, both, policy=DynamicOverlap()).decision is TaskDecision.ASK_MORE


def test_typed_numbers_must_agree_to_the_digit() -> None:
    verdict = typed(["254 711 000 111", "254 711 000 112"], [NEW] * 2, policy=DynamicOverlap())
    assert verdict.decision is TaskDecision.ASK_MORE


def test_long_texts_agree_up_to_a_letter() -> None:
    said = ["then there was no known way to lubricate", "then there was no known way to lubricat"]
    verdict = typed(said, [NEW] * 2, policy=DynamicOverlap())
    assert verdict.decision is TaskDecision.ACCEPT


def test_two_against_two_typed_answers_are_far_from_sure() -> None:
    verdict = typed(["otieno", "atieno"] * 2, [NEW] * 4, policy=DynamicOverlap(answers_max=4))
    assert verdict.decision is TaskDecision.REVIEW
    assert verdict.confidence < 0.5


def test_the_better_worker_decides_a_tie_of_typed_answers() -> None:
    assert typed(["otieno", "atieno"], [NEW, EXPERT], policy=FixedOverlap(2)).value == "atieno"


@pytest.mark.parametrize(
    ("text", "available", "policy"),
    [
        ("all", 10, FixedOverlap(10)),
        ("fixed:3", None, FixedOverlap(3)),
        ("fixed:30", 10, FixedOverlap(10)),
        ("dynamic", None, DynamicOverlap()),
        ("worth:500", 5, PricedOverlap(500.0, answers_max=5)),
        ("dynamic", 4, DynamicOverlap(answers_max=4)),
        ("dynamic", 1, DynamicOverlap(answers_min=1, answers_max=1)),
    ],
)
def test_policies_are_read(text: str, available: int | None, policy: Policy) -> None:
    assert parse_policy(text, available=available) == policy


@pytest.mark.parametrize("text", ["", "fixed", "fixed:0", "fixed:-1", "fixed:x", "all", "most"])
def test_a_policy_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"fixed:N|between 1 and"):
        parse_policy(text)


def test_certainty_is_no_confidence_one_can_ask_for() -> None:
    with pytest.raises(Refused, match="between 0 and 1"):
        parse_policy("dynamic", confidence=1.0)


def test_a_split_of_good_workers_says_that_the_question_is_at_fault() -> None:
    verdict = choose(["yes", "no"] * 3, [EXPERT] * 6, YES_NO, DynamicOverlap(answers_max=6))
    assert verdict.decision is TaskDecision.AMBIGUOUS
    verdict = choose(["yes", "no"] * 3, [GUESSER] * 6, YES_NO, DynamicOverlap(answers_max=6))
    assert verdict.decision is TaskDecision.REVIEW


def test_a_better_worker_is_asked_when_no_number_of_strangers_could_settle_it() -> None:
    said, market = ["yes", "no"] * 3, AnswerPrices(better=AnswerPrice(5, skill=0.97))
    verdict = choose(said, [NEW] * 6, YES_NO, DynamicOverlap(), market=market)
    assert (verdict.decision, verdict.skill_wanted) == (TaskDecision.ASK_BETTER, 0.97)
    assert choose(said, [NEW] * 6, YES_NO, DynamicOverlap()).decision is TaskDecision.ASK_MORE


def test_an_answer_is_bought_as_long_as_it_is_worth_its_price() -> None:
    said = ["yes", "no", "yes"]
    dear, cheap = AnswerPrices(AnswerPrice(100)), AnswerPrices(AnswerPrice(1))
    assert (
        choose(said, [NEW] * 3, YES_NO, PricedOverlap(50), market=dear).decision
        is TaskDecision.ACCEPT
    )
    verdict = choose(said, [NEW] * 3, YES_NO, PricedOverlap(50), market=cheap)
    assert (verdict.decision, verdict.answers_wanted) == (TaskDecision.ASK_MORE, 4)


def test_the_more_an_error_costs_the_more_answers_are_bought() -> None:
    said = ["yes"] * 3
    market = AnswerPrices(AnswerPrice(10))
    asked = [
        choose(said, [NEW] * 3, YES_NO, PricedOverlap(worth), market=market).decision
        for worth in (20, 200, 20_000)
    ]
    assert asked[0] is TaskDecision.ACCEPT
    assert asked[-1] is TaskDecision.ASK_MORE


def test_a_dearer_answer_of_a_better_worker_may_be_the_bargain() -> None:
    market = AnswerPrices(AnswerPrice(10, skill=0.55), better=AnswerPrice(20, skill=0.97))
    verdict = choose(["yes", "no"], [NEW] * 2, YES_NO, PricedOverlap(500), market=market)
    assert (verdict.decision, verdict.skill_wanted) == (TaskDecision.ASK_BETTER, 0.97)


def test_a_person_looks_where_that_pays_more_than_asking() -> None:
    said, skills_ = ["yes", "no"], [NEW] * 2
    market = AnswerPrices(AnswerPrice(40, skill=0.6), review_minor=50)
    assert (
        choose(said, skills_, YES_NO, PricedOverlap(500), market=market).decision
        is TaskDecision.REVIEW
    )
    market = AnswerPrices(AnswerPrice(40, skill=0.6), review_minor=5000)
    assert (
        choose(said, skills_, YES_NO, PricedOverlap(500, answers_max=2), market=market).decision
        is TaskDecision.ACCEPT
    )


def test_typed_answers_are_priced_too() -> None:
    market = AnswerPrices(AnswerPrice(10))
    agreed = typed(["otieno"] * 4, [EXPERT] * 4, policy=PricedOverlap(200), market=market)
    split = typed(["otieno", "atieno"], [NEW] * 2, policy=PricedOverlap(200), market=market)
    assert (agreed.decision, split.decision) == (TaskDecision.ACCEPT, TaskDecision.ASK_MORE)


skills = st.builds(Skill, st.floats(0, 200), st.floats(0, 200))
policies = (
    st.builds(FixedOverlap, st.integers(1, 9), st.floats(0.5, 0.99))
    | st.builds(DynamicOverlap, st.floats(0.5, 0.99), st.integers(1, 3), st.integers(3, 9))
    | st.builds(PricedOverlap, st.floats(1, 9_999), st.integers(1, 3), st.integers(3, 9))
)
offers = st.builds(AnswerPrice, st.floats(0, 1000), st.floats(0.1, 1.0))
markets = st.builds(AnswerPrices, offers, st.none() | offers, st.none() | st.floats(0, 9_999))


@given(
    votes=st.lists(st.tuples(st.sampled_from("abc"), skills), max_size=9),
    form=st.sampled_from([choice, typed_answers]),
    policy=policies,
    market=markets,
    order=st.randoms(use_true_random=False),
)
def test_what_holds_for_every_verdict(votes, form, policy, market, order) -> None:
    values, held = [v for v, _ in votes], [s for _, s in votes]
    verdict = judge(form, values, held, list("abc"), policy, market=market)
    limit = policy.answers if isinstance(policy, FixedOverlap) else policy.answers_max
    assert verdict.answers_wanted <= max(limit, len(votes))
    assert verdict.decision.value.startswith("ask") == (verdict.answers_wanted > len(votes))
    assert 0.0 <= verdict.confidence <= 1.0
    order.shuffle(votes)
    values, held = [v for v, _ in votes], [s for _, s in votes]
    again = judge(form, values, held, list("abc"), policy, market=market)
    assert (again.value, again.decision) == (verdict.value, verdict.decision)
