"""The port of a view: it shows itself, and says what a key pressed on it does.

Views name each other and never call each other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.conversation.context import Context
from gateway.conversation.facts import Fact
from gateway.conversation.situation import Need, Situation

Memory = Mapping[str, str]
"""The ids and choices that a view needs again when its key comes back. Nothing in it is secret."""

MENU, BACK = "00", "0"
BEHIND_LESSON = "work.lesson"
"""The reason why there is no work that the views answer by offering the lesson."""
_CHOICES = frozenset("123456789")


@dataclass(frozen=True, slots=True)
class Key:
    """A key press.

    `name` is the key as menus compare it, and `said` the typed text, harmless to show.
    """

    name: str
    said: str


@dataclass(frozen=True, slots=True)
class ViewContent:
    """The lasting part of a screen.

    The notice above it belongs to the moment.
    """

    body: str
    choices: tuple[str, ...]
    memory: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShowView:
    """The order to show `view` next, after `facts` are written."""

    view: str
    """The name of the view."""
    facts: tuple[Fact, ...] = ()
    """The facts to write."""
    notice: str = ""
    """The notice above the view."""
    memory: dict[str, str] = field(default_factory=dict)
    """The memory of the view."""
    wrong: bool = False
    """True when the key was none of the choices. They are shown first, on the worker's page."""


@dataclass(frozen=True, slots=True)
class EndSession:
    """The last words of a session that is over."""

    text: str
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """A screen of the menu: how it is shown, what a key pressed on it does, and what both need."""

    show: Callable[[Context, Memory], ViewContent]
    press: Callable[[Context, Memory, Key], ShowView | EndSession]
    shows: frozenset[Need] = frozenset()
    """The needs of showing it."""
    takes: frozenset[Need] = frozenset()
    """The needs of a key pressed on it."""


class Lacking(Exception):  # This is no error: the step looks the needs up.
    """A sign that a view needs data that was not looked up yet."""

    def __init__(self, needs: frozenset[Need]) -> None:
        super().__init__(needs)
        self.needs = needs


def require(situation: Situation, needs: frozenset[Need]) -> None:
    """Raise Lacking when one of the needs was not looked up."""
    if not needs <= situation.known:
        raise Lacking(needs - situation.known)


def start_view(situation: Situation) -> str:
    """Return the view on which the sender stands when dialling."""
    worker, moving = situation.worker, situation.moving
    if moving and moving.is_new:
        return "number_new"
    if worker is None and moving and (moving.may_object or moving.objected):
        return "number_old"
    if worker is None:
        return "coordinator" if situation.coordinator else "stranger"
    if worker.state == "stopped" and not worker.agreed:
        return "invited"
    return "home" if worker.state == "active" else worker.state


def wrong_key(context: Context, view: str, memory: Memory) -> ShowView:
    """Return the same screen, its choices first. Nothing is recorded."""
    return ShowView(view, notice=context.say("notice.choice"), memory=dict(memory), wrong=True)


def choices(context: Context, *keys: str) -> tuple[str, ...]:
    """Return `1 Work`, `2 Balance`, ... for phrase keys."""
    return tuple(f"{n} {context.say(f'key.{key}')}" for n, key in enumerate(keys, start=1))


def chosen(lines: Sequence[str], key: Key) -> str | None:
    """Return the line at the number of the key, from 1 to 9, or None for any other key."""
    number = int(key.name) if key.name in _CHOICES else 0
    return lines[number - 1] if 1 <= number <= len(lines) else None


def menu_line(context: Context) -> str:
    return f"{MENU} {context.say('key.menu')}"


def yes_or_no(context: Context, key: Key) -> bool | None:
    """Return True for 1 or yes, False for 2 or no, and None for anything else."""
    words = context.book.words
    if key.name == "1" or key.name in words.yes:
        return True
    if key.name == "2" or key.name in words.no:
        return False
    return None
