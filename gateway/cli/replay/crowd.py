"""The recorded workers with phones in their hands: they join, recognise questions, answer as recorded, cash out.

Only what stands on a phone's screen is used to tell which question is asked: the driver is as blind as a person.
"""

import asyncio
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.cli.replay.recording import Recording
from gateway.cli.replay.town import CHANNEL, PARTNER, SERVICE_CODE, SHORTCODE, Town
from gateway.simulator import handwriting
from gateway.simulator.phones import Phone, Screen, Session
from gateway.steps import admit

# How many phones are busy at once.
PHONES_AT_ONCE = 24
_RECOGNISED_CHARACTERS = 48
_MORE = "98"
# Who works every day dials on from the code: straight to her question, straight to her money.
_TO_WORK = SERVICE_CODE.replace("#", "*1#")
_TO_CASH = SERVICE_CODE.replace("#", "*3*1#")
_ASKED_BACK = re.compile(r"send: (ANSWER .+)")
"""The gateway asks whether a command word, or what looks like a key, is meant as the answer; so it does on screens."""
_AGAIN, _MY_ANSWER = "Then type it again.", "3 It is my answer"
_SAVED = "Saved"
_REDIAL_S, _REDIAL_MAX_S = 0.2, 2.0
_SMS_WAIT_S, _WELCOME_S = 0.5, 60.0
_ITEM, _SAVED_SEVERAL = (
    re.compile(r"^(\d{1,3})\) (.*)$", re.MULTILINE),
    re.compile(r"Saved (\d+)[:.]"),
)
_PAYING = re.compile(r"^(You asked for|We sent you) ", re.MULTILINE)
_LAST_WORDS_S = 5.0


@dataclass(slots=True)
class Player:
    """One recorded worker. `todo`: tasks not answered yet, in the batch's order, with what to press or type.
    `pressed`: tasks she tried to answer; `sent`: those for which she saw that it was saved. `values`: what she means,
    as options are labelled. `replied`: the numbered questions of her last reply, until she reads what became of it."""

    name: str
    phone: Phone
    by_sms: bool
    todo: dict[str, str]
    texts: Mapping[str, str]
    values: Mapping[str, str]
    draw: random.Random
    sent: dict[str, str] = field(default_factory=dict)
    pressed: set[str] = field(default_factory=set)
    replied: dict[int, tuple[str, handwriting.Meant]] = field(default_factory=dict)

    habit: int = field(init=False)
    _by_text: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.habit = self.draw.randrange(1000)
        self._by_text = {_squash(self.texts[task]): task for task in self.todo}

    def numbered(self, shown: str) -> dict[int, tuple[str, handwriting.Meant]]:
        """The numbered questions of an SMS, with what she means to answer."""
        found: dict[int, tuple[str, handwriting.Meant]] = {}
        for line in _ITEM.finditer(shown):
            task = self._by_text.get(_squash(line[2]))
            if task is not None:
                label = self.values[task]
                letter = re.search(
                    rf"\b([A-J]) {re.escape(label)}(?= [A-J] |$)", shown, re.MULTILINE
                )
                if letter:
                    found[int(line[1])] = task, handwriting.Meant(int(line[1]), letter[1], label)
        return found

    def recognise(self, shown: str) -> list[str]:
        """The tasks this screen or SMS may be asking; several while only part of a long text is shown."""
        seen = _squash(shown)
        found: list[tuple[int, str]] = []
        for task in self.todo:
            text = _squash(self.texts[task])
            if text in seen:
                return [task]
            head = text[:_RECOGNISED_CHARACTERS]
            if head in seen:
                found.append((_shown_part(text, seen), task))
        longest = max((length for length, _ in found), default=0)
        return [task for length, task in found if length == longest]


def _without_keys(page: str) -> str:
    """A page without its lines for paging, so that the text of two pages can be read on."""
    return "\n".join(line for line in page.splitlines() if not line.startswith(("98 ", "99 ")))


def key_of(answer: str, shown: str) -> str:
    r"""The key that stands before an answer on the screen or in the SMS; else the answer itself is typed.

    >>> key_of("Shop", "Which one fits?\n1 House\n2 Shop"), key_of("Shop", "1 House"), key_of("1", "1 Yes 2 No")
    ('2', 'Shop', '1')
    """
    found = re.search(rf"(?:^|\s)([1-9]) {re.escape(answer)}(?=\s[1-9] |\n|$)", shown)
    return found[1] if found else answer


