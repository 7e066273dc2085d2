"""The proof's operator is hard enough: three common ways of paying out fail with it.

They double or lose money. The product's own way, under the same operator and faults, does neither:
test_proof.py, and `make payout-proof`.
"""

from .policies import play

PAYOUTS = 2_000


def test_a_new_key_for_each_try_pays_twice():
    assert play("A", PAYOUTS, seed=1).doubles > PAYOUTS // 100


def test_a_new_key_after_each_failure_pays_twice_and_gives_back_what_was_paid():
    found = play("B", PAYOUTS, seed=1)
    assert found.doubles > PAYOUTS // 100
    assert found.given_back > 0


def test_one_key_alone_is_not_enough_where_callbacks_are_believed():
    found = play("C", PAYOUTS, seed=1)
    assert found.doubles == 0
    assert found.lost > 0, "forged"
    assert found.given_back > PAYOUTS // 100, "its callback was lost"
