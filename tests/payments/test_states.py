"""The table itself, walked everywhere it can lead."""

from collections import deque

from gateway.payments.ledger.chart_of_accounts import Code
from gateway.payments.states import (
    COMMANDS,
    NEXT,
    OPEN,
    FollowUp,
    PayoutEvent,
    PayoutState,
    as_mermaid,
)

RESTING = {
    PayoutState.PAID,
    PayoutState.FAILED,
    PayoutState.CANCELLED,
    PayoutState.LATE_PAID,
    PayoutState.REVERSED,
}
IN_TRANSIT = {Code.HOLD: 1, Code.SETTLE: -1, Code.PAYOUT_FAILED: -1}
OPERATOR_PAID = {Code.SETTLE: 1, Code.LATE_PAID: 1, Code.REVERSED: -1}


def walked() -> set[tuple[PayoutState, int, int, int]]:
    """Return every state that some path leads to.

    A state is (state, money in transit, times paid, transfers to the operator ever).
    """
    start = (PayoutState.REQUESTED, 0, 0, 0)
    seen, todo = {start}, deque([start])
    while todo:
        state, transit, paid, ever = todo.popleft()
        for (at, _), step in NEXT.items():
            if at is not state:
                continue
            code = step.posting
            there = (
                step.state,
                transit + IN_TRANSIT.get(code, 0),
                paid + OPERATOR_PAID.get(code, 0),
                ever + (code in (Code.SETTLE, Code.LATE_PAID)),
            )
            if there not in seen:
                assert len(seen) < 1_000, "money grows on some path"
                seen.add(there)
                todo.append(there)
    return seen


def test_every_state_can_be_reached():
    assert {state for state, *_ in walked()} == set(PayoutState)


def test_no_path_leads_to_two_settlements():
    assert max(ever for *_, ever in walked()) == 1


def test_money_is_in_transit_exactly_while_a_payout_is_open():
    for state, transit, paid, _ in walked():
        assert transit == (1 if state in OPEN else 0), state
        assert paid == (1 if state in (PayoutState.PAID, PayoutState.LATE_PAID) else 0), state


def test_each_state_is_open_or_at_rest():
    assert {PayoutState.REQUESTED} | OPEN | RESTING == set(PayoutState)
    assert not OPEN & RESTING


def test_each_open_state_has_a_way_to_rest():
    for state in OPEN:
        seen, todo = {state}, [state]
        while todo:
            here = todo.pop()
            for (at, _), step in NEXT.items():
                if at is here and step.state not in seen:
                    seen.add(step.state)
                    todo.append(step.state)
        assert seen & RESTING, state


def test_a_hint_moves_no_money_and_no_state():
    for (state, event), step in NEXT.items():
        if event is PayoutEvent.HINT:
            assert (step.state, step.posting, step.do) == (state, None, FollowUp.ASK_AT)


def test_nothing_can_be_cancelled_once_it_is_being_sent():
    cancellable = {state for state, event in NEXT if event is PayoutEvent.CANCEL}
    assert cancellable == {
        PayoutState.HELD,
        PayoutState.AWAITING_APPROVAL,
        PayoutState.APPROVED,
        PayoutState.QUEUED,
    }


def test_only_a_claim_sends():
    assert {event for (_, event), step in NEXT.items() if step.do is FollowUp.SEND} == {
        PayoutEvent.CLAIM
    }


def test_every_event_is_used():
    assert {event for _, event in NEXT} == set(PayoutEvent)
    assert set(PayoutEvent) > COMMANDS


def test_the_diagram_shows_every_move():
    diagram = as_mermaid()
    assert diagram.startswith("stateDiagram-v2\n    [*] --> requested\n")
    for (state, event), step in NEXT.items():
        if step.state is not state:
            line = next(
                x for x in diagram.splitlines() if x.startswith(f"    {state} --> {step.state}: ")
            )
            assert event in line.split(": ")[1].replace("(", " ").replace(",", " ").split()
