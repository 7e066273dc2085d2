"""A town around one gateway: workers with phones, a coordinator, clients with keys, an operator.

Everything goes in by HTTP, in the wire format of the built-in phone and of the client API. Runners'
work is done when a test says so (`answers_bells`, `ticks`), so that stories need no waiting and no
luck.
"""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx2

from gateway.app import STEPS
from gateway.base.ids import ClientId
from gateway.conversation.ease import EASE_MAX
from gateway.queue.inline import InlineJobQueue
from gateway.simulator.operators.judge import report
from gateway.simulator.operators.server import Operators
from gateway.steps.people import register
from gateway.steps.runtime import Runtime
from gateway.store.due import due_jobs
from gateway.store.ledger import transfers
from gateway.store.messages.outbox import to_number

COORDINATOR, PARTNER = "+254722000001", "KIBERA"
ROUNDS_MAX = 50  # of jobs that enqueue jobs, before the town calls it a loop
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class MovableClock:
    """The real time, moved forward by what a test says."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, **by: float) -> None:
        self._ahead += timedelta(**by)

    def reset(self) -> None:
        self._ahead = timedelta()


async def eventually(what: Callable[[], Awaitable[Any]], within_s: float = 300.0) -> Any:
    """The first true result of `what`; an AssertionError when there is none in time."""
    deadline = time.monotonic() + within_s
    while not (found := await what()):
        assert time.monotonic() < deadline, f"not within {within_s:.0f} s"
        await asyncio.sleep(0.01)
    return found


@dataclass
class Town:
    """A gateway and the workers, coordinators, clients and operators around it.

    `clock` can be moved; `jobs` wait until they are answered.
    """

    rt: Runtime
    jobs: InlineJobQueue
    clock: MovableClock
    http: httpx2.AsyncClient
    operators: Operators
    people: dict[str, "Person"] = field(default_factory=dict)
    client: "Client" = field(init=False)
    _paid_before: dict[str, Any] = field(default_factory=dict)
    _events: Iterable[int] = field(default_factory=lambda: itertools.count(1))

    async def opens(self) -> None:
        """A partner, her coordinator Wanjiku, and a client with money."""
        await self.opens_centre(PARTNER, "Kibera Youth")
        await register.add_coordinator(self.rt, COORDINATOR, "Wanjiku", "en", PARTNER)
        self.people["wanjiku"] = Person(self, "wanjiku", COORDINATOR)
        self.client = await self.new_client("Acme", 10_000_00)
        self._paid_before = report(self.operators.books)

    async def opens_centre(self, code: str, name: str) -> None:
        """A partner that was admitted long ago.

        `tests/stories/people/test_a_partner.py` shows how a partner is admitted.
        """
        await register.add_partner(self.rt, code, name)
        await self.rt.db.execute(
            "update partner set state = 'active', admitted_at = now() where code = $1", code
        )

    # --- persons ---

    def meets(self, name: str, msisdn: str | None = None) -> "Person":
        """Return a person with a phone that the gateway does not know."""
        person = Person(self, name, msisdn or f"+25471200{len(self.people):04d}")
        self.people[name] = person
        return person

    async def enrols(self, name: str, language: str = "en", *, new: bool = False) -> "Person":
        """Wanjiku invites a worker by SMS, who agrees.

        Unless she is `new`, the worker is used to questions by SMS: one message may hold several.
        """
        person = self.meets(name)
        await self["wanjiku"].texts(f"ADD {person.msisdn} {name.title()} {language}")
        await person.texts("YES")
        if not new:
            await person.is_used_to_sms()
        return person

    async def earned(self, *names: str) -> list["Person"]:
        """Return workers who have earned KES 30 each, with two answers."""
        found = [await self.enrols(name) for name in names]
        texts, policy = ("Is it open?", "Is it clean?"), f"fixed:{len(names)}"
        await self.posts_batch(*texts, price="15.00", policy=policy)
        for person in found:
            for words in ("WORK", "1", "1"):
                await person.texts(words)
        await self.answers_bells()
        return found

    def __getitem__(self, name: str) -> "Person":
        return self.people[name]

    async def new_client(self, name: str, money_minor: int = 0, currency: str = "KES") -> "Client":
        client, key = await register.add_client(self.rt, name, currency)
        if money_minor:
            await register.top_up(self.rt, client, f"bank-{name}", money_minor)
        return Client(self, client, key)

    async def posts_batch(self, *texts: str, **given: Any) -> "Batch":
        """The client posts tasks `t1`, `t2`, ... and starts the batch."""
        return await self.client.posts_batch(*texts, **given)

    # --- the gateway's own work ---

    async def answers_bells(self) -> list[tuple[str, ...]]:
        """Do the enqueued work, and what that enqueues in turn; return the jobs, in order."""
        answered: list[tuple[str, ...]] = []
        for _ in range(ROUNDS_MAX):
            rung = self.jobs.take()
            if not rung:
                return answered
            for step, *arguments in rung:
                await STEPS[step](self.rt, *arguments)
            answered += rung
        raise AssertionError(f"bells ring without an end: {answered[-5:]}")

    async def ticks(self, **later: float) -> None:
        """Let the ticker enqueue everything that is due, and runners do it.

        `later`: how far the clock moves first, for example minutes=5.
        """
        self.clock.advance(**later)
        for bell in await due_jobs(self.rt.db, self.clock.now()):
            self.jobs.enqueue(*bell)
        await self.answers_bells()

    async def pays_out(self) -> None:
        """Runners and the operator talk until no payout is under way."""

        async def settled() -> bool:
            await self.ticks(seconds=30)
            await self.operators.daraja.post.settle()
            return not await self.value("select count(*) from payout where settled_at is null")

        await eventually(settled)
        await self.ticks()

    def night(self, zone: str = "Africa/Nairobi") -> str:
        """Quiet hours that it is in now: the hour there, and the next one."""
        hour = self.clock.now().astimezone(ZoneInfo(zone)).hour
        return f"{hour}-{(hour + 2) % 24}"

    # --- looking at the books ---

    async def value(self, query: str, *arguments: object) -> Any:
        return await self.rt.db.value(query, *arguments)

    async def count(self, table: str, where: str = "true", *arguments: object) -> int:
        return await self.value(f"select count(*) from {table} where {where}", *arguments)  # noqa: S608

    async def has_right_books(self) -> None:
        """Check the books of the whole gateway.

        Every balance follows from its transfers, all sums to zero, no answer came twice or without
        its earning.
        """
        found = await transfers.audit(self.rt.db)
        assert found.faults == ()
        assert found.sum_minor == 0
        assert not await self.count("task", "answered + held > maximum")
        apart = await self.value(
            """select count(*) from task t where t.answered <> (select count(*) from answer where task_id = t.id)
                 or t.held <> (select count(*) from assignment where task_id = t.id and state = 'held')"""
        )
        assert apart == 0, "a task's counters do not tell what is there"

    def operator_books(self) -> dict[str, Any]:
        """Return what the operator says it paid since this town opened.

        An operator never forgets.
        """
        books = report(self.operators.books)
        return {
            name: books[name] - self._paid_before[name]
            for name in ("paid_minor", "payouts", "duplicates")
        }

    # --- what phones send ---

    def new_id(self, what: str) -> str:
        return f"{what}-{next(self._events)}-{time.monotonic_ns()}"

    async def post(self, path: str, form: dict[str, str]) -> httpx2.Response:
        """A webhook, as a provider posts it."""
        return await self.http.post(path, content=urlencode(form), headers=FORM)


@dataclass(frozen=True, slots=True)
class Screen:
    """The screen of a phone; `open` while it waits for a key."""

    text: str
    open: bool

    def __contains__(self, words: str) -> bool:
        return words in self.text


@dataclass
class Person:
    """A person with a phone. `texts` gives the one reply; `dials` and `presses` give the screen."""

    town: Town
    name: str
    msisdn: str
    session: str = ""
    keys: list[str] = field(default_factory=list)

    # --- SMS ---

    async def texts(self, words: str, event: str | None = None) -> str | None:
        """Send an SMS; the reply, None where there is none.

        More than one reply is a fault. `event` repeats one.
        """
        before = await self.town.value("select coalesce(max(id), 0) from outbox")
        answer = await self.sends(words, event)
        assert answer.status_code == 200, answer.text
        replies = [
            row["text"]
            for row in await self.town.rt.db.rows(
                "select text from outbox where to_index = $1 and id > $2", self.index, before
            )
        ]
        assert len(replies) <= 1, "an SMS gets one reply"
        return replies[0] if replies else None

    async def sends(self, words: str, event: str | None = None) -> httpx2.Response:
        """The bare webhook of an SMS."""
        form = {
            "id": event or self.town.new_id("sms"),
            "from": self.msisdn,
            "to": "20880",
            "text": words,
        }
        return await self.town.post("/in/phone/local/sms", form)

    async def joins(self, words: str = f"JOIN {PARTNER}") -> str | None:
        """Ask to join, and agree to the consent text; the reply to the YES.

        One message may hold several questions.
        """
        await self.texts(words)
        reply = await self.texts("YES")
        await self.is_used_to_sms()
        return reply

    async def is_used_to_sms(self) -> None:
        """The worker has answered many questions by SMS before."""
        await self.town.rt.db.execute(
            "update worker set ease = $2 where msisdn_index = $1", self.index, EASE_MAX
        )

    async def messages(self) -> list[str]:
        """Return what has arrived on this phone, oldest first."""
        return [row["text"] for row in await to_number(self.town.rt.db, self.index)]

    # --- USSD ---

    async def dials(self, *ahead: str) -> Screen:
        """A new session; `ahead`: keys typed behind the code, *384*20*1*2#."""
        self.session, self.keys = self.town.new_id("session"), list(ahead)
        return await self.steps("*".join(self.keys))

    async def presses(self, *keys: str) -> Screen:
        """One key after the other; the last screen."""
        screen = Screen("", open=True)
        for key in keys:
            assert screen.open, f"the session was over before {key}: {screen.text}"
            self.keys.append(key)
            screen = await self.steps("*".join(self.keys))
        return screen

    async def steps(self, transcript: str, session: str | None = None) -> Screen:
        """One bare USSD step with any transcript."""
        form = {"session": session or self.session, "from": self.msisdn, "text": transcript}
        answer = await self.town.post("/in/phone/local/ussd", form)
        assert answer.status_code == 200, answer.text
        state, _, text = answer.text.partition(" ")
        assert state in ("CON", "END"), answer.text
        assert len(text) <= 182, "a screen holds 182 characters"
        return Screen(text, open=state == "CON")

    # --- her books ---

    @property
    def index(self) -> bytes:
        return self.town.rt.vault.index(self.msisdn)

    async def row(self) -> dict[str, Any]:
        found = await self.town.rt.db.row(
            "select * from worker where msisdn_index = $1", self.index
        )
        assert found is not None, f"nobody knows {self.name}"
        return dict(found)

    async def id(self) -> int:
        return (await self.row())["id"]

    async def pseudonym(self, client: "Client | None" = None) -> str:
        """Return the id under which a client, or else the town's client, knows her."""
        known_to = (client or self.town.client).id
        return self.town.rt.vault.pseudonyms(known_to).of(await self.id())

    async def balance_minor(self) -> int:
        return await self.town.value(
            "select a.balance from worker w join account a on a.id = w.account_id where w.msisdn_index = $1",
            self.index,
        )

    async def earned_minor(self) -> int:
        return await self.town.value(
            """select coalesce(sum(x.price), 0)::bigint from answer x join worker w on w.id = x.worker_id
               where w.msisdn_index = $1""",
            self.index,
        )

    async def answers(self) -> list[tuple[str, str]]:
        """Task and value of everything she answered, in order."""
        rows = await self.town.rt.db.rows(
            """select t.name, a.value from answer a join task t on t.id = a.task_id join worker w on w.id = a.worker_id
               where w.msisdn_index = $1 order by a.id""",
            self.index,
        )
        return [(row["name"], row["value"]) for row in rows]

    async def values(self) -> list[str]:
        """Return what she answered, in order; each worker has an order of questions of her own."""
        return [value for _, value in await self.answers()]


