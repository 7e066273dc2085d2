"""Simulated phones around the hosts.

Each keeps a book of its own, and some only ask whether the service is there.
"""

import asyncio
import itertools
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Self

import aiohttp

from gateway.simulator.carriers.terms import CarrierHooks, CarrierTerms
from gateway.simulator.operators.daraja import DarajaTerms as OperatorTerms
from gateway.simulator.operators.server import Operators
from gateway.simulator.phones import Phone

SHORTCODE, CODE, SECRET = "20880", "*384*1#", "deployed-example"
PRICE = "15.00"
_READS_FOR_S, _TYPES_FOR_S = 12.0, 0.4
_ANSWERS_TO_CASH = 3
_PROBE_EVERY_S, _PROBE_WAIT_S, _LATE_S = 0.25, 10.0, 5.0


@dataclass
class Worker:
    """A worker's phone, and what its owner would swear to.

    `accepted`: ids of the SMS that the gateway took over with 200. `thanks`: the texts that thanked
    her for an answer. Each names her next question, so an SMS that the carrier received twice (its
    first answer was lost) is one of them.
    """

    phone: Phone
    accepted: list[str] = field(default_factory=list[str])
    thanks: set[str] = field(default_factory=set[str])
    answered: int = 0

    @property
    def saved(self) -> int:
        """Return the number of answers that she was thanked for."""
        return len(self.thanks)


@dataclass(frozen=True)
class Try:
    """One call of a probe. `why` it failed: "" when it went well."""

    began: float
    ended: float
    why: str


@dataclass
class Probe:
    """One kind of service, asked for again and again."""

    tries: list[Try] = field(default_factory=list[Try])
    began: float = 0.0
    """The moment when the call began that is under way."""

    def begin(self) -> float:
        """Begin a call, and return when."""
        self.began = time.monotonic()
        return self.began

    def failed(self, fault_at: float, until: float) -> list[Try]:
        """Return the calls that failed from a fault on.

        One that has waited for long has failed so far.
        """
        found = [t for t in self.tries if t.why and fault_at < t.ended and t.began < until]
        if until - self.began > _LATE_S:
            found.append(Try(self.began, until, "still waiting"))
        return found

    def back_after(self, fault_at: float, until: float) -> float:
        """Return how long after a fault the last call ended that failed; 0 when none did."""
        return max((t.ended - fault_at for t in self.failed(fault_at, until)), default=0.0)

    @property
    def is_well(self) -> bool:
        """Return whether the last try went well."""
        return bool(self.tries) and not self.tries[-1].why


