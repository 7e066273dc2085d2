"""The recorded workers with simulated phones.

They join, recognise questions, answer as recorded, and cash out. Only the text on a phone's screen
tells them which question is asked, so they know no more than a real worker.
"""

import asyncio
import random
import re
from collections.abc import Callable

from gateway.cli.replay.player import Player, is_left_out, key_of, tasks_of, without_keys
from gateway.cli.replay.recording import Recording
from gateway.cli.replay.records import is_part, key_record, words_by_sms
from gateway.cli.replay.town import CHANNEL, PARTNER, SERVICE_CODE, SHORTCODE, Town
from gateway.simulator import handwriting
from gateway.simulator.phones import PhoneScreen, UssdDialogue
from gateway.steps.people import register

# The number of phones that are busy at a time.
PHONES_AT_ONCE = 24
_MORE = "98"
# An experienced worker dials menu keys with the code, to get straight to her question or her money.
_TO_WORK = SERVICE_CODE.replace("#", "*1#")
_TO_CASH = SERVICE_CODE.replace("#", "*3*1#")
_ASKED_BACK = re.compile(r"send: (ANSWER .+)")
"""The gateway asks in an SMS or on a screen whether a command word, or a text that looks like a
key, is meant as the answer.
"""
_AGAIN, _MY_ANSWER = "Then type it again.", "3 It is my answer"
_SAVED = "Saved"
_SKIP, _TRIES_MAX = "0", 3
"""The key that leaves a question out, and the number of tries of an answer before that."""
_REDIAL_S, _REDIAL_MAX_S = 0.2, 2.0
_SMS_WAIT_S, _WELCOME_S = 0.5, 60.0
_SAVED_SEVERAL = re.compile(r"Saved (\d+)[:.]")
_STOPPED = re.compile(r"^You get no more (questions|messages)")
_PAYING = re.compile(r"^(You asked for|We sent you) ", re.MULTILINE)
_LAST_WORDS_S = 5.0


def _why(player: Player, task: str) -> str:
    if task in player.refused:
        return "the gateway did not take it"
    return (
        "the worker sent a word that stops all messages"
        if player.stopped
        else "it was not asked for"
    )


