"""The audit's sample and its exact interval, and the money of tasks that are asked again."""

from math import comb

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.qa.answers import choice
from gateway.qa.checks.audit_outcome import ANSWERS_MORE, asked_again, audit_outcome
from gateway.qa.checks.interval import error_share, wrong_in_batch
from gateway.qa.checks.plan import AuditRule, QualificationRule, QualityPlan, ReviewRule, plan_of
from gateway.qa.checks.review_result import EarlierResult, review_result
from gateway.qa.checks.sampling import draw, sample_size
from gateway.qa.skills.skill import Skill

FEW = settings(max_examples=60, deadline=None)


def chance(errors: int, sample: int, population: int, wrong: int) -> float:
    ways = comb(wrong, errors) * comb(population - wrong, sample - errors)
    return ways / comb(population, sample)


@given(st.integers(1, 60), st.data())
@FEW
def test_the_interval_holds_the_truth_in_95_of_100_audits_whatever_the_truth_is(
    population: int, data: st.DataObject
) -> None:
    sample = data.draw(st.integers(1, population))
    wrong = data.draw(st.integers(0, population))
    held = 0.0
    for errors in range(max(0, sample - (population - wrong)), min(sample, wrong) + 1):
        low, high = wrong_in_batch(errors, sample, population)
        if low <= wrong <= high:
            held += chance(errors, sample, population, wrong)
    assert held >= 0.95


def test_the_interval_is_that_of_the_published_tables() -> None:
    """Clopper and Pearson for 10 of 100: 4.90 % to 17.62 %."""
    found = error_share(10, 100)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (0.0490, 0.1762)
    assert error_share(0, 0) is None, "nothing was judged, so nothing is known"


@given(st.integers(1, 5000), st.floats(0.01, 0.25), st.floats(0.0, 0.5))
@FEW
def test_a_sample_is_large_enough_for_the_wished_interval(
    population: int, half_width: float, allowed: float
) -> None:
    size = sample_size(half_width, allowed, population)
    assert 1 <= size <= population
    found = error_share(round(size * min(max(allowed, 0.01), 0.5)), size, population)
    assert found is not None
    assert found.high - found.low <= 2 * half_width + 1e-9


NAMES = st.lists(st.text("abc123", min_size=1, max_size=4), unique=True, max_size=30)


@given(NAMES, st.text("0123456789abcdef", min_size=1, max_size=8), st.data())
@FEW
def test_a_draw_is_repeated_from_its_seed_in_any_order(
    names: list[str], seed: str, data: st.DataObject
) -> None:
    size = data.draw(st.integers(0, len(names)))
    drawn = draw(seed, names, size)
    assert drawn == draw(seed, data.draw(st.permutations(names)), size)
    assert len(set(drawn)) == size
    assert drawn == draw(seed, names, len(names))[:size], "a larger sample begins with it"


def test_every_task_is_drawn_about_equally_often() -> None:
    names = [f"t{n}" for n in range(20)]
    counts = dict.fromkeys(names, 0)
    for seed in range(2000):
        for name in draw(str(seed), names, 5):
            counts[name] += 1
    assert all(400 < count < 600 for count in counts.values()), counts


@given(
    st.lists(st.floats(0, 1), max_size=30),
    st.integers(-1000, 20_000),
    st.integers(1, 700),
)
@FEW
def test_tasks_are_asked_again_within_the_money_and_the_least_sure_first(
    sure: list[float], money_minor: int, price_minor: int
) -> None:
    tasks = [(f"t{n}", confidence) for n, confidence in enumerate(sure)]
    again = asked_again(tasks, money_minor, price_minor)
    assert len(again) * ANSWERS_MORE * price_minor <= max(0, money_minor)
    known = dict(tasks)
    left = [known[name] for name in known if name not in again]
    assert all(known[name] <= min(left, default=1.0) for name in again)
    one_more = (len(again) + 1) * ANSWERS_MORE * price_minor
    assert len(again) == len(tasks) or one_more > money_minor


@given(st.integers(1, 400), st.data())
@FEW
def test_what_the_sample_corrected_no_longer_remains(tasks: int, data: st.DataObject) -> None:
    judged = data.draw(st.integers(1, tasks))
    errors = data.draw(st.integers(0, judged))
    outcome = audit_outcome(errors, judged, tasks, 0.05)
    assert outcome is not None
    assert 0.0 <= outcome.remaining.low <= outcome.remaining.high <= outcome.found.high
    assert outcome.remaining.low <= outcome.remaining.share + 1 / tasks
    assert outcome.keeps_promise == (errors / judged <= 0.05)
    if judged == tasks:
        assert outcome.remaining.high == 0.0, "everything was looked at"


def test_a_batch_of_which_nothing_was_judged_has_no_outcome() -> None:
    assert audit_outcome(0, 0, 10, 0.05) is None


@given(
    st.one_of(st.none(), st.builds(QualificationRule)),
    st.one_of(st.none(), st.builds(ReviewRule, price_minor=st.integers(1, 10**6))),
    st.one_of(st.none(), st.builds(AuditRule, price_minor=st.integers(0, 10**6))),
    st.integers(1, 2000),
)
@FEW
def test_a_plan_is_read_as_it_was_stored(
    qualification: QualificationRule | None,
    review: ReviewRule | None,
    audit: AuditRule | None,
    accept_h: int,
) -> None:
    plan = QualityPlan(qualification, review, audit, accept_h)
    assert plan_of(plan.as_data()) == plan


@given(st.integers(0, 100_000), st.integers(1, 3), st.floats(0.01, 1.0), st.integers(1, 10_000))
@FEW
def test_the_money_set_aside_pays_every_review_and_its_gold(
    tasks: int, reviewers: int, share: float, price_minor: int
) -> None:
    rule = ReviewRule(price_minor, reviewers=reviewers, share=share)
    answers = rule.most_tasks(tasks) * reviewers + rule.most_golds(tasks)
    assert rule.most_minor(tasks) == answers * price_minor
    assert rule.most_tasks(tasks) <= tasks


def test_reviewers_who_contradict_each_other_leave_the_task_to_a_person() -> None:
    options, good = ["no", "yes"], Skill(30, 1)
    torn = EarlierResult("yes", 0.5)
    agreed = review_result(choice, torn, [("no", good), ("no", good)], options)
    assert agreed is not None
    assert (agreed.value, agreed.decided) == ("no", True)
    assert agreed.confidence > 0.9
    split = review_result(choice, torn, [("no", good), ("yes", good)], options)
    assert split is not None
    assert not split.decided
    assert review_result(choice, torn, [], options) is None


@given(
    confidence=st.floats(0.5, 0.95),
    right=st.integers(6, 200),
    options=st.integers(2, 6),
    agrees=st.booleans(),
)
@FEW
def test_a_review_moves_the_confidence_towards_the_reviewer_and_stays_a_chance(
    confidence: float, right: int, options: int, *, agrees: bool
) -> None:
    names = [f"o{n}" for n in range(options)]
    said = names[0] if agrees else names[1]
    found = review_result(
        choice, EarlierResult(names[0], confidence), [(said, Skill(right, 0))], names
    )
    assert found is not None
    assert 0.0 < found.confidence <= 1.0
    if agrees:
        assert found.value == names[0]
        assert found.confidence >= confidence - 1e-9
    elif found.value == names[0]:
        assert found.confidence < confidence
