"""One episode: some thousands of workers of two countries ask for their money in a bad day.

They ask again and again. Everything the gateway knows is in PostgreSQL: each round reads what is
due from there, so a crash needs no pretending: what was not committed is forgotten, whatever the
operator has done meanwhile.
"""

# The strict rules are the product's (pyproject: include); fixtures have no types.
# pyright: basic

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache

from pydantic import SecretStr

from gateway.app import open_runtime
from gateway.base import plugins
from gateway.base.clock import SetClock
from gateway.base.deductions import Deductions, FeeTable, Tax, Withdrawal
from gateway.base.errors import Conflict
from gateway.base.ids import AccountId, BatchId, ClientId, WorkerId, new_ref
from gateway.base.vault import new_master_secret
from gateway.conversation.facts import PayAsked
from gateway.payments import providers as shelf
from gateway.payments.ledger import postings
from gateway.payments.payout import Happened, Hinted, StatusAnswered, SubmitAnswered
from gateway.payments.payouts import LEASE
from gateway.payments.port import PaymentStatus
from gateway.payments.reconciliation.reconcile import Difference, DifferenceKind
from gateway.payments.states import PayoutEvent, PayoutState
from gateway.queue.inline import InlineJobQueue
from gateway.settings import Country, ProviderSettings, Settings
from gateway.simulator.operators.statement import statement as statement_text
from gateway.steps.payouts.cash_out import payout_part
from gateway.steps.payouts.disburse import happened_to_all, order_of
from gateway.steps.payouts.reconcile import import_statement
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.db import Write, statement
from gateway.store.ledger import transfers
from gateway.store.payouts import payouts
from gateway.store.payouts.payouts import Stored

from . import daraja, mtn
from .judge import Verdict, judge
from .wires import Rates, Wires, World

PER_WORKER = 4
TICK_S = 20.0
ASKING_S = 900.0
DAYS_MAX = 3
AT_ONCE = 2_000
AMOUNTS = (1_000, 5_000, 10_000, 10_100, 30_000, 150_100, 320_000)
FLOAT_PER_PAYOUT = 60_000
MINUTE = 60.0


class Tokens(dict):
    """The operators' tokens in memory.

    A call costs one look into a dictionary instead of a question to PostgreSQL.
    """

    async def get(self, name: str) -> str | None:
        return dict.get(self, name)

    async def put(self, name: str, token: str, lives_s: int) -> None:
        self[name] = token

    async def drop(self, name: str, token: str) -> None:
        if dict.get(self, name) == token:
            del self[name]


KENYA = Deductions(
    "KE", 100, (Tax("WHT", 50_000), Tax("DST", 12_500)), FeeTable((100_000,), (300,))
)
"""Two taxes and a fee go with money to Kenya: they must end where it ends."""
TAXED_FROM_MINOR = 3_000  # what is left of less may be under the operator's least


@cache
def _withdrawal(minor: int, currency: str) -> Withdrawal:
    if currency == "KES" and minor >= TAXED_FROM_MINOR:
        return KENYA.withdrawal(minor)
    return Withdrawal(minor)


@dataclass
class Person:
    id: WorkerId
    msisdn: str
    currency: str
    wants: list[int]