class Crowd:
    """The players of a replay."""

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
        """Return the keys or the text that a worker enters on the phone for a recorded answer."""
        options = (
            ("yes", "no", "unsure")
            if self._recording.kind == "verification"
            else self._recording.options
        )
        if self._recording.kind == "categorisation":
            # The option's key is on the screen, in an order that differs per worker.
            return self._recording.shown(value)
        return str(options.index(value) + 1) if options else value

    async def come(self) -> None:
        """Let the workers that dial join and look in.

        A worker that texts is only registered by her centre. She joins when there is work, so that
        her YES brings the first question.
        """
        await asyncio.gather(*(self._come(p) for p in self.players.values()))

    async def _come(self, player: Player) -> None:
        if player.by_sms:
            await register.expect_worker(self._town.rt, player.phone.msisdn, CHANNEL, PARTNER)
            return
        await self._join(player)
        await player.phone.next_sms(_WELCOME_S)
        # She works by dialling. From her first look at the menu on, no questions are texted to her.
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
        """Let every worker answer her questions until the batch is done."""
        await asyncio.gather(
            *(self._by_sms(p) if p.by_sms else self._by_ussd(p) for p in self.players.values())
        )

    async def cash_out(self, minimum_minor: int, price_minor: int) -> int:
        """Let every worker with enough earnings request her money. Return their number."""
        rich = [p for p in self.players.values() if len(p.sent) * price_minor >= minimum_minor]
        await asyncio.gather(*(self._cash_out(p) for p in rich))
        return len(rich)

    async def _cash_out(self, player: Player) -> None:
        if any(_PAYING.search(sms.text) for sms in player.phone.inbox):
            return  # She requested it with her last answer.
        async with self._gate:
            if player.by_sms:
                await player.phone.text(SHORTCODE, "PAY")
                return
            session = await player.phone.dial(_TO_CASH)
            if session.screen.open:
                await session.hang_up()

    # USSD

    async def _by_ussd(self, player: Player) -> None:
        wait = _REDIAL_S
        while player.todo and not player.stopped and not self.done:
            async with self._gate:
                answered = await self._session(player)
            if answered:
                wait = _REDIAL_S
            elif player.todo and not self.done:
                await asyncio.sleep(wait)
                wait = min(wait * 1.5, _REDIAL_MAX_S)

    async def _session(self, player: Player) -> int:
        """Answer in one dialled session until no question is left. Return the number of answers."""
        session = await player.phone.dial(_TO_WORK)
        screen, answered = session.screen, 0
        player.screen = screen.text
        while screen.open and player.todo and (task := await self._which(player, session, screen)):
            player.pressed.add(task)
            screen = await self._answer_on_screen(session, player.todo[task], screen)
            player.screen = screen.text
            player.stopped = _STOPPED.match(screen.text) is not None
            if _SAVED not in screen.text:
                # She dials again, and is asked again unless the answer was saved after all.
                await self._left_out(player, session, task)
                return answered
            self._sent(player, task)
            answered += 1
        if session.screen.open and is_left_out(player, session.screen.text):
            await session.press(_SKIP)
        if session.screen.open:
            await session.hang_up()
        return answered

    async def _answer_on_screen(
        self, session: UssdDialogue, answer: str, screen: PhoneScreen
    ) -> PhoneScreen:
        """Type an answer, once more or as a confirmed text where the screen asks for that."""
        if self._recording.form:
            return await key_record(self._recording.form, answer, session, screen.text)
        key = key_of(answer, screen.text)
        screen = await session.press(key)
        if _AGAIN in screen.text:
            return await session.press(key)
        if _MY_ANSWER in screen.text:
            return await session.press(_MY_ANSWER[0])
        return screen

    async def _left_out(self, player: Player, session: UssdDialogue, task: str) -> None:
        """Count an answer that a screen did not acknowledge.

        After some tries the worker leaves the question out.
        """
        player.tries[task] = player.tries.get(task, 0) + 1
        if player.tries[task] < _TRIES_MAX or not session.screen.open:
            return
        player.refused[task] = session.screen.text
        del player.todo[task]
        await session.press(_SKIP)

    async def _which(
        self, player: Player, session: UssdDialogue, screen: PhoneScreen
    ) -> str | None:
        """Return the task on the screen. Page on while the visible part fits several tasks."""
        shown = without_keys(screen.text)
        while len(found := player.recognise(shown)) > 1 and f"{_MORE} " in session.screen.text:
            shown += without_keys((await session.press(_MORE)).text)
        return found[0] if found else None

    # SMS

    async def _by_sms(self, player: Player) -> None:
        await self._join(player)
        while player.todo and not player.stopped and not (self.done and not player.waits):
            wait = _LAST_WORDS_S if self.done else _SMS_WAIT_S
            try:
                sms = await player.phone.next_sms(wait)
            except TimeoutError:
                if self.done:
                    return
                continue
            if not await self._reads(player, sms.text):
                return

    async def _reads(self, player: Player, text: str) -> bool:
        """Read one SMS and answer its question. Return whether the worker continues."""
        if _STOPPED.match(text):
            player.stopped = True
            return False
        if again := _ASKED_BACK.search(text):
            await self._text(player, again[1])
            return True
        texted = player.texted
        if texted and _SAVED in text:
            self._sent(player, texted)
            player.texted = None
        elif texted and (self.done or not await self._once_more(player, texted)):
            return not self.done
        if await self._several(player, text):
            return True
        found = player.recognise(text)
        again = (
            player.texted if not found else None
        )  # a reply about the form of answers need not repeat the question
        if (task := again or next(iter(found), None)) and not self.done:
            player.pressed.add(task)
            player.texted = task
            form = self._recording.form
            answer = player.todo[task]
            words = words_by_sms(form, answer, text) if form else key_of(answer, text)
            await self._text(player, words + self._and_pay(player, 1))
        return True

    async def _once_more(self, player: Player, task: str) -> bool:
        """Count an SMS that did not acknowledge an answer, and return whether to try again.

        After some tries the worker leaves the question out, so that it holds up no other.
        """
        player.tries[task] = player.tries.get(task, 0) + 1
        if player.tries[task] < _TRIES_MAX:
            return True
        player.texted = None
        player.refused[task] = player.last_shown
        del player.todo[task]
        await self._text(player, "SKIP")
        return False

    async def _text(self, player: Player, words: str) -> None:
        async with self._gate:
            await player.phone.text(SHORTCODE, words)

    async def _several(self, player: Player, text: str) -> bool:
        """Read the outcome of the last reply, and answer the numbered questions of this SMS.

        Return False if the SMS has no numbered questions.
        """
        shown = player.numbered(text)
        saved = _SAVED_SEVERAL.search(text)
        if player.replied and not saved and not shown and player.recognise(text):
            player.replied = {}  # The questions come one at a time from now on.
        retry = bool(player.replied) and not saved
        if saved:
            done = [
                n for n, (task, _) in player.replied.items() if (n, task) not in tasks_of(shown)
            ]
            if len(done) != int(saved[1]):
                self.differences.append(
                    f"{player.name} was notified that {saved[1]} answers count, not {len(done)}"
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
        await self._text(player, written + self._and_pay(player, len(meant)))
        return True

    def _and_pay(self, player: Player, answers: int) -> str:
        """Return the request for money that a worker appends to her last answers, else ""."""
        last = self._recording.options and answers == len(player.todo)
        return " PAY" if last else ""

    def is_stored_as(self, stored: str, sent: str) -> bool:
        """Return whether the gateway stored an answer as it was sent."""
        return is_part(stored, sent) if self._recording.form else stored == sent

    def undelivered(self, *, unasked: bool) -> list[dict[str, str]]:
        """Return the recorded answers that the gateway did not take.

        Each has the last text that its worker saw. `unasked` includes those without a question,
        which a batch that closed by itself did not need.
        """
        return [
            {
                "worker": player.name,
                "task": task,
                "answer": self._recording.answers[task][player.name],
                "why": _why(player, task),
                "shown_last": player.refused.get(task, player.last_shown),
            }
            for player in self.players.values()
            for task in (*player.refused, *(player.todo if unasked else ()))
        ]

    def said(self) -> list[tuple[str, str, str]]:
        """Return each answer that was given: task, worker and value."""
        return [
            (task, player.name, value)
            for player in self.players.values()
            for task, value in player.sent.items()
        ]

    def _sent(self, player: Player, task: str) -> None:
        del player.todo[task]
        player.sent[task] = self._recording.answers[task][player.name]
        self.answered += 1
        self.on_answer()
