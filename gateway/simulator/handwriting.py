"""The styles in which workers type the answers to several questions in one SMS.

Each worker has a habit, and now and then uses another style, makes a slip or leaves a gap. A worker
always means one answer per item, so a reader that records anything else has guessed.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Styler = Callable[[Sequence["Meant"], random.Random], str]

_GAP, _SLIP, _MUDDLE, _OTHER_STYLE = 0.02, 0.02, 0.02, 0.15
"""The shares of items left out, of items typed ambiguously, of unreadable messages, and of messages
in another style than the worker's own.
"""


@dataclass(frozen=True, slots=True)
class Meant:
    """An answer as the worker means it.

    It holds the item's number, the option's letter and the option's label, as the phone shows them.
    """

    number: int
    letter: str
    label: str


def _joined(template: str, between: str, *, lower: bool = False) -> Styler:
    def write(answers: Sequence[Meant], _draw: random.Random) -> str:
        text = between.join(template.format(n=a.number, l=a.letter, word=a.label) for a in answers)
        return text.lower() if lower else text

    return write


def _swapped(answers: Sequence[Meant], draw: random.Random) -> str:
    mixed = list(answers)
    draw.shuffle(mixed)
    return " ".join(f"{a.number}{a.letter}" for a in mixed)


def _lookalikes(answers: Sequence[Meant], draw: random.Random) -> str:
    """Write l or I for 1, and O for 0, which some keyboards and many readers confuse."""
    one = draw.choice("lI")
    return " ".join(str(a.number).replace("1", one).replace("0", "O") + a.letter for a in answers)


def _polite(answers: Sequence[Meant], _draw: random.Random) -> str:
    return "Hello, " + " ".join(f"{a.number} is {a.letter}" for a in answers) + " thank you"


IN_ORDER: tuple[Styler, ...] = (
    _joined("{l}", ""),
    _joined("{l}", " ", lower=True),
    _joined("{word}", ", "),
)
"""Styles without numbers, which work only when the worker answers every item."""
NUMBERED: tuple[Styler, ...] = (
    _joined("{n}{l}", " "),
    _joined("{n}{l}", " "),
    _joined("{n}{l}", "", lower=True),
    _joined("{n} {l}", ", ", lower=True),
    _joined("{n}.{l}", "\n"),
    _joined("{n}={l}", ";"),
    _joined("{n}){l}", " "),
    _joined("{n}-{l}", " "),
    _joined("{l}{n}", " "),
    _joined("{l} {n}", "  ", lower=True),
    _joined("{n} {word}", "\n"),
    _swapped,
    _lookalikes,
    _polite,
)


def write(answers: Sequence[Meant], habit: int, draw: random.Random) -> str:
    """Return the SMS of a worker with this habit (any number). `draw` decides about slips."""
    if draw.random() < _MUDDLE:
        return " ".join(str(a.number) for a in answers)
    kept = [a for a in answers if draw.random() >= _GAP] or list(answers)
    styles = NUMBERED if len(kept) < len(answers) or len(answers) == 1 else NUMBERED + IN_ORDER
    at = draw.randrange(len(styles)) if draw.random() < _OTHER_STYLE else habit % len(styles)
    slips = [a for a in kept if draw.random() < _SLIP] if styles[at] is NUMBERED[0] else []
    if not slips:
        return styles[at](kept, draw)
    # The worker types an extra letter or a doubt, so only she could say which option she meant.
    return " ".join(
        f"{a.number}{a.letter}{draw.choice(['?? or not', 'X', '/' + _other(a.letter)])}"
        if a in slips
        else f"{a.number}{a.letter}"
        for a in kept
    )


def plainly(answers: Sequence[Meant]) -> str:
    """Return the answers as the prompt asked for them.

    A worker types like this after the reply that the gateway did not understand.
    """
    return " ".join(f"{a.number}{a.letter}" for a in answers)


def _other(letter: str) -> str:
    return "B" if letter == "A" else "A"
