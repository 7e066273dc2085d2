"""The evenness of earnings in a simulated week, through the real allocation of work.

Equally willing and able workers take part: each answers every question that she is asked, in a
random order, and a share of them dials for work instead of receiving SMS. Batches of random sizes
come several times a day. The result is the Gini coefficient of their earnings at the end of the
week, and the largest number of open tasks that were left while a willing worker was idle.
"""

import argparse
import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bench._here import gateway
from gateway.app import STEPS, open_runtime
from gateway.base.ids import ClientId
from gateway.queue.inline import InlineJobQueue
from gateway.settings import Settings
from gateway.sms.port import InboundSms
from gateway.steps.batches.submit.create import BatchSpec, create_batch
from gateway.steps.batches.submit.fill import add_tasks
from gateway.steps.batches.submit.start import start_batch
from gateway.steps.people import register
from gateway.steps.runtime import Channel, Runtime
from gateway.steps.turns.dial import dial
from gateway.steps.turns.hear import process_sms
from gateway.store.due import due_jobs
from gateway.tasks.intake import TaskSpec
from gateway.ussd.port import UssdStep
from gateway.workers.pay.evenness import gini

BAR = 0.1
_PRICE_MINOR = 300
_ROUNDS_MAX = 400
_WAITS_MAX, _A_WHILE = 5, timedelta(minutes=6)


class WeekClock:
    """A clock that the simulation moves forward."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the simulated time."""
        return datetime.now(UTC) + self._ahead

    def advance(self, by: timedelta) -> None:
        """Move the time forward."""
        self._ahead += by


@dataclass
class Week:
    """A simulated week of one gateway."""

    rt: Runtime
    jobs: InlineJobQueue
    clock: WeekClock
    rng: random.Random
    by_sms: Sequence[str] = ()
    by_ussd: Sequence[str] = ()
    client: ClientId = field(default_factory=lambda: ClientId(""))
    transcripts: dict[str, str] = field(default_factory=dict[str, str])
    events: int = 0
    left_open: int = 0

    @property
    def channel(self) -> Channel:
        """Return the channel of all phones."""
        return self.rt.channels["phone"]

    async def opens(self, workers: int, dialling: float) -> None:
        """Enrol the workers and a client with money."""
        self.client, _ = await register.add_client(self.rt, "Acme", "KES")
        await register.top_up(self.rt, self.client, "bank-1", 1_000_000_00)
        numbers = [f"+2547120{n:05d}" for n in range(workers)]
        cut = round(workers * (1 - dialling))
        self.by_sms, self.by_ussd = numbers[:cut], numbers[cut:]
        for number in numbers:
            await self._texts(number, "JOIN")
            await self._texts(number, "YES")
        await self.rt.db.execute(
            "update worker set ease = 9, reach = case when msisdn_index = any($1) then 'ussd' else 'sms' end",
            [self.rt.vault.index(number) for number in self.by_ussd],
        )
        await self._works()

    async def _texts(self, number: str, text: str) -> None:
        self.events += 1
        sms = InboundSms(f"sms-{self.events}", number, "20880", text, None)
        await process_sms(self.rt, self.channel, sms, b"{}")

    async def _keys(self, number: str, transcript: str) -> None:
        self.transcripts[number] = transcript
        session = f"{number}-{self.events}" if not transcript else self._session(number)
        self._sessions[number] = session
        await dial(self.rt, self.channel, UssdStep(session, number, "*384*20#", transcript), b"{}")

    def _session(self, number: str) -> str:
        return self._sessions[number]

    _sessions: dict[str, str] = field(default_factory=dict[str, str])

    async def _works(self) -> None:
        """Do the work that is due, and what it enqueues."""
        for bell in await due_jobs(self.rt.db, self.clock.now()):
            self.jobs.enqueue(*bell)
        for _ in range(20):
            rung = self.jobs.take()
            for step, *arguments in rung:
                await STEPS[step](self.rt, *arguments)
            if not rung:
                return

    async def batch(self, tasks: int) -> None:
        """Post a batch, and let all workers answer until nothing is left to answer."""
        spec = BatchSpec(
            name="Shops", kind="verification", instructions="Is it true?", options=[], languages=[],
            price_minor=_PRICE_MINOR, policy="fixed:1", confidence=0.0, method="auto", gold_rate=0.0,
            lease_s=None, pack_max=1,
        )  # fmt: skip
        made = await create_batch(self.rt, self.client, spec)
        self.events += 1
        specs = [TaskSpec(f"t{n}", f"Is shop {n} open?", None, None) for n in range(tasks)]
        await add_tasks(self.rt, self.client, made.id, specs)
        await start_batch(self.rt, self.client, made.id)
        await self._works()
        await self._dial()
        await self._answers()
        for _ in range(_WAITS_MAX):
            if not await self._open():
                break
            await self.waits(_A_WHILE)
            await self._dial()
            await self._answers()
        self.left_open = max(self.left_open, await self._open())

    async def waits(self, time: timedelta) -> None:
        """Let time pass. The database's own clock stands still, so what has ended is ended here."""
        self.clock.advance(time)
        await self.rt.db.execute(
            "update worker set yields_until = null where yields_until <= $1", self.clock.now()
        )
        await self._works()

    async def _dial(self) -> None:
        """Let each worker who dials ask for work."""
        for number in self.rng.sample(self.by_ussd, len(self.by_ussd)):
            self.events += 1
            await self._keys(number, "")
            await self._keys(number, "1")

    async def _answers(self) -> None:
        for _ in range(_ROUNDS_MAX):
            held = await self._holding()
            if not held:
                return
            self.rng.shuffle(held)
            for number in held:
                if number in self.transcripts:
                    await self._keys(number, f"{self.transcripts[number]}*1")
                else:
                    await self._texts(number, "1")
            await self._works()
        raise AssertionError("the answers have no end")

    async def _holding(self) -> list[str]:
        rows = await self.rt.db.rows(
            """select w.msisdn_sealed from assignment a join worker w on w.id = a.worker_id
               where a.state = 'held' order by w.id"""
        )
        return [self.rt.vault.open(row["msisdn_sealed"]) for row in rows]

    async def _open(self) -> int:
        return await self.rt.db.value(
            """select count(*) from task t join batch b on b.id = t.batch_id where b.state = 'running'
                 and t.state = 'open' and t.answered + t.held < t.wanted"""
        )

    async def earnings(self) -> list[int]:
        """Return what each worker has earned."""
        rows = await self.rt.db.rows(
            """select coalesce(sum(x.price), 0)::bigint as earned from worker w left join answer x on x.worker_id = w.id
               group by w.id order by w.id"""
        )
        return [row["earned"] for row in rows]


