"""Payouts hold their laws in any order of events.

No worker's money is lost or there twice, every payout comes to an end, and what the gateway
believes is what the operator did. A reference model keeps the same books.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gateway.base.errors import Conflict
from gateway.payments.payout import Happened, Resolved, StatusAnswered, SubmitAnswered
from gateway.payments.payouts import LEASE
from gateway.payments.port import PaymentStatus, Status, SubmitAnswer, SubmitOutcome
from gateway.payments.states import PayoutEvent, PayoutState
from gateway.steps.payouts.disburse import called_back, happened, happened_to_all
from gateway.store.ledger import transfers
from gateway.store.payouts import payouts
from gateway.store.payouts.payouts import Stored

from .till import Till, Worker, open_till

pytestmark = pytest.mark.timeout(1800)
ROUNDS_MAX = 60
EARNED = 20_000
NETWORK = ["good", "good", "good", "lost", "late", "no answer", "not sent", "refused"]
AMOUNTS = st.sampled_from([1_000, 1_500, 4_000])
IN_BOOKS_PAID = (PayoutState.PAID, PayoutState.LATE_PAID)


@dataclass
class Truth:
    """The operator's deed for a key: nothing yet, "taken", "paid" or "refused".

    `late`: requests still under way.
    """

    fate: str = ""
    late: int = 0
    paid_times: int = 0


@dataclass
class Model:
    """The model's books. `payouts`: by key, whose and how much."""

    earned: dict[int, int] = field(default_factory=dict)
    payouts: dict[str, tuple[int, int]] = field(default_factory=dict)
    truth: dict[str, Truth] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)


