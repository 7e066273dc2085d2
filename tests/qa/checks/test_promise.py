"""A promised accuracy: the plan keeps to what the model predicts, and says what is missing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.qa.checks.promise import ANSWERS_MAX, CrowdSkill, PromiseAsked, SharedWrong
from gateway.qa.checks.promise_model import simulated
from gateway.qa.checks.promise_more import EstimatedTask, more_for_promise
from gateway.qa.checks.promise_outcome import PromiseVerdict, outcome_of, promise_outcome
from gateway.qa.checks.promise_plan import forecasts, gold_to_show, promise_plan
from gateway.qa.confidence.certificate import certificate
from gateway.qa.confidence.shared_error import SHARED_ERROR
from gateway.qa.skills.skill import Skill

EXPERTS = [CrowdSkill(40, Skill(95, 5))]
GUESSERS = [CrowdSkill(40, Skill(50, 50))]
FEW = settings(max_examples=8, deadline=None, derandomize=True)


def asked(target, crowd, *, tasks=1000, golds=40, options=2, **more):
    return PromiseAsked(target, tasks, options, crowd, options, golds, **more)


@given(
    target=st.sampled_from([0.6, 0.75, 0.85, 0.95]),
    right=st.integers(0, 60),
    wrong=st.integers(0, 30),
    workers=st.integers(1, 50),
)
@FEW
def test_a_plan_stays_within_its_bounds(target, right, wrong, workers):
    plan = promise_plan(asked(target, [CrowdSkill(workers, Skill(right, wrong))]))
    chosen = plan.chosen
    assert chosen.least <= chosen.answers <= chosen.most <= min(workers, ANSWERS_MAX)
    assert chosen.low <= chosen.surely <= chosen.accuracy <= chosen.high
    assert chosen.answers_low <= chosen.answers + 1e-9
    assert plan.can_promise == (chosen.surely >= target)
    assert plan.helps or plan.can_promise


def test_equal_questions_have_equal_plans():
    assert promise_plan(asked(0.9, EXPERTS)) == promise_plan(asked(0.9, EXPERTS))


def test_better_workers_make_better_and_cheaper_promises():
    usual = [CrowdSkill(40, Skill(80, 20))]
    experts, others, guessers = (
        promise_plan(asked(0.75, crowd)) for crowd in (EXPERTS, usual, GUESSERS)
    )
    assert experts.can_promise
    assert not guessers.can_promise
    assert experts.chosen.answers < others.chosen.answers
    assert guessers.chosen.accuracy < others.chosen.accuracy


def test_the_cheapest_sufficient_policy_is_chosen():
    wish = asked(0.75, EXPERTS)
    enough = [one for one in forecasts(wish) if one.surely >= 0.75]
    assert promise_plan(wish).chosen.answers <= min(one.answers for one in enough) + 0.01


def test_a_crowd_of_which_nothing_is_known_is_predicted_with_a_wide_range():
    known = promise_plan(asked(0.9, [CrowdSkill(40, Skill(60, 20))])).chosen
    unknown = promise_plan(asked(0.9, [CrowdSkill(40, Skill())])).chosen
    assert unknown.high - unknown.low > known.high - known.low


def test_too_little_gold_is_named_however_good_the_workers_are():
    plan = promise_plan(asked(0.7, EXPERTS, golds=29))
    assert not plan.can_promise
    assert plan.helps[0].startswith("add 1 gold tasks")


def test_errors_in_common_make_further_answers_worth_less():
    many = SharedWrong(pairs=10_000, both_wrong=1_400, wrong=2_000)
    none = SharedWrong(pairs=10_000, both_wrong=400, wrong=2_000)
    assert many.shared_error > SHARED_ERROR > none.shared_error
    crowd = [CrowdSkill(40, Skill(80, 20))]
    together = simulated(crowd, 2, many).right[:, :, -1].mean()
    apart = simulated(crowd, 2, none).right[:, :, -1].mean()
    assert together < apart


def test_the_simulated_answers_are_as_right_as_the_workers():
    first = simulated([CrowdSkill(100, Skill(800, 200))], 2, SharedWrong()).right[:, :, 0]
    assert abs(first.mean() - 0.8) < 0.03


@given(
    st.lists(st.tuples(st.floats(0.3, 1.0), st.integers(0, 3)), max_size=30),
    st.floats(0.5, 0.99),
)
@settings(max_examples=60, deadline=None)
def test_only_doubtful_tasks_with_a_slot_are_asked_again(given_tasks, target):
    tasks = [EstimatedTask(f"t{n}", sure, left) for n, (sure, left) in enumerate(given_tasks)]
    by_name = {one.task: one for one in tasks}
    more = [by_name[name] for name in more_for_promise(tasks, target)]
    assert all(one.slots_left and one.confidence < target for one in more)
    assert [one.confidence for one in more] == sorted(one.confidence for one in more)
    if tasks and sum(one.confidence for one in tasks) / len(tasks) >= target:
        assert not more


def test_the_gold_that_is_advised_would_show_the_target():
    gold = gold_to_show(0.9, 0.96, 2000)
    assert certificate(round(0.96 * gold), gold, 2000).low >= 0.89
    assert gold_to_show(0.95, 0.95, 2000) is None


def test_a_certificate_has_four_verdicts():
    assert outcome_of(certificate(200, 200, 500), 0.9).verdict is PromiseVerdict.REACHED
    assert outcome_of(certificate(120, 200, 500), 0.9).verdict is PromiseVerdict.MISSED
    assert outcome_of(certificate(181, 200, 500), 0.9).verdict is PromiseVerdict.OPEN
    assert outcome_of(certificate(9, 10, 500), 0.9).verdict is PromiseVerdict.UNKNOWN


def test_gold_that_was_not_answered_certifies_nothing():
    rows = [("t1", "a", "yes"), ("t1", "b", "yes")]
    found = promise_outcome(rows, {"g1": "yes"}, ("yes", "no"), "auto", 0.9)
    assert (found.verdict, found.gold) == (PromiseVerdict.UNKNOWN, 0)