async def simulate(
    settings: Settings, seed: int, *, workers: int, days: int, a_day: int, dialling: float
) -> dict[str, object]:
    """Simulate some days, and return the figures."""
    jobs, clock, rng = InlineJobQueue(), WeekClock(), random.Random(seed)
    async with open_runtime(settings, jobs, clock=clock) as rt:
        week = Week(rt, jobs, clock, rng)
        await week.opens(workers, dialling)
        for _ in range(days * a_day):
            await week.waits(timedelta(hours=24 / a_day))
            await week.batch(rng.randint(workers // 4, workers * 3 // 2))
        earned = await week.earnings()
    return {
        "seed": seed,
        "workers": workers,
        "answers": sum(earned) // _PRICE_MINOR,
        "gini": round(gini(earned), 4),
        "least_minor": min(earned),
        "most_minor": max(earned),
        "left_open": week.left_open,
        "by_sms_minor": sum(earned[: len(week.by_sms)]) // max(len(week.by_sms), 1),
        "by_ussd_minor": sum(earned[len(week.by_sms) :]) // max(len(week.by_ussd), 1),
    }


def run(
    seeds: Sequence[int] = (1,),
    workers: int = 30,
    days: int = 7,
    a_day: int = 4,
    dialling: float = 0.25,
) -> list[dict[str, object]]:
    """Simulate a week per seed, each in a gateway of its own."""
    found = list[dict[str, object]]()
    for seed in seeds:
        with gateway(quiet_hours="", prompts_per_hour=10_000, prompts_per_day=10_000) as settings:
            found.append(
                asyncio.run(
                    simulate(
                        settings, seed, workers=workers, days=days, a_day=a_day, dialling=dialling
                    )
                )
            )
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=lambda text: [int(n) for n in text.split(",")], default=[1])
    parser.add_argument("--workers", type=int, default=30)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--a-day", type=int, default=4)
    parser.add_argument("--dialling", type=float, default=0.25)
    print(json.dumps({"bar": BAR, "results": run(**vars(parser.parse_args()))}, indent=1))
