"""The crowd: simulated workers who join, answer, stop, stay away, and cash out.

Each act goes through the code that serves real phones. The crowd runs only where nothing is real:
on a test gateway, and on a try-out.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

import phonenumbers
import structlog

from gateway.base.errors import Failed, Refused, SettingsError
from gateway.base.ids import WorkerId
from gateway.cli.run.crowd import replies
from gateway.cli.run.crowd.phone import CrowdPhone, report_away
from gateway.settings.tryout import is_simulated
from gateway.steps.messages.deliver import deliver
from gateway.steps.people import register
from gateway.steps.runtime import Channel, Runtime
from gateway.steps.turns.questions import question_of
from gateway.store.people import crowd, workers
from gateway.store.people.crowd import CrowdNeed, CrowdSwitch, CrowdWorker, PutQuestion
from gateway.tasks.question import Question
from gateway.workers.crowd import KINDS, UNREACHABLE, USUAL, Trait, drawn, members

log = structlog.get_logger()

PARTNER: Final = ("CROWD", "Simulated workers")
USUAL_SWITCH: Final = CrowdSwitch(is_on=True, kinds=USUAL)
_PLACES_MAX: Final = 500
_LOOK_S: Final = 20.0  # between two looks of a worker without a question, before compression
_LOOK_MAX_S: Final = 60.0
_BACK_S: Final = 600.0  # until a worker who stopped comes back
_PAY_S: Final = 120.0
_IDLE_S: Final = 2.0  # between two rounds while no batch asks
_TRIES_MAX: Final = 3
_CASH_OUT_MINOR: Final = 20_00
_UNREPORTED_MAX: Final = 100


@dataclass(slots=True)
class _Memory:
    """The memory of one simulated worker between two acts."""

    next_at: float = 0.0
    answers: int = 0
    misses: int = 0
    """The looks in a row without a question."""
    asked_pay_at: float = -1e9
    tries: dict[int, int] = field(default_factory=dict[int, int])
    """The unclear tries of each question that she holds."""


@dataclass(slots=True)
class SimulatedWorkers:
    """The simulated workers of one gateway. `speed` compresses the time in which they think."""

    rt: Runtime
    channel: Channel
    speed: float = 60.0
    usual: CrowdSwitch = USUAL_SWITCH
    _known: dict[int, _Memory] = field(default_factory=dict[int, "_Memory"])
    _idle_until: float = 0.0
    _asking: frozenset[str] = frozenset()
    _joined: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    @classmethod
    def of(
        cls, rt: Runtime, speed: float = 60.0, usual: CrowdSwitch = USUAL_SWITCH
    ) -> "SimulatedWorkers":
        """Return the crowd of a gateway. Raises SettingsError where anything is real."""
        if not is_simulated(rt.settings):
            raise SettingsError("simulated workers answer only test keys and try-outs")
        named = (one for one in rt.channels.values() if one.sms and one.ussd)
        channel = next((one for one in named if one.name == "phone"), None)
        if channel is None:
            raise SettingsError("simulated workers need the channel of the built-in phone")
        return cls(rt, channel, speed, usual)

    async def gathers(self) -> None:
        """Let the usual workers of the gateway's own country join before any batch asks."""
        switch = await crowd.switch(self.rt.db) or self.usual
        if switch.is_on:
            home = self.rt.settings.countries[self.rt.settings.region]
            await self._recruit(CrowdNeed(home.currency, "", ""), switch.kinds)

    async def act(self, now_s: float) -> int:
        """Let every worker whose time has come do one thing. Return the number of acts.

        `now_s` is a clock that only rises.
        """
        switch = await crowd.switch(self.rt.db) or self.usual
        if not switch.is_on:
            return 0
        needs = await crowd.needs(self.rt.db)
        if not needs and now_s < self._idle_until:
            return 0
        self._wake(frozenset(one.batch for one in needs))
        self._idle_until = now_s + _IDLE_S
        for need in needs:
            await self._recruit(need, switch.kinds)
        await self._report_unreachable()
        present = [one for one in await crowd.workers(self.rt.db) if switch.kinds.get(one.kind)]
        due = [one for one in present if self._memory(one).next_at <= now_s and not one.busy]
        if not due:
            return 0
        held = await self._held(due)
        acts = 0
        for worker in due:
            try:
                acts += await self._act(worker, held.get(worker.id, []), now_s, is_work=bool(needs))
            except (Failed, Refused) as bad:  # She tries again, as a person does.
                log.warning("a simulated worker could not act", why=str(bad), place=worker.place)
                self._memory(worker).next_at = now_s + self._short(_LOOK_S)
        return acts

    async def _held(self, due: Sequence[CrowdWorker]) -> Mapping[int, list[PutQuestion]]:
        found = await crowd.put_questions(self.rt.db, [one.id for one in due])
        return {worker: list(put) for worker, put in groupby(found, key=lambda one: one.worker)}

    async def _act(
        self, worker: CrowdWorker, held: Sequence[PutQuestion], now_s: float, *, is_work: bool
    ) -> int:
        memory, trait = self._memory(worker), KINDS[worker.kind]
        phone = CrowdPhone(self.rt, self.channel, number_of(self.rt, worker.currency, worker.place))
        if worker.state == "stopped" and is_work:
            memory.answers, memory.next_at = 0, now_s + self._think(trait)
            await phone.text("START")
            return 1
        if worker.state != "active" or worker.kind == UNREACHABLE:
            return 0
        if held:
            return await self._reply(phone, worker, held, now_s)
        memory.next_at = now_s + self._short(_LOOK_S) * (0.5 + random.random())  # noqa: S311  # a jitter
        if worker.balance_minor >= _CASH_OUT_MINOR and now_s - memory.asked_pay_at > self._short(
            _PAY_S
        ):
            memory.asked_pay_at = now_s
            await phone.text("PAY")
            return 1
        if is_work:
            # The less work there was, the longer until the next look, up to a minute.
            wait_s = min(self._short(_LOOK_S) * 2**memory.misses, _LOOK_MAX_S)
            memory.misses, memory.next_at = min(memory.misses + 1, 20), now_s + wait_s
            await self._look(phone, worker)
        return int(is_work)

    async def _look(self, phone: CrowdPhone, worker: CrowdWorker) -> None:
        if _dials(worker):
            await phone.dials("1")
            await phone.hangs_up()
        else:
            await phone.text("WORK")

    async def _reply(
        self, phone: CrowdPhone, worker: CrowdWorker, held: Sequence[PutQuestion], now_s: float
    ) -> int:
        memory, trait = self._memory(worker), KINDS[worker.kind]
        memory.misses, memory.next_at = 0, now_s + self._think(trait)
        if trait.stops_after is not None and memory.answers >= trait.stops_after:
            memory.next_at = now_s + self._short(_BACK_S)
            await phone.text("STOP")
            return 1
        first = held[0]
        tries = memory.tries.get(first.assignment, 0)
        memory.tries = {first.assignment: tries + 1}
        if tries >= _TRIES_MAX:
            await phone.text("SKIP")
            return 1
        together = (
            [one for one in held if one.item is not None] if first.item is not None else [first]
        )
        questions = [await self._question(one) for one in together]
        words = self._words(worker, trait, list(zip(together, questions, strict=True)))
        unclear = (
            tries == 0 and drawn(first.seed, "unclear", worker.place, first.name) < trait.unclear
        )
        words = replies.UNCLEAR if unclear else words
        if first.via == "ussd" and not questions[0].fields:
            await phone.dials("1")
            await phone.press(words)
            await phone.hangs_up()
        elif first.via == "ussd":
            await phone.text("WORK")  # The record is asked by SMS too, and answered in one.
            await self._left()
            await phone.text(words)
        else:
            await phone.text(words)
        memory.answers += 0 if unclear else len(together)
        return 1

    async def _left(self) -> None:
        """Let the messages that wait leave, since an answer counts only after its question."""
        await deliver(self.rt, self.channel.name)

    def _words(
        self, worker: CrowdWorker, trait: Trait, put: Sequence[tuple[PutQuestion, Question]]
    ) -> str:
        if len(put) > 1 or put[0][0].item is not None:
            believed = [
                (one, asked, replies.belief(asked, one, trait, worker.place)) for one, asked in put
            ]
            return replies.several(
                [(one.item or 0, asked, value) for one, asked, value in believed]
            )
        one, question = put[0]
        if question.fields:
            return replies.record(question.fields, one, worker.place)
        kind = self.rt.kind_of(question.kind)
        if not question.options and one.truth is None and kind.VALUE != "text":
            return replies.typed_value(kind.VALUE, one, worker.place)
        return replies.single(question, replies.belief(question, one, trait, worker.place))

    async def _question(self, put: PutQuestion) -> Question:
        batch = await self.rt.batches.get(put.batch)
        return question_of(batch, WorkerId(put.worker), put.task, put.text, put.record)

    async def _recruit(self, need: CrowdNeed, kinds: Mapping[str, int]) -> None:
        """Let simulated workers join who are paid in this currency and read this language."""
        if (need.currency, need.language) in self._joined:
            return
        country = next(
            (c for c, one in self.rt.settings.countries.items() if one.currency == need.currency),
            None,
        )
        if country is None:
            return
        language = need.language or self.rt.settings.countries[country].language
        there = [
            one.kind
            for one in await crowd.workers(self.rt.db)
            if (one.currency, one.language) == (need.currency, language)
        ]
        wanted = members(kinds)
        for kind in there:
            if kind in wanted:
                wanted.remove(kind)
        taken = await crowd.number(self.rt.db)
        for place, kind in enumerate(wanted[: _PLACES_MAX - taken], taken + 1):
            await self._join(need.currency, language, place, kind)
        self._joined.add((need.currency, need.language))

    async def _join(self, currency: str, language: str, place: int, kind: str) -> None:
        await register.add_partner(self.rt, *PARTNER)
        number = number_of(self.rt, currency, place)
        phone = CrowdPhone(self.rt, self.channel, number)
        index = self.rt.vault.index(number)
        await register.expect_worker(
            self.rt,
            number,
            self.channel.name,
            PARTNER[0],
            name=f"Tester {_letters(place)}",
            language=language,
        )
        await phone.text("YES")
        assert await workers.state_of(self.rt.db, index) == "active"
        await crowd.add(self.rt.db, index, place, kind)

    async def _report_unreachable(self) -> None:
        for name, provider_id in await crowd.unreported(self.rt.db, UNREACHABLE, _UNREPORTED_MAX):
            await report_away(self.rt, self.rt.channels[name], provider_id)

    def _wake(self, asking: frozenset[str]) -> None:
        """Let every worker look at once when another batch begins to ask."""
        if asking - self._asking:
            for memory in self._known.values():
                memory.misses = 0
                memory.next_at = 0.0
        self._asking = asking

    def _memory(self, worker: CrowdWorker) -> _Memory:
        return self._known.setdefault(worker.id, _Memory())

    def _think(self, trait: Trait) -> float:
        return self._short(random.uniform(*trait.think_s))  # noqa: S311  # a pause, no secret

    def _short(self, seconds: float) -> float:
        return seconds / self.speed


def number_of(rt: Runtime, currency: str, place: int) -> str:
    """Return the phone number of a place: a mobile number of the currency's country."""
    country = next(c for c, one in rt.settings.countries.items() if one.currency == currency)
    example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    assert example is not None
    assert example.national_number is not None
    # The simulated operators give a meaning to numbers whose last five digits are above 89999.
    national = example.national_number // 10**5 * 10**5 + 50_000 + place
    return f"+{example.country_code}{national}"


def _dials(worker: CrowdWorker) -> bool:
    return worker.place % 2 == 0


def _letters(place: int) -> str:
    """Return a place as letters, because a name has no digits.

    >>> _letters(1), _letters(27)
    ('A', 'AA')
    """
    found = ""
    while place:
        place, rest = divmod(place - 1, 26)
        found = chr(ord("A") + rest) + found
    return found
