"""One recorded worker with a phone: what is still to be answered, and which question a screen or an SMS asks."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.simulator import handwriting
from gateway.simulator.phones import Phone

_RECOGNISED_CHARACTERS = 48
_ITEM = re.compile(r"^(\d{1,3})\) (.*)$", re.MULTILINE)


@dataclass(slots=True)
class Player:
    """One recorded worker.

    `todo`: tasks not answered yet, in the batch's order, with what to press or type. `pressed`:
    tasks she tried to answer; `sent`: those for which she saw that it was saved. `values`: what she
    means, as options are labelled. `replied`: the numbered questions of her last reply, until she
    reads what became of it.
    """

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

    texted: str | None = None
    """The task of the answer that was texted by itself, until the worker reads what became of it.
    """
    tries: dict[str, int] = field(default_factory=dict)
    """How often an answer to a task was sent and not acknowledged."""
    refused: dict[str, str] = field(default_factory=dict)
    """Tasks that the worker left out, because the answer was not taken; with the text that said so.
    """
    stopped: bool = False
    """A recorded answer was a word that stops everything."""
    screen: str = ""
    """The screen that was shown last."""
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

    @property
    def waits(self) -> bool:
        """Whether a reply is due to what the worker texted."""
        return bool(self.replied or self.texted)

    @property
    def last_shown(self) -> str:
        """The last text from the gateway: of a screen where the worker dials, else of an SMS."""
        if not self.by_sms:
            return self.screen
        return self.phone.inbox[-1].text if self.phone.inbox else ""

    def recognise(self, shown: str) -> list[str]:
        """The tasks this screen or SMS may be asking; several while only part of a long text is shown."""
        seen = _squash(shown)
        whole = [task for task in self.todo if _squash(self.texts[task]) in seen]
        if whole:  # "Item 228" stands in "Item 2282", too
            return [max(whole, key=lambda task: len(_squash(self.texts[task])))]
        found: list[tuple[int, str]] = []
        for task in self.todo:
            text = _squash(self.texts[task])
            head = text[:_RECOGNISED_CHARACTERS]
            if head in seen:
                found.append((_shown_part(text, seen), task))
        longest = max((length for length, _ in found), default=0)
        return [task for length, task in found if length == longest]


def is_left_out(player: Player, shown: str) -> bool:
    """Return whether a screen asks again what the worker has left out."""
    seen = _squash(shown)
    return any(
        _squash(player.texts[task])[:_RECOGNISED_CHARACTERS] in seen for task in player.refused
    )


def without_keys(page: str) -> str:
    """A page without its lines for paging, so that the text of two pages can be read on."""
    return "\n".join(line for line in page.splitlines() if not line.startswith(("98 ", "99 ")))


def key_of(answer: str, shown: str) -> str:
    r"""The key that stands before an answer on the screen or in the SMS; else the answer itself is typed.

    >>> key_of("Shop", "Which one fits?\n1 House\n2 Shop"), key_of("Shop", "1 House"), key_of("1", "1 Yes 2 No")
    ('2', 'Shop', '1')
    """
    found = re.search(rf"(?:^|\s)([1-9]) {re.escape(answer)}(?=\s[1-9] |\n|$)", shown)
    return found[1] if found else answer


def tasks_of(shown: Mapping[int, tuple[str, handwriting.Meant]]) -> set[tuple[int, str]]:
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
