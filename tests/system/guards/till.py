"""A gateway's money alone.

Workers have earnings, an operator does what it is told, and the product's own steps run.
"""

import itertools
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import asyncpg
from pydantic import SecretStr

from gateway.app import open_runtime
from gateway.base.clock import SetClock
from gateway.base.errors import Conflict, Refused
from gateway.base.ids import AccountId, BatchId, ClientId, PayoutId, WorkerId, new_ref
from gateway.base.vault import new_master_secret
from gateway.conversation.facts import PayAsked
from gateway.payments.ledger import postings
from gateway.payments.ledger.chart_of_accounts import Posting
from gateway.payments.payout import Happened, StatusAnswered, SubmitAnswered
from gateway.payments.port import Order, PaymentStatus, Status, SubmitAnswer, SubmitOutcome
from gateway.payments.states import PayoutEvent
from gateway.queue.inline import InlineJobQueue
from gateway.settings import Settings
from gateway.steps.payouts.cash_out import payout_part
from gateway.steps.payouts.disburse import happened
from gateway.steps.runtime import Runtime
from gateway.store.ledger import transfers
from gateway.store.payouts import payouts
from gateway.store.payouts.payouts import Stored

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHILLINGS_10 = 1_000


@dataclass
class Operator:
    """A provider in memory.

    `executed`: each payment it made, by key. `dedups` False: the same key is paid again.
    """

    name: str = "mpesa"
    minimum_minor: int = 1_000
    maximum_minor: int = 25_000_000
    dedups: bool = True
    answers: SubmitOutcome = SubmitOutcome.ACCEPTED
    executed: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    """The state in which our books had the payout when its bytes came."""
    looks_up: object = None

    async def submit(self, http: object, order: Order) -> SubmitAnswer:
        if self.looks_up is not None:
            self.seen.append(await self.looks_up(order.key))
        if not (self.dedups and order.key in self.executed):
            self.executed.append(order.key)
        return SubmitAnswer(self.answers)

    async def ask(self, http: object, order: Order) -> Status:
        if order.key not in self.executed:
            return Status(PaymentStatus.NOT_FOUND)
        return self.paid(order.key, order.amount_minor)

    def paid(self, key: str, amount_minor: int, receipt: str = "") -> Status:
        return Status(
            PaymentStatus.PAID, key, receipt=receipt or f"R{key[:8]}", amount_minor=amount_minor, fee_minor=500
        )  # fmt: skip

    def parse_callback(self, body: bytes, headers: object) -> Status:
        return Status(PaymentStatus.NO_ANSWER)


@dataclass(frozen=True)
class Worker:
    id: WorkerId
    account: AccountId
    msisdn: str


@dataclass
class Till:
    rt: Runtime
    clock: SetClock
    operator: Operator
    _numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    async def hires(self, earned_minor: int) -> Worker:
        """A worker who has earned this."""
        n = next(self._numbers)
        msisdn = f"+2547120{n:05d}"
        row = await self.rt.db.row(
            """with a as (insert into account (kind, owner, currency, bounded)
                 values ('worker_payable', $1, 'KES', true) returning id)
               insert into worker (id, name, language, state, msisdn_sealed, msisdn_index, region, currency, account_id,
                   sms_channel) overriding system value
                 select $2, 'W', 'en', 'active', $3, sha256($1::bytea), 'KE', 'KES', id, 'phone' from a
                 returning id, account_id""",
            str(n),
            n,
            self.rt.vault.seal(msisdn),
        )
        worker = Worker(WorkerId(row["id"]), AccountId(row["account_id"]), msisdn)
        if n == 1:
            client, batch = ClientId("c"), BatchId("b")
            await self.posts(postings.top_up(client, "1", 10**10, "KES"))
            await self.posts(postings.reserve(client, batch, 10**10, "KES"))
        if earned_minor:
            await self.earns(worker, earned_minor)
        return worker

    async def earns(self, worker: Worker, minor: int, nth: int = 0) -> None:
        assignment = int(worker.id) * 1_000 + (nth or next(self._numbers))
        await self.posts(postings.earn(assignment, BatchId("b"), worker.id, minor, "KES"))  # type: ignore[arg-type]

    async def posts(self, posting: Posting) -> None:
        get = self.rt.accounts.get
        debit, credit = await get(posting.debit), await get(posting.credit)
        async with self.rt.db.transaction() as db:
            await transfers.post(db, posting, debit, credit)

    async def asks(self, worker: Worker, minor: int, **change: object) -> Stored:
        """She texts PAY. Raises Conflict where that cannot be."""
        asked = PayAsked(minor, new_ref())
        part = await payout_part(self.rt, worker.id, "KES", asked, worker.msisdn)
        await self.rt.db.write([replace(part, arguments={**part.arguments, **change})])
        return await self.reads(part.arguments["id"])  # type: ignore[arg-type]

    async def reads(self, payout: PayoutId | Stored) -> Stored:
        known = payout.payout.id if isinstance(payout, Stored) else payout
        return await payouts.by_id(self.rt.db, self.rt.vault, known)

    async def happens(self, payout: Stored, *what: Happened) -> Stored:
        """One thing after the other to the payout as it then is."""
        for one in what:
            await happened(self.rt, await self.reads(payout), one)
        return await self.reads(payout)

    async def sends(
        self, payout: Stored, outcome: SubmitOutcome = SubmitOutcome.ACCEPTED
    ) -> Stored:
        """Claimed and handed over; the operator answers so."""
        claimed = await self.happens(payout, PayoutEvent.CLAIM)
        return await self.happens(
            claimed, SubmitAnswered(SubmitAnswer(outcome), claimed.payout.tries)
        )

    def says(self, payout: Stored, found: PaymentStatus, **said: object) -> StatusAnswered:
        if found is PaymentStatus.PAID:
            return StatusAnswered(replace(self.operator.paid(payout.payout.key, payout.payout.amount_minor), **said))  # fmt: skip
        return StatusAnswered(Status(found, payout.payout.key, **said))  # type: ignore[arg-type]

    async def balance(self, worker: Worker) -> int:
        return await self.rt.db.value("select balance from account where id = $1", worker.account)

    async def has_right_books(self) -> None:
        assert (await transfers.audit(self.rt.db)).faults == ()

    def waits(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))


async def refused(attempt: Awaitable[object]) -> bool:
    """Return whether the gateway or its database would not do that."""
    try:
        await attempt
    except (Conflict, Refused, asyncpg.PostgresError):
        return True
    return False


@asynccontextmanager
async def open_till(database_url: str, connections: int = 2) -> AsyncIterator[Till]:
    settings = Settings(
        database_url=SecretStr(database_url),
        secret_key=SecretStr(new_master_secret()),
        quiet_hours="",
    )
    clock, operator = SetClock(NOON), Operator()
    async with open_runtime(settings, InlineJobQueue(), clock=clock, connections=connections) as rt:
        yield Till(replace(rt, providers={"mpesa": operator}), clock, operator)