class Town:
    """Workers, a carrier and an operator. Everything they do goes to `front` over HTTP."""

    def __init__(self, address: str, front: str, seed: int, phones: int) -> None:
        self.address, self.front, self.seed = address, front, seed
        self.operators = Operators(
            seed=seed, terms=OperatorTerms(result_delay_s=0.3), host=address, port=9000
        )
        self.carrier = self.operators.carrier
        self.carrier.terms = CarrierTerms(retry_s=0.5, retry_for_s=600.0, receipt_delay_s=0.1)
        self.carrier.hooks = CarrierHooks.under(front, sms=f"at/{SECRET}")
        numbers = [f"+2547110{n:05}" for n in range(phones)]
        self.workers = [Worker(self.carrier.phone(number)) for number in numbers]
        self.probes = {"ussd": Probe(), "api": Probe(), "sms": Probe()}
        self.client_key = ""
        self.deferred = 0
        """How often the client was told to come again because phones were waiting."""
        self._ends = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.operators)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    def config(self, private: str) -> str:
        """Return the settings file of the gateway that has this carrier and operator."""
        url = self.operators.url
        return f"""
sms_channel = "at"
quiet_hours = ""
strangers_per_minute = 0
requests_per_minute = 0
private_addresses = ["{private}"]
[channels.at]
secret = "{SECRET}"
[channels.at.sms]
kind = "africastalking"
options = {{ username = "t", api_key = "simulator", sender = "{SHORTCODE}", base_url = "{url}" }}
[channels.at.ussd]
kind = "africastalking"
options = {{ service_code = "{CODE}" }}
[providers.mpesa]
kind = "mpesa"
options = {{ base_url = "{url}", consumer_key = "t", consumer_secret = "t", initiator = "t", security_credential = "dA==", shortcode = "600997" }}
"""

    async def starts_a_batch(self, tasks: int) -> None:
        """A client posts work through the front."""
        said = {
            "name": "Shops",
            "kind": "verification",
            "instructions": "Is it true?",
            "price": PRICE,
            "policy": "fixed:1",
            "pack": "off",
        }
        headers = {"Authorization": f"Bearer {self.client_key}"}
        async with aiohttp.ClientSession(self.front, headers=headers, raise_for_status=True) as api:
            async with api.post("/api/v1/batches", json=said) as made:
                batch = (await made.json())["id"]
            listed = [{"id": n, "text": f"Is shop {n} open?"} for n in range(tasks)]
            for path, body in (("tasks", listed), ("start", None)):
                async with api.post(f"/api/v1/batches/{batch}/{path}", json=body) as answer:
                    await answer.read()

    async def join(self) -> None:
        """Every worker joins."""
        await asyncio.gather(*(self._joins(worker) for worker in self.workers))

    def go(self) -> None:
        """Begin to work and to probe."""
        self._tasks = [asyncio.create_task(self._works(worker)) for worker in self.workers]
        self._tasks += [
            asyncio.create_task(probe)
            for probe in (self._probes_ussd(), self._probes_api(), self._probes_sms())
        ]

    async def rest(self) -> None:
        """Finish what was begun, and stop."""
        self._ends.set()
        await asyncio.gather(*self._tasks)
        self._tasks.clear()

    async def _joins(self, worker: Worker) -> None:
        for words in ("JOIN KIBERA", "YES"):
            await self._says(worker, words)
            await self._reads(worker)

    async def _works(self, worker: Worker) -> None:
        """Let a worker answer what she is asked, and cash out now and then.

        She asks for work when none comes.
        """
        words = "WORK"
        while not self._ends.is_set():
            await asyncio.sleep(_TYPES_FOR_S)
            await self._says(worker, words)
            read = await self._reads(worker)
            if words == "1":
                worker.answered += 1
            worker.thanks.update(text for text in read if "Saved +" in text)
            if any("Is shop" in text for text in read):
                cash = worker.answered and worker.answered % _ANSWERS_TO_CASH == 0
                words = "PAY" if cash and words != "PAY" else "1"
            else:
                words = "1" if words == "PAY" else "WORK"

    async def _says(self, worker: Worker, words: str) -> None:
        sent = await worker.phone.text(SHORTCODE, words)
        if sent.status == 200:
            worker.accepted.append(sent.ref)

    async def _reads(self, worker: Worker) -> list[str]:
        """Return the texts that have come; wait for the first of them."""
        read = list[str]()
        with suppress(TimeoutError):
            read.append((await worker.phone.next_sms(_READS_FOR_S)).text)
            while True:
                read.append((await worker.phone.next_sms(0.05)).text)
        return read

    async def _probes_ussd(self) -> None:
        """A phone dials: the menu is the service, an apology is not."""
        for number in itertools.count():
            phone = self.carrier.phone(f"+25471900{number % 100:04}")
            began = self.probes["ussd"].begin()
            screen = (await phone.dial(CODE)).screen
            why = "" if "Earn money" in screen.text else screen.text or screen.fault or "no screen"
            if await self._noted("ussd", began, why):
                return

    async def _probes_api(self) -> None:
        """A client asks for its account."""
        headers = {"Authorization": f"Bearer {self.client_key}"}
        timeout = aiohttp.ClientTimeout(total=_PROBE_WAIT_S)
        async with aiohttp.ClientSession(self.front, headers=headers, timeout=timeout) as api:
            while True:
                began = self.probes["api"].begin()
                try:
                    async with api.get("/api/v1/account") as answer:
                        why = (
                            "" if answer.status == 200 else f"{answer.status} {await answer.text()}"
                        )
                except (aiohttp.ClientError, OSError, TimeoutError) as bad:
                    why = repr(bad)
                if "more phones call" in why:
                    # No outage: clients wait while phones do, and this machine is small.
                    self.deferred, why = self.deferred + 1, ""
                if await self._noted("api", began, why):
                    return

    async def _probes_sms(self) -> None:
        """Let a phone text HELP and wait for the reply.

        The reply goes through the database, Redis, a runner and the carrier.
        """
        for number in itertools.count():
            phone = self.carrier.phone(f"+2547190{number:05}")
            began = self.probes["sms"].begin()
            sent = asyncio.create_task(phone.text(SHORTCODE, "HELP"))
            with suppress(TimeoutError):
                await phone.next_sms(300.0)
            await sent
            # A reply that comes late came: the service was away until then.
            took = time.monotonic() - began
            why = "" if took < _LATE_S else f"the reply took {took:.1f} s"
            if await self._noted("sms", began, why):
                return

    async def _noted(self, name: str, began: float, why: str) -> bool:
        """Note a try, wait for the next, and return whether there is none."""
        self.probes[name].tries.append(Try(began, time.monotonic(), why))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ends.wait(), _PROBE_EVERY_S)
        return self._ends.is_set()