@dataclass
class Client:
    """A client with an API key."""

    town: Town
    id: ClientId
    key: str

    async def asks(self, method: str, path: str, **given: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.key}", **given.pop("headers", {})}
        return await self.town.http.request(method, f"/api/v1{path}", headers=headers, **given)

    async def available_minor(self) -> int:
        return (await self.asks("GET", "/account")).json()["available_minor"]

    async def drafts(self, **given: Any) -> "Batch":
        """A batch without tasks. What is not said is said here."""
        said = {
            "name": "Shops",
            "kind": "verification",
            "instructions": "Is it true?",
            "price": "3.00",
            "policy": "fixed:1",
            "pack": "off",
            **given,
        }
        made = await self.asks("POST", "/batches", json=said)
        assert made.status_code == 201, made.text
        return Batch(self, made.json()["id"])

    async def posts_batch(
        self, *texts: str, tasks: Sequence[dict[str, Any]] = (), **given: Any
    ) -> "Batch":
        """A running batch of tasks t1, t2, ...

        with these texts, or of `tasks` as they are given.
        """
        batch = await self.drafts(**given)
        listed = [{"id": f"t{n}", "text": text} for n, text in enumerate(texts, 1)] + list(tasks)
        added = await self.asks("POST", f"/batches/{batch.id}/tasks", json=listed)
        assert added.status_code == 201, added.text
        await batch.changes("start")
        return batch


@dataclass
class Batch:
    """A client's batch, seen through the API."""

    client: Client
    id: str

    async def changes(self, change: str) -> dict[str, Any]:
        answer = await self.client.asks("POST", f"/batches/{self.id}/{change}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def shows(self) -> dict[str, Any]:
        return (await self.client.asks("GET", f"/batches/{self.id}")).json()

    async def results(self) -> dict[str, dict[str, Any]]:
        rows = (await self.client.asks("GET", f"/batches/{self.id}/results")).json()
        return {row["task"]: row for row in rows}