@dataclass
class Episode:
    """`payouts`: how many requests; all else follows from the seed."""

    payouts: int
    seed: int
    factor: float = 3.0
    world: World = field(init=False)
    clock: SetClock = field(init=False)
    rt: Runtime = field(init=False)
    operators: dict = field(init=False)
    people: list[Person] = field(init=False)
    asked: int = 0
    analyzed: int = 0
    conflicts: int = 0
    busy: int = 0
    by_statement: int = 0
    for_people: set[str] = field(default_factory=set)
    strange: list[Difference] = field(default_factory=list)
    hours: float = 0.0

    async def run(
        self, database_url: str, before_judging: Callable[["Episode"], None] | None = None
    ) -> Verdict:
        """Play it to the end, and judge.

        All dice are seeded; keys and paths are random, as the product makes them.
        """
        started = time.monotonic()
        dice = random.Random(self.seed)
        begin = float(int(time.time()))
        self.world = World(dice, Rates().times(self.factor), begin)
        self.clock = SetClock(datetime.fromtimestamp(begin, UTC))
        mpesa = daraja.ProofDaraja(
            self.world, seed=self.seed, float_minor=self.payouts * FLOAT_PER_PAYOUT // 6
        )
        momo = mtn.ProofMtn(self.world, float_minor=self.payouts * FLOAT_PER_PAYOUT // 20)
        self.operators = {daraja.HOST: mpesa, mtn.HOST: momo}
        for minutes in range(
            25, 60 * 24 * DAYS_MAX, 45
        ):  # floats run dry, and operators top them up, later
            self.world.later(minutes * MINUTE, self._tops_up)
        settings = Settings(
            database_url=SecretStr(database_url),
            secret_key=SecretStr(new_master_secret()),
            providers={
                "mpesa": ProviderSettings(kind="mpesa", options=daraja.options()),
                "momo": ProviderSettings(kind="mtn_momo", options=mtn.options()),
            },
            countries={
                "KE": Country(currency="KES", payout="mpesa"),
                "ZM": Country(currency="ZMW", payout="momo"),
            },
        )
        async with open_runtime(settings, InlineJobQueue(), clock=self.clock, connections=4) as rt:
            await rt.http.close()
            providers = {
                name: plugins.load(shelf, one.kind).make(name, one.options, Tokens())
                for name, one in settings.providers.items()
            }
            self.rt = replace(rt, http=Wires(self.world, self.operators), providers=providers)
            await self._people()
            await self._plays()
            await self._statement()
            if before_judging is not None:
                before_judging(self)
            return await judge(self, time.monotonic() - started)

    def _tops_up(self) -> None:
        mpesa, momo = self.operators[daraja.HOST], self.operators[mtn.HOST]
        mpesa.books.move_float(self.payouts * FLOAT_PER_PAYOUT // 3, "top-up")
        momo.float_minor += self.payouts * FLOAT_PER_PAYOUT // 3

    # --- the workers and operators ---

    async def _people(self) -> None:
        rt, dice = self.rt, self.world.dice
        count = max(self.payouts // PER_WORKER, 1)
        made = []
        for n in range(count):
            kes = n % 2 == 0
            magic = "92040" if dice.random() < 0.03 else f"{10_000 + n % 80_000:05d}"
            msisdn = (
                f"+2547{n // 80_000 % 1000:03d}{magic}"
                if kes
                else f"+26097{n // 80_000 % 100:02d}{magic}"
            )
            made.append((msisdn, "KES" if kes else "ZMW"))
        rows = await rt.db.rows(
            """with a as (insert into account (kind, owner, currency, bounded)
                 select 'worker_payable', n::text, c, true from unnest($1::text[]) with ordinality x(c, n)
                 returning id, owner, currency)
               insert into worker (id, name, language, state, msisdn_sealed, msisdn_index, region, currency, account_id,
                   sms_channel) overriding system value
                 select owner::bigint, 'W' || owner, 'en', 'active', ($2::bytea[])[owner::bigint],
                   sha256(owner::bytea), 'KE', currency, id, 'phone' from a returning id, account_id""",
            [currency for _, currency in made],
            [rt.vault.seal(msisdn) for msisdn, _ in made],
        )  # fmt: skip
        account = {row["id"]: AccountId(row["account_id"]) for row in rows}
        shares = [self.payouts // count + (n < self.payouts % count) for n in range(count)]
        self.people = [
            Person(
                WorkerId(n + 1), msisdn, currency, [dice.choice(AMOUNTS) for _ in range(shares[n])]
            )
            for n, (msisdn, currency) in enumerate(made)
        ]
        for currency in ("KES", "ZMW"):
            client, batch = ClientId(f"c_{currency}"), BatchId(f"b_{currency}")
            paid_in = postings.top_up(client, "1", 10**13, currency)
            reserved = postings.reserve(client, batch, 10**13, currency)
            get = rt.accounts.get
            booked = [(p, await get(p.debit), await get(p.credit)) for p in (paid_in, reserved)]
            for one in self.people:
                if one.currency == currency:
                    earned = postings.earn(int(one.id), batch, one.id, sum(one.wants), currency)  # type: ignore[arg-type]
                    booked.append((earned, await get(earned.debit), account[one.id]))
            async with rt.db.transaction() as db:
                await transfers.post_all(db, booked[:1])
                await transfers.post_all(db, booked[1:])
        for one in self.people:
            self.world.later(dice.uniform(0, ASKING_S), lambda one=one: self.asking.append(one))

    asking: list[Person] = field(default_factory=list)

    # --- the rounds ---

    async def _plays(self) -> None:
        begin, rt = self.world.now, self.rt
        while self.world.now < begin + DAYS_MAX * 86_400:
            await self._requests()
            if self.asked >= self.analyzed * 2:
                # What autovacuum does within a minute; here a minute is an hour, and a plan made
                # for an empty table stays.
                await rt.db.execute("analyze")
                self.analyzed = max(self.asked, 64)
            await self._due()
            await self._callbacks()
            due = await rt.db.value(
                "select extract(epoch from min(due_at))::float8 from payout_due"
            )
            coming = self.world.to_come[0].at if self.world.to_come else None
            if (
                due is None
                and not self.asking
                and await payouts.open_count(rt.db) == 0
                and not self._wanted()
            ):
                self.hours = (self.world.now - begin) / 3_600
                return
            until = min([t for t in (due, coming) if t is not None], default=self.world.now)
            # Where little happens the steps are longer: many payouts share each commit.
            self.world.moves_to(max(until, self.world.now + self._step_s()))
            self.clock.advance(datetime.fromtimestamp(self.world.now, UTC) - self.clock.now())
        open_now = await rt.db.rows(
            "select state, provider, reason, count(*), max(tries), max(misses) from payout where settled_at is null group by 1, 2, 3"
        )
        raise AssertionError(
            f"after {DAYS_MAX} days: {[tuple(r) for r in open_now]} {sum(len(p.wants) for p in self.people)} wanted"
        )

    def _step_s(self) -> float:
        return TICK_S * (1 if self.busy > 50 else 4)

    async def _statement(self) -> None:
        """Import the operator's statement of the day after.

        It settles what a liar's lost callback left wrong, and finds no more.
        """
        books = self.operators[daraja.HOST].books
        found = await import_statement(self.rt, "mpesa", statement_text(books, moves=True))
        self.by_statement = sum(f.kind is DifferenceKind.PAID_FAILED_HERE for f in found.findings)
        paid = self.operators[daraja.HOST].paid()
        lied = {paid[key][2] for key in self.operators[daraja.HOST].lies if key in paid}
        # Several payouts alike in number, amount and time: nothing is guessed, operators are paged,
        # the provider stops.
        self.for_people = {
            f.receipt
            for f in found.findings
            if f.kind is DifferenceKind.MISSING_HERE and f.receipt in lied
        }
        self.strange = [
            f
            for f in found.findings
            if f.kind is not DifferenceKind.PAID_FAILED_HERE and f.receipt not in self.for_people
        ]

    def _wanted(self) -> bool:
        return any(one.wants for one in self.people)

    async def _requests(self) -> None:
        """Let workers text PAY: some while one is open, some struck by a crash before the commit.

        They ask again later.
        """
        asking, self.asking = self.asking, []
        free = await self.rt.db.rows(
            """select w.id, a.balance from worker w join account a on a.id = w.account_id where w.id = any($1)
                 and not exists (select from payout p where p.worker_id = w.id and p.settled_at is null)""",
            [one.id for one in asking],
        )
        balance = {row["id"]: row["balance"] for row in free}
        surely: list[Person] = []
        racing: list[Person] = []
        for one in asking:
            can = balance.get(one.id, -1) >= one.wants[-1]
            # One in fifty asks although she cannot, as in a race: the database refuses that.
            if (not can and self.world.dice.random() > 0.02) or self.world.strikes("crash"):
                continue
            (surely if can else racing).append(one)
        if surely:
            await until_settled(lambda: self._ask_all(surely))
        done = surely
        for one in racing:
            try:
                await self.rt.db.write([await self._request(one)])
            except Conflict:
                self.conflicts += 1
            else:
                done.append(one)
        for one in done:
            one.wants.pop()
            self.asked += 1
        for one in asking:
            if one.wants:
                self.world.later(
                    self.world.dice.uniform(60, 900), lambda one=one: self.asking.append(one)
                )

    async def _ask_all(self, people: list[Person]) -> None:
        """Many turns in one commit.

        A reference drawn here may be taken: as in a turn, all is decided again then.
        """
        parts = [await self._request(one) for one in people]
        text, _ = statement(parts[:1])
        async with self.rt.db.transaction() as db:
            await db.execute_many(text, [tuple(part.arguments.values()) for part in parts])

    async def _request(self, one: Person) -> Write:
        taken = _withdrawal(one.wants[-1], one.currency)
        asked = PayAsked(taken.amount_minor, new_ref(), withdrawal=taken)
        return await payout_part(self.rt, one.id, one.currency, asked, one.msisdn)

    async def _due(self) -> None:
        """Do the work of `steps/payouts/disburse.disburse`.

        One commit holds many decisions of different payouts.
        """
        rt, self.busy = self.rt, 0
        while True:
            now = self.clock.now()
            async with rt.db.transaction() as db:
                due = await payouts.claim_due(db, rt.vault, now, AT_ONCE, now + LEASE)
            self.busy += len(due)
            moves: list[tuple[Stored, Happened]] = []
            sends: list[Stored] = []
            for stored in due:
                if self.world.strikes("crash"):
                    continue  # between the claim of the row and anything else
                match stored.payout.state:
                    case PayoutState.QUEUED:
                        moves.append((stored, PayoutEvent.CLAIM))
                    case PayoutState.SUBMITTING:
                        moves.append((stored, PayoutEvent.LEASE_EXPIRED))
                    case _:
                        sends.append(stored)
            sends += await happened_to_all(rt, moves)
            heard: list[tuple[Stored, Happened]] = []
            for stored in sends:
                if self.world.strikes("crash"):
                    continue  # after the commit, before the first byte
                provider, order = rt.providers[stored.payout.provider], order_of(rt, stored)
                if stored.payout.state is PayoutState.SUBMITTING:
                    what: Happened = SubmitAnswered(
                        await provider.submit(rt.http, order), stored.payout.tries
                    )
                else:
                    what = StatusAnswered(await provider.ask(rt.http, order))
                if self.world.strikes("crash"):
                    continue  # the operator has it, the gateway does not know
                heard.append((stored, what))
            if self.world.dice.random() < 0.1:
                await self._callbacks()  # some come before the answer they belong to is written
            await happened_to_all(rt, heard)
            await self._heed(heard)
            if len(due) < AT_ONCE:
                return

    async def _heed(self, heard: list[tuple[Stored, Happened]]) -> None:
        """Do something with the answers as such; a subclass plays it."""

    async def _callbacks(self) -> None:
        """Do the work of `steps/payouts/callback` after keeping the body.

        A payout makes one move at a time.
        """
        rt = self.rt
        came, self.world.callbacks = self.world.callbacks, []
        while came:
            stored = await payouts.by_tokens(rt.db, rt.vault, [token for token, _ in came])
            moves: list[tuple[Stored, Happened]] = []
            again: list[tuple[str, bytes]] = []
            seen: set[object] = set()
            for token, body in came:
                one = stored.get(token)
                if one is None or self.world.strikes("crash"):
                    continue
                if one.payout.id in seen:
                    again.append((token, body))
                    continue
                seen.add(one.payout.id)
                status = rt.providers[one.payout.provider].parse_callback(body, {})
                moves.append(
                    (
                        one,
                        StatusAnswered(status)
                        if token == one.status_token.get_secret_value()
                        else Hinted(status),
                    )
                )
            await happened_to_all(rt, moves)
            await self._heed(moves)
            came = again


__all__ = ["Episode", "PaymentStatus"]
