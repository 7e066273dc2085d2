"""What a view is: it shows itself, and says what a key pressed on it does. Views name each other, never call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.conversation.facts import Fact
from gateway.conversation.situation import Situation
from gateway.conversation.talk import Talk

Memory = Mapping[str, str]
"""What a view must know again when its key comes back: ids and choices, nothing secret."""

MENU, BACK = "00", "0"


@dataclass(frozen=True, slots=True)
class Key:
    """One key press: `name` is the key as menus compare it, `said` what was typed, harmless."""

    name: str
    said: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The lasting part of a screen; the notice above it belongs to the moment."""

    body: str
    choices: tuple[str, ...]
    memory: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Go:
    """Show `view` next, once `facts` are written down."""

    view: str
    facts: tuple[Fact, ...] = ()
    notice: str = ""
    memory: dict[str, str] = field(default_factory=dict)
    wrong: bool = False
    """The key was none of the choices: they are shown first, on the page where she stands."""


@dataclass(frozen=True, slots=True)
class End:
    """Last words; the session is over."""

    text: str
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    show: Callable[[Talk, Memory], Shown]
    press: Callable[[Talk, Memory, Key], Go | End]


def start_view(situation: Situation) -> str:
    """Where this person stands when she dials."""
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


def wrong_key(talk: Talk, view: str, memory: Memory) -> Go:
    """Return the same screen, its choices first; nothing is recorded."""
    return Go(view, notice=talk.say("notice.choice"), memory=dict(memory), wrong=True)


def choices(talk: Talk, *keys: str) -> tuple[str, ...]:
    """`1 Work`, `2 Balance`, ... for phrase keys."""
    return tuple(f"{n} {talk.say(f'key.{key}')}" for n, key in enumerate(keys, start=1))


def menu_line(talk: Talk) -> str:
    return f"{MENU} {talk.say('key.menu')}"


def yes_or_no(talk: Talk, key: Key) -> bool | None:
    """1 or yes, 2 or no; None for anything else."""
    words = talk.book.words
    if key.name == "1" or key.name in words.yes:
        return True
    if key.name == "2" or key.name in words.no:
        return False
    return None
