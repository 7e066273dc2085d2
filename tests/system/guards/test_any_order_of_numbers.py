"""Changes of number hold their laws in any order of events.

The events are moves, answers, payouts, STOP, objections and strangers. No answer and no shilling is
lost or there twice, and no phone reads what belongs to another worker. A reference model keeps the
same books.
"""
# pyright: basic

import asyncio
import itertools
from contextlib import AsyncExitStack
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from gateway.steps.people import coordinators, persons
from gateway.store.ledger import transfers
from tests.conftest import opened_gateway
from tests.support.town import COORDINATOR, Person

from .number_steps import COORDINATOR_PIN, NAMES, PIN, PRICE_MINOR, Steps
from .numbers import Worker

pytestmark = pytest.mark.timeout(3000)
PHONES = 5
NUMBERS = itertools.count(10_000)
STEPS = {
    "work": 6,
    "anything": 2,
    "join": 1,
    "again": 1,
    "stop": 1,
    "dial": 1,
    "pin": 3,
    "coordinator": 2,
    "persons": 4,
    "asked": 5,
    "before": 3,
    "sim": 1,
    "race": 2,
    "time": 2,
}
"""The kinds of step, and how often each happens."""


def number_machine(url: str):  # noqa: C901  # a method a rule
    runner, stack = asyncio.Runner(), AsyncExitStack()

    def run(what):
        return runner.run(what)

    town = run(stack.enter_async_context(opened_gateway(url)))
    run(town.opens())
    run(coordinators.set_pin(town.rt, COORDINATOR, COORDINATOR_PIN, by="test"))
    keys = {name: run(persons.add_person(town.rt, name)).key for name in ("Asha", "Juma")}

    class Numbers(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.steps = Steps(town, keys, run)
            self.seen, self.batch = 0, None

        @initialize()
        def two_workers_with_a_pin(self) -> None:
            self.steps.phones = [
                Person(town, f"phone {n}", f"+2547{next(NUMBERS):08d}") for n in range(PHONES)
            ]
            for name, phone in zip(NAMES, self.steps.phones, strict=False):
                wanjiku = Person(town, "wanjiku", COORDINATOR)
                run(wanjiku.sends(f"ADD {phone.msisdn} {name} en PIN {COORDINATOR_PIN}"))
                run(phone.texts("YES"))
                run(phone.dials())
                run(phone.presses("2", "3", PIN, PIN))
                id_ = run(phone.id())
                self.steps.books.workers[id_] = Worker(
                    id_, name, phone.msisdn, has_pin=True, bare=True
                )
            run(town.rt.db.execute("update worker set reach = 'sms'"))
            questions = [f"Is it {n}?" for n in range(30)]
            run(town.answers_bells())
            self.seen = run(town.value("select max(id) from outbox"))
            self.batch = run(town.posts_batch(*questions, price=f"{PRICE_MINOR / 100:.2f}"))

        @rule(chance=st.randoms(use_true_random=True))
        def something_happens(self, chance: Random) -> None:  # noqa: C901, PLR0912  # one branch per kind of step
            """Take one step, each kind with the weight it has in `STEPS`.

            Of several rules Hypothesis leaves some out.
            """
            kinds, weights = zip(*STEPS.items(), strict=True)
            n, to, who = (chance.randrange(limit) for limit in (PHONES, PHONES, 4))
            match chance.choices(kinds, weights)[0]:
                case "work":
                    self.steps.works(who, chance.choice(["WORK", "1", "1", "PAY", "PAY"]))
                case "anything":
                    words = ["WORK", "1", "BAL", "PAY", "YES", "NO", "NOTME", "STOP", "START"]
                    self.steps.says(n, chance.choice(words))
                case "join":
                    self.steps.any_phone_joins(n)
                case "again":
                    self.steps.repeats_the_last_sms(n)
                case "stop":
                    self.steps.stops_or_starts(who, chance.choice(["STOP", "START", "START"]))
                case "dial":
                    self.steps.dials(n, chance.choices(["2", "3", "4", "0", "00"], k=3))
                case "pin":
                    self.steps.moves_with_her_pin(who, to)
                case "coordinator":
                    self.steps.the_coordinator_asks(who, to)
                case "persons" if self.steps.books.waiting():
                    what = chance.choice(["approve", "approve", "refuse"])
                    self.steps.persons_decide(who, what, both=chance.random() < 0.7)
                case "asked" if self.steps.books.asked(self.steps.now()):
                    words = ["YES", "YES", "YES", "YES", "WORK", "JOIN", "NO", "STOP"]
                    self.steps.the_asked_number_says(chance.choice(words))
                case "before" if self.steps.books.left(self.steps.now()):
                    words = ["NOTME", "NO", "STOP", "1", "BAL", "PAY", "JOIN"]
                    self.steps.the_number_before_says(chance.choice(words))
                case "sim":
                    self.steps.a_stranger_has_her_sim(who, sure=chance.random() < 0.5)
                case "race" if self.steps.books.asked(self.steps.now()):
                    self.steps.pays_and_agrees_at_the_same_moment()
                case "time":
                    self.steps.time_passes(chance.choice([1, 25, 49, 73]))
                case _:
                    pass

        # --- what must hold ---

        @invariant()
        def nothing_is_lost_or_doubled(self) -> None:
            for worker in self.steps.books.workers.values():
                row = run(town.rt.db.row(
                    """select a.balance, (select count(*) from answer where worker_id = w.id) as answers,
                         coalesce((select sum(amount) from payout p where p.worker_id = w.id
                           and p.state not in ('failed', 'cancelled')), 0)::bigint as gone
                       from worker w join account a on a.id = w.account_id where w.id = $1""", worker.id))  # fmt: skip
                assert row["answers"] * PRICE_MINOR == worker.earned_minor, self.steps.told
                assert row["balance"] + row["gone"] == worker.earned_minor, self.steps.told

        @invariant()
        def each_phone_is_whose_the_books_say(self) -> None:
            for phone in self.steps.phones:
                worker = self.steps.books.owner(phone.msisdn)
                found = run(
                    town.value("select id from worker where msisdn_index = $1", phone.index)
                )
                assert found == (worker.id if worker else None), self.steps.told
            for worker in self.steps.books.workers.values():
                state = run(town.value("select state from worker where id = $1", worker.id))
                lost = worker.phone is None
                wanted = "removed" if lost else "stopped" if worker.stopped else "active"
                assert state == wanted, f"{state}, {worker}\n{self.steps.told}"

        @invariant()
        def no_phone_reads_of_another_worker(self) -> None:
            """Check all messages that wait or were written since the last look."""
            indexes = [phone.index for phone in self.steps.phones]
            rows = run(town.rt.db.rows("select id, worker_id, to_index, text, state, purpose from outbox where to_index = any($1) and (id > $2 or state = 'queued') order by id", indexes, self.seen))  # fmt: skip
            for row in rows:
                self.seen = max(self.seen, row["id"])
                phone = self.steps.phones[indexes.index(row["to_index"])]
                worker = self.steps.books.owner(phone.msisdn)
                private = "KES" in row["text"] or any(name in row["text"] for name in NAMES)
                if private and row["state"] != "cancelled":
                    assert worker is not None and row["worker_id"] == worker.id, row["text"]
                if row["state"] == "queued" and row["purpose"] in ("question", "notice"):
                    assert worker is not None and not worker.stopped, row["text"]

        def teardown(self) -> None:
            """Pay all that may be paid, each to the phone that asked for it.

            The books are right in the end.
            """
            if self.batch is None:
                return
            for hours in (73, 1, 1):
                run(town.ticks(hours=hours))
                run(town.operators.daraja.post.settle())
            self.nothing_is_lost_or_doubled()
            assert run(transfers.audit(town.rt.db)).faults == ()
            for worker in self.steps.books.workers.values():
                change = self.steps.books.changes.get(worker.id)
                stuck = change and change.stage == "objected" and change.done_at
                assert stuck or not self.steps.open_payout(worker), "a payout has no way to an end"
            run(self.batch.changes("cancel"))

    def close() -> None:
        runner.run(stack.aclose())
        runner.close()

    return Numbers, close


@pytest.fixture(scope="module")
async def numbers_url(new_database) -> str:
    return await new_database("machine_of_numbers")


def test_any_order_of_numbers(numbers_url):
    machine, close = number_machine(numbers_url)
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=8,
                stateful_step_count=60,
                deadline=None,
                database=None,
                # What failed is told as a story; the same steps on the same town would not be the
                # same again.
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        close()
