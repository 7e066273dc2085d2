"""The ledger's laws hold for any posting in any order.

Sums are zero, stored balances are what their transfers make, and none is below zero.
"""

import asyncio
import uuid

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gateway.payments.ledger import postings
from gateway.payments.ledger.chart_of_accounts import Posting
from gateway.store.db import open_database
from gateway.store.ledger import transfers

AMOUNTS = st.integers(min_value=1, max_value=2_000)


def ledger_machine(url: str):  # noqa: C901  # a method a rule, nothing else
    runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
    db = runner.run(open_database(url, connections=1))

    class Ledger(RuleBasedStateMachine):
        """One client, one batch, one worker: what may happen to their money, good and bad."""

        def __init__(self) -> None:
            super().__init__()
            self.name = uuid.uuid4().hex[:12]
            self.turn = 0
            self.balances: dict[str, int] = {}
            self.posted: list[Posting] = []
            self.open: list[tuple[uuid.UUID, int]] = []

        def next(self) -> int:
            self.turn += 1
            return int(self.name, 16) // 2**8 + self.turn

        def posts(self, posting: Posting) -> bool:
            """Post it, and keep the same books in the model; return False when it was refused."""
            ids = [
                runner.run(db.value("select open_account($1, $2, $3, $4)", str(a.kind), a.owner, a.currency, a.kind.bounded))
                for a in (posting.debit, posting.credit)
            ]  # fmt: skip
            short = (
                posting.debit.kind.bounded
                and self.balances.get(str(posting.debit), 0) < posting.amount_minor
            )
            try:
                assert runner.run(self._post(posting, *ids))
            except asyncpg.CheckViolationError:
                assert short
                return False
            assert not short
            self.balances[str(posting.debit)] = (
                self.balances.get(str(posting.debit), 0) - posting.amount_minor
            )
            self.balances[str(posting.credit)] = (
                self.balances.get(str(posting.credit), 0) + posting.amount_minor
            )
            self.posted.append(posting)
            return True

        async def _post(self, posting: Posting, debit: int, credit: int) -> bool:
            async with db.transaction() as connection:
                return await transfers.post(connection, posting, debit, credit)

        @rule(amount=AMOUNTS)
        def a_client_pays_in(self, amount: int) -> None:
            assert self.posts(postings.top_up(f"c{self.name}", f"ref{self.next()}", amount, "KES"))

        @rule(amount=AMOUNTS)
        def a_batch_reserves(self, amount: int) -> None:
            self.posts(
                postings.reserve(f"c{self.name}", f"b{self.name}{self.next()}", amount, "KES")
            )

        @rule(amount=AMOUNTS)
        def a_worker_earns(self, amount: int) -> None:
            self.posts(postings.earn(self.next(), f"b{self.name}", self.worker, amount, "KES"))

        @rule(amount=AMOUNTS)
        def a_worker_asks_for_money(self, amount: int) -> None:
            payout = uuid.uuid4()
            if self.posts(postings.hold_amount(payout, self.worker, amount, "KES")):
                self.open.append((payout, amount))

        @precondition(lambda self: self.open)
        @rule(paid=st.booleans())
        def a_payout_ends(self, *, paid: bool) -> None:
            payout, amount = self.open.pop()
            if paid:
                self.posts(postings.settle_payout(payout, "mpesa", amount, "KES"))
            else:
                self.posts(postings.payout_failed(payout, self.worker, amount, "KES"))

        @precondition(lambda self: self.posted)
        @rule(data=st.data())
        def something_is_posted_again(self, data: st.DataObject) -> None:
            posting = data.draw(st.sampled_from(self.posted))
            ids = [
                runner.run(db.value("select open_account($1, $2, $3, $4)", str(a.kind), a.owner, a.currency, a.kind.bounded))
                for a in (posting.debit, posting.credit)
            ]  # fmt: skip
            assert runner.run(self._post(posting, *ids)) is False

        @property
        def worker(self) -> int:
            return int(self.name, 16)

        @invariant()
        def the_books_are_right(self) -> None:
            rows = runner.run(transfers.balances(db))
            assert sum(row["balance"] for row in rows) == 0
            assert all(row["stored"] == row["balance"] >= 0 for row in rows if row["bounded"])
            kept = {f"{r['kind']}:{r['owner']}:{r['currency']}": r["balance"] for r in rows}
            mine = {
                name: balance
                for name, balance in self.balances.items()
                if self.name in name or str(self.worker) in name
            }
            assert {name: kept[name] for name in mine} == mine

    def close() -> None:
        runner.run(db.close())
        runner.close()

    return Ledger, close


@pytest.fixture(scope="session")
async def machine_url(new_database) -> str:
    return await new_database("machine")


def test_any_order_of_postings(machine_url):
    machine, close = ledger_machine(machine_url)
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=12,
                stateful_step_count=25,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        close()
