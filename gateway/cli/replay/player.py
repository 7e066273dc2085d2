"""A recorded worker with a phone.

It holds the open answers, and recognises the question on a screen or in an SMS.
"""

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
    """A recorded worker.

    `todo` holds the tasks that are not answered yet, in the batch's order, with the keys or the
    text for each. `pressed` are the tasks that she tried to answer, and `sent` those that were
    acknowledged. `values` are her meant answers, as options are labelled. `replied` are the
    numbered questions of her last reply, until she reads the outcome.
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
    """The task of an answer in an SMS of its own, until the worker reads the outcome."""
    tries: dict[str, int] = field(default_factory=dict)
    """The number of answers to a task that were sent and not acknowledged."""
    refused: dict[str, str] = field(default_factory=dict)
    """The tasks that the worker left out because the answer was not taken, with the text that said
    so.
    """
    stopped: bool = False
    """A recorded answer was a word that stops everything."""
    screen: str = ""
    """The last screen."""
    habit: int = field(init=False)
    _by_text: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.habit = self.draw.randrange(1000)
        self._by_text = {_squash(self.texts[task]): task for task in self.todo}

    def numbered(self, shown: str) -> dict[int, tuple[str, handwriting.Meant]]:
        """Return the numbered questions of an SMS, with the worker's meant answers."""
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
        """Return whether a reply to the worker's SMS is due."""
        return bool(self.replied or self.texted)

    @property
    def last_shown(self) -> str:
        """Return the last text from the gateway: a screen if the worker dials, else an SMS."""
        if not self.by_sms:
            return self.screen
        return self.phone.inbox[-1].text if self.phone.inbox else ""

    def recognise(self, shown: str) -> list[str]:
        """Return the tasks that this screen or SMS may be asking.

        There are several while only part of a long text is shown.
        """
        seen = _squash(shown)
        whole = [task for task in self.todo if _squash(self.texts[task]) in seen]
        if whole:  # "Item 228" is also part of "Item 2282".
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
    """Return whether a screen repeats a question that the worker has left out."""
    seen = _squash(shown)
    return any(
        _squash(player.texts[task])[:_RECOGNISED_CHARACTERS] in seen for task in player.refused
    )


def without_keys(page: str) -> str:
    """Return a page without its paging lines, so that the text of two pages can be joined."""
    return "\n".join(line for line in page.splitlines() if not line.startswith(("98 ", "99 ")))


def key_of(answer: str, shown: str) -> str:
    r"""Return the key of an answer on the screen or in the SMS, or else the answer itself.

    >>> key_of("Shop", "Which one fits?\n1 House\n2 Shop"), key_of("Shop", "1 House")
    ('2', 'Shop')
    >>> key_of("1", "1 Yes 2 No")
    '1'
    """
    found = re.search(rf"(?:^|\s)([1-9]) {re.escape(answer)}(?=\s[1-9] |\n|$)", shown)
    return found[1] if found else answer


def tasks_of(shown: Mapping[int, tuple[str, handwriting.Meant]]) -> set[tuple[int, str]]:
    return {(number, task) for number, (task, _) in shown.items()}


def _squash(text: str) -> str:
    """Return a text without white space, because lines break anywhere.

    Capitals stay, because recorded questions may differ by nothing else.
    """
    return "".join(text.split())


def _shown_part(text: str, seen: str) -> int:
    """Return how many characters of `text` appear at one position in `seen`."""
    at = seen.find(text[:_RECOGNISED_CHARACTERS])
    length = _RECOGNISED_CHARACTERS
    while length < len(text) and at + length < len(seen) and text[length] == seen[at + length]:
        length += 1
    return length