def _tasks(shown: Mapping[int, tuple[str, handwriting.Meant]]) -> set[tuple[int, str]]:
    return {(number, task) for number, (task, _) in shown.items()}


def _squash(text: str) -> str:
    """Without white space: lines break anywhere. Capitals stay: recorded questions may differ by nothing else."""
    return "".join(text.split())


def _shown_part(text: str, seen: str) -> int:
    """How many characters of `text` stand at one place of `seen`."""
    at = seen.find(text[:_RECOGNISED_CHARACTERS])
    length = _RECOGNISED_CHARACTERS
    while length < len(text) and at + length < len(seen) and text[length] == seen[at + length]:
        length += 1
    return length


class Crowd:
    """All players of a replay."""

    def __init__(
        self, town: Town, recording: Recording, channel: str, *, first: int = 0, seed: int = 0
    ) -> None:
        self._town = town
        self._recording = recording
        self._gate = asyncio.Semaphore(PHONES_AT_ONCE)
        self._seed = seed
        self.differences: list[str] = []
        self.done = False
        self.answered = 0
        self.on_answer: Callable[[], None] = lambda: None
        self.players = {
            name: self._player(name, channel, place)
            for place, name in enumerate(recording.workers, first)
        }

    def _player(self, name: str, channel: str, place: int) -> Player:
        answers = self._recording.answers
        todo = {
            task: self._keys(of_task[name]) for task, of_task in answers.items() if name in of_task
        }
        # The simulators give a meaning to numbers whose last five digits are above 89999.
        msisdn = f"+2547{11 + place // 80_000:02d}{place % 80_000:06d}"
        by_sms = channel == "sms" or (channel == "mixed" and place % 2 == 1)
        return Player(
            name,
            self._town.carrier.phone(msisdn),
            by_sms,
            todo,
            self._recording.texts,
            {task: self._recording.shown(answers[task][name]) for task in todo},
            random.Random(f"{self._seed}:{name}"),  # noqa: S311  # a handwriting, no secret
        )

    def _keys(self, value: str) -> str:
        """What is pressed or typed on the phone for a recorded answer."""
        options = (
            ("yes", "no", "unsure")
            if self._recording.kind == "verification"
            else self._recording.options
        )
        if self._recording.kind == "categorisation":
            # Its key is on the screen, in an order of this worker's own.
            return self._recording.shown(value)
        return str(options.index(value) + 1) if options else value

    async def come(self) -> None:
        """Let the workers who dial join and look in; workers who text are only expected by their centre.

        A worker who texts joins when the work is there, so that her YES brings the first question.
        """
        await asyncio.gather(*(self._come(p) for p in self.players.values()))

    async def _come(self, player: Player) -> None:
        if player.by_sms:
            await admit.expect_worker(self._town.rt, player.phone.msisdn, CHANNEL, PARTNER)
            return
        await self._join(player)
        await player.phone.next_sms(_WELCOME_S)
        # She works by dialling: from her first look at the menu on, no questions are texted to her.
        async with self._gate:
            await (await player.phone.dial(SERVICE_CODE)).hang_up()

    async def _join(self, player: Player) -> None:
        """Ask to join, read the consent text, and agree."""
        async with self._gate:
            await player.phone.text(SHORTCODE, f"JOIN {PARTNER}")
        await player.phone.next_sms(_WELCOME_S)
        async with self._gate:
            await player.phone.text(SHORTCODE, "YES")

    async def work(self) -> None:
        """Everybody answers what she is asked until the batch is done."""
        await asyncio.gather(
            *(self._by_sms(p) if p.by_sms else self._by_ussd(p) for p in self.players.values())
        )

    async def cash_out(self, minimum_minor: int, price_minor: int) -> int:
        """Everybody with enough to be paid asks for her money; how many."""
        rich = [p for p in self.players.values() if len(p.sent) * price_minor >= minimum_minor]
        await asyncio.gather(*(self._cash_out(p) for p in rich))
        return len(rich)

    async def _cash_out(self, player: Player) -> None:
        if any(_PAYING.search(sms.text) for sms in player.phone.inbox):
            return  # she asked for it with her last answer
        async with self._gate:
            if player.by_sms:
                await player.phone.text(SHORTCODE, "PAY")
                return
            session = await player.phone.dial(_TO_CASH)
            if session.screen.open:
                await session.hang_up()

    # --- USSD ------------------------------------------------------------------------------------------------

    async def _by_ussd(self, player: Player) -> None:
        wait = _REDIAL_S
        while player.todo and not self.done:
            async with self._gate:
                answered = await self._session(player)
            if answered:
                wait = _REDIAL_S
            elif player.todo and not self.done:
                await asyncio.sleep(wait)
                wait = min(wait * 1.5, _REDIAL_MAX_S)

    async def _session(self, player: Player) -> int:
        """One dialled session: answer until there is nothing more to answer; how many answers."""
        session = await player.phone.dial(_TO_WORK)
        screen, answered = session.screen, 0
        while screen.open and player.todo and (task := await self._which(player, session, screen)):
            player.pressed.add(task)
            key = key_of(player.todo[task], screen.text)
            screen = await session.press(key)
            if _AGAIN in screen.text:
                screen = await session.press(key)
            elif _MY_ANSWER in screen.text:
                screen = await session.press(_MY_ANSWER[0])
            if _SAVED not in screen.text:
                return answered  # she dials again, and is asked again unless it was saved after all
            self._sent(player, task)
            answered += 1
        if session.screen.open:
            await session.hang_up()
        return answered

    async def _which(self, player: Player, session: Session, screen: Screen) -> str | None:
        """The task on the screen; pages on while the visible part fits several."""
        shown = _without_keys(screen.text)
        while len(found := player.recognise(shown)) > 1 and f"{_MORE} " in session.screen.text:
            shown += _without_keys((await session.press(_MORE)).text)
        return found[0] if found else None

    # --- SMS -------------------------------------------------------------------------------------------------

    async def _by_sms(self, player: Player) -> None:
        await self._join(player)
        while player.todo and not (self.done and not player.replied):
            wait = _LAST_WORDS_S if self.done else _SMS_WAIT_S
            try:
                sms = await player.phone.next_sms(wait)
            except TimeoutError:
                if self.done:
                    return
                continue
            if again := _ASKED_BACK.search(sms.text):
                async with self._gate:
                    await player.phone.text(SHORTCODE, again[1])
                continue
            if await self._several(player, sms.text):
                continue
            found = player.recognise(sms.text)
            if not found:
                continue
            player.pressed.add(found[0])
            async with self._gate:
                key = key_of(player.todo[found[0]], sms.text)
                await player.phone.text(SHORTCODE, key + self._and_pay(player, 1))
            self._sent(player, found[0])

    async def _several(self, player: Player, text: str) -> bool:
        """Reads what became of her last reply, and answers the numbered questions of this SMS; False: it has none."""
        shown = player.numbered(text)
        saved = _SAVED_SEVERAL.search(text)
        retry = bool(player.replied) and not saved
        if saved:
            done = [n for n, (task, _) in player.replied.items() if (n, task) not in _tasks(shown)]
            if len(done) != int(saved[1]):
                self.differences.append(
                    f"{player.name} was told that {saved[1]} answers count, not {len(done)}"
                )
            for number in done:
                self._sent(player, player.replied[number][0])
            player.replied = {}
        shown = shown or (player.replied if retry else {})
        if not shown:
            return False
        meant = [answer for _, answer in shown.values()]
        written = (
            handwriting.plainly(meant)
            if retry
            else handwriting.write(meant, player.habit, player.draw)
        )
        player.pressed.update(task for task, _ in shown.values())
        player.replied = shown
        async with self._gate:
            await player.phone.text(SHORTCODE, written + self._and_pay(player, len(meant)))
        return True

    def _and_pay(self, player: Player, answers: int) -> str:
        """Who gives her last answers asks for her money with them."""
        last = self._recording.options and answers == len(player.todo)
        return " PAY" if last else ""

    def _sent(self, player: Player, task: str) -> None:
        del player.todo[task]
        player.sent[task] = self._recording.answers[task][player.name]
        self.answered += 1
        self.on_answer()
