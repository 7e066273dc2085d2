"""Whatever a worker's history is, every shilling that came is in exactly one place."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from gateway.payments.ledger.chart_of_accounts import Code
from gateway.payments.ledger.trace import Move, spend


@st.composite
def histories(draw):
    """Earnings, payouts that go out or come back, and corrections, never below zero."""
    moves, balance, open_hold, n = [], 0, None, 0

    def move(code, amount, cause):
        nonlocal balance, n
        n += 1
        balance += amount
        moves.append(Move(uuid.UUID(int=n), code, amount, cause))

    for _ in range(draw(st.integers(1, 40))):
        kind = draw(st.sampled_from(["earn", "hold", "fail", "settle", "correct"]))
        part = draw(st.integers(1, 10_000))
        if kind == "earn":
            move(Code.EARN, part, f"earn:{n}")
        elif kind == "hold" and balance and open_hold is None:
            open_hold = (uuid.uuid4(), min(part, balance))
            move(Code.HOLD, -open_hold[1], f"hold:{open_hold[0]}")
        elif kind == "fail" and open_hold:
            move(Code.PAYOUT_FAILED, open_hold[1], f"payout_failed:{open_hold[0]}")
            open_hold = None
        elif kind == "settle":
            open_hold = None
        elif kind == "correct" and balance:
            move(Code.CORRECT_DOWN, -min(part, balance), f"correct_down:{n}")
    return moves


@given(histories())
def test_every_shilling_is_in_one_place(moves):
    spent = spend(moves)
    earned = {m.transfer: m.amount_minor for m in moves if m.code is Code.EARN}
    places = dict(spent.unspent)
    for part in spent.parts:
        assert part.amount_minor > 0
        places[part.earning] = places.get(part.earning, 0) + part.amount_minor
    assert places == earned, "nothing lost, nothing twice"
    returned = {m.cause.partition(":")[2] for m in moves if m.code is Code.PAYOUT_FAILED}
    out = {m.transfer: -m.amount_minor for m in moves if m.amount_minor < 0
           and not (m.code is Code.HOLD and m.cause.partition(":")[2] in returned)}  # fmt: skip
    told = {}
    for part in spent.parts:
        told[part.spending] = told.get(part.spending, 0) + part.amount_minor
    assert told == out, "and all that left is explained"