def payout_machine(url: str):  # noqa: C901  # a method a rule
    runner, stack = asyncio.Runner(), AsyncExitStack()
    till: Till = runner.run(stack.enter_async_context(open_till(url)))

    def run(what: Coroutine) -> Any:
        return runner.run(what)

    class Payouts(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.model = Model()
            self.people: list[Worker] = []
            self.stale: list[Stored] = []
            self.now: list[Stored] = []

        @initialize()
        def people_come(self) -> None:
            self.people = [run(till.hires(EARNED)) for _ in range(3)]
            self.model.earned = {int(one.id): EARNED for one in self.people}
            for who in range(3):
                self.she_asks(who, 4_000)
            self.reads()

        def mine(self, *states: PayoutState) -> list[Stored]:
            return [one for one in self.now if not states or one.payout.state in states]

        def reads(self) -> None:
            found = run(payouts.by_tokens(till.rt.db, till.rt.vault, list(self.model.tokens)))
            self.now = sorted(
                found.values(),
                key=lambda one: self.model.tokens[one.result_token.get_secret_value()],
            )

        def one(self, data: st.DataObject, *states: PayoutState) -> Stored | None:
            found = self.mine(*states)
            return data.draw(st.sampled_from(found)) if found else None

        def happens(self, to: Stored, what: Happened) -> None:
            """Alone or among many: it comes to the same."""
            self.stale.append(to)
            if len(self.stale) % 2:
                run(till.happens(to, what))
            else:
                run(happened_to_all(till.rt, [(to, what)]))

        @rule(who=st.integers(0, 2), amount=AMOUNTS)
        def she_earns(self, who: int, amount: int) -> None:
            worker = self.people[who]
            run(till.earns(worker, amount))
            self.model.earned[int(worker.id)] += amount

        @rule(who=st.integers(0, 2), amount=AMOUNTS)
        def somebody_asks(self, who: int, amount: int) -> None:
            self.she_asks(who, amount)

        def she_asks(self, who: int, amount: int) -> None:
            worker = self.people[who]
            has = run(till.balance(worker))
            is_open = any(
                s.payout.state not in ENDS and s.payout.worker == worker.id for s in self.mine()
            )
            try:
                asked = run(till.asks(worker, amount))
            except Conflict:
                assert is_open or has < amount
                return
            assert not is_open
            assert has >= amount
            self.model.payouts[asked.payout.key] = (int(worker.id), amount)
            self.model.truth[asked.payout.key] = Truth()
            self.model.tokens[asked.result_token.get_secret_value()] = len(self.model.tokens)

        @precondition(lambda self: self.mine(*(state for state in PayoutState if state.open)))
        @rule(data=st.data(), network=st.sampled_from(NETWORK), pays=st.booleans())
        def it_goes_on(self, data: st.DataObject, network: str, *, pays: bool) -> None:
            """The next thing that usually happens to it, in a network of this day's kind."""
            stored = self.one(data, *(state for state in PayoutState if state.open))
            assert stored is not None
            if stored.payout.state is PayoutState.QUEUED:
                self.is_sent(data, stored, network)
            elif network == "good":
                truth = self.model.truth[stored.payout.key]
                if truth.fate == "taken":
                    truth.fate = "paid" if pays else "refused"
                    truth.paid_times += pays
                self.happens(stored, StatusAnswered(self.status(stored)))
            else:
                till.waits(minutes=2)
                self.happens(stored, StatusAnswered(Status(PaymentStatus.NO_ANSWER)))

        def is_sent(self, data: st.DataObject, queued: Stored, network: str) -> None:
            self.happens(queued, PayoutEvent.CLAIM)
            now = run(till.reads(queued))
            if now.payout.state is not PayoutState.SUBMITTING:
                return
            truth = self.model.truth[now.payout.key]
            outcome = {"good": SubmitOutcome.ACCEPTED, "not sent": SubmitOutcome.NOT_SENT, "refused": SubmitOutcome.REJECTED}.get(
                network, SubmitOutcome.AMBIGUOUS
            )  # fmt: skip
            if network == "late":
                truth.late += 1
            elif network in ("good", "no answer"):
                outcome = SubmitOutcome.DUPLICATE if truth.fate and network == "good" else outcome
                truth.fate = truth.fate or "taken"
            elif network == "refused" and truth.fate:
                outcome = SubmitOutcome.DUPLICATE
            if data.draw(st.booleans(), label="and the process died") and network != "good":
                till.clock.advance(LEASE)
                self.happens(now, PayoutEvent.LEASE_EXPIRED)
            else:
                self.happens(now, SubmitAnswered(SubmitAnswer(outcome), now.payout.tries))

        @precondition(lambda self: any(t.late for t in self.model.truth.values()))
        @rule()
        def a_late_request_arrives(self) -> None:
            truth = next(t for t in self.model.truth.values() if t.late)
            truth.late -= 1
            truth.fate = truth.fate or "taken"

        @precondition(lambda self: any(t.fate == "taken" for t in self.model.truth.values()))
        @rule(pays=st.booleans())
        def the_operator_acts(self, *, pays: bool) -> None:
            truth = next(t for t in self.model.truth.values() if t.fate == "taken")
            truth.fate = "paid" if pays else "refused"
            truth.paid_times += pays

        @precondition(lambda self: self.mine(*ASKED))
        @rule(data=st.data(), lies=st.integers(0, 9))
        def it_is_asked_about(self, data: st.DataObject, lies: int) -> None:
            asked = self.one(data, *ASKED)
            if asked is None:
                return
            status = self.status(asked)
            if lies == 0 and self.model.truth[asked.payout.key].fate == "taken":
                status = Status(
                    PaymentStatus.FAILED, asked.payout.key, code="2040"
                )  # and pays it later
            self.happens(asked, StatusAnswered(status))

        @precondition(lambda self: self.mine())
        @rule(data=st.data(), found=st.sampled_from(list(PaymentStatus)))
        def somebody_calls_back(self, data: st.DataObject, found: PaymentStatus) -> None:
            about = self.one(data)
            if about is None:
                return
            before = about.payout.state
            forged = Status(
                found, about.payout.key, receipt="FORGED", amount_minor=about.payout.amount_minor
            )
            run(called_back(till.rt, about, about.result_token, forged))
            assert run(till.reads(about)).payout.state is before

        @precondition(lambda self: self.mine(PayoutState.QUEUED))
        @rule(data=st.data(), surely=st.integers(0, 3))
        def it_is_cancelled(self, data: st.DataObject, surely: int) -> None:
            queued = self.one(data, PayoutState.QUEUED)
            if queued is not None and not surely:
                self.happens(queued, PayoutEvent.CANCEL)

        @precondition(lambda self: self.stale)
        @rule(data=st.data())
        def somebody_decides_on_an_old_reading(self, data: st.DataObject) -> None:
            old = data.draw(st.sampled_from(self.stale))
            now = run(till.reads(old))
            if now.version == old.version:
                return
            decided = StatusAnswered(Status(PaymentStatus.FAILED, old.payout.key, code="2040"))
            with suppress(Conflict):
                run(happened(till.rt, old, decided))
            assert run(till.reads(old)) == now

        @rule(minutes=st.sampled_from([1, 6, 40, 26 * 60]))
        def time_passes(self, minutes: int) -> None:
            till.waits(minutes=minutes)

        def status(self, of: Stored) -> Status:
            """The truth, as the operator tells it."""
            match self.model.truth[of.payout.key].fate:
                case "paid":
                    return till.operator.paid(of.payout.key, of.payout.amount_minor)
                case "refused":
                    return Status(PaymentStatus.FAILED, of.payout.key, code="2040")
                case "taken":
                    return Status(PaymentStatus.PENDING, of.payout.key)
                case _:
                    return Status(PaymentStatus.NOT_FOUND)

        @invariant()
        def the_books_are_right(self) -> None:
            assert run(transfers.audit(till.rt.db)).faults == ()
            self.reads()
            mine = self.mine()
            for one in self.people:
                gone = sum(
                    s.payout.amount_minor
                    for s in mine
                    if s.payout.worker == one.id and s.payout.state not in (PayoutState.FAILED, PayoutState.CANCELLED)
                )  # fmt: skip
                over = run(overpaid(till, one))
                assert run(till.balance(one)) == self.model.earned[int(one.id)] - gone + over >= 0
            for stored in mine:
                truth = self.model.truth[stored.payout.key]
                assert truth.paid_times <= 1, "paid twice"
                if stored.payout.state in IN_BOOKS_PAID:
                    assert truth.fate == "paid", "believed to be paid"

        def teardown(self) -> None:
            """The operator does what it was asked, answers truly, and all comes to an end."""
            for truth in self.model.truth.values():
                truth.fate = truth.fate or ("taken" if truth.late else "")
            for _ in range(ROUNDS_MAX):
                self.reads()
                for truth in self.model.truth.values():
                    if truth.fate == "taken":
                        truth.fate, truth.paid_times = "paid", truth.paid_times + 1
                waiting = [s for s in self.mine() if not self.at_rest(s)]
                if not waiting:
                    break
                for stored in waiting:
                    self.goes_on(stored)
                till.waits(minutes=10)
            self.the_books_are_right()
            assert all(self.at_rest(s) for s in self.mine()), "a payout has no way to an end"

        def at_rest(self, stored: Stored) -> bool:
            """Its end, and the true one."""
            paid = self.model.truth[stored.payout.key].fate == "paid"
            return stored.payout.state in ENDS and paid == (stored.payout.state in IN_BOOKS_PAID)

        def goes_on(self, stored: Stored) -> None:
            if stored.payout.state is PayoutState.QUEUED:
                claimed = run(till.happens(stored, PayoutEvent.CLAIM))
                truth = self.model.truth[stored.payout.key]
                truth.fate = truth.fate or "taken"
                run(
                    till.happens(
                        claimed,
                        SubmitAnswered(SubmitAnswer(SubmitOutcome.ACCEPTED), claimed.payout.tries),
                    )
                )
            elif stored.payout.state is PayoutState.SUBMITTING:
                run(till.happens(stored, PayoutEvent.LEASE_EXPIRED))
            elif (
                stored.payout.state is PayoutState.MANUAL_REVIEW
                and not self.model.truth[stored.payout.key].fate
            ):
                run(two_persons_say_it_never_left(till, stored))
            else:
                run(happened_to_all(till.rt, [(stored, StatusAnswered(self.status(stored)))]))

    def close() -> None:
        runner.run(stack.aclose())
        runner.close()

    return Payouts, close


ENDS = frozenset(state for state in PayoutState if not state.open)
ASKED = (
    PayoutState.SUBMITTED,
    PayoutState.UNKNOWN,
    PayoutState.MANUAL_REVIEW,
    PayoutState.FAILED,
    PayoutState.CANCELLED,
)


async def two_persons_say_it_never_left(till: Till, stored: Stored) -> None:
    for name in ("Zawadi", "Otieno"):
        person = await till.rt.db.value(
            """insert into person (name, key_hash) values ($1, $2) on conflict (name) do update set name = excluded.name
               returning id""",
            name,
            name.encode(),
        )
        await till.rt.db.value(
            "select resolve_payout($1, false, null, $2)", stored.payout.id, person
        )
    await till.happens(stored, Resolved(paid=False))


async def overpaid(till: Till, worker: Worker) -> int:
    """Return what left late for money that the worker had spent by then.

    It stands in an account of its own.
    """
    return await till.rt.db.value(
        """select coalesce(sum(t.amount), 0)::bigint from transfer t join account a on a.id = t.debit
           where a.kind = 'worker_overpaid' and a.owner = $1""",
        str(worker.id),
    )


@pytest.fixture(scope="module")
async def machine_url(new_database) -> str:
    return await new_database("machine_of_payouts")


def test_any_order_of_events(machine_url):
    machine, close = payout_machine(machine_url)
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=10,
                stateful_step_count=40,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        close()
