"""The parts of a preview: messages, screens, replies and prices."""

from dataclasses import dataclass
from typing import Literal

SmsMoment = Literal["first", "later", "next", "several"]
"""The moment of an SMS: among a worker's first questions, later, behind the receipt of an answer,
or with several questions in it.
"""


@dataclass(frozen=True, slots=True)
class CostlyCharacter:
    """A character that makes an SMS dearer than its length."""

    character: str
    name: str
    """The name of the character in Unicode."""
    at: tuple[int, ...]
    """Its places in the text, from 0."""
    why: Literal["outside_gsm", "counts_twice"]
    """`outside_gsm`: the whole SMS is sent as UCS-2, with 70 characters instead of 160."""


@dataclass(frozen=True, slots=True)
class ShownSms:
    """One SMS as the gateway would send it."""

    moment: SmsMoment
    channels: tuple[str, ...]
    """The channels that would send exactly this text."""
    tasks: tuple[str, ...]
    """The client's ids of the tasks that it asks."""
    text: str
    encoding: str
    units: int
    """Septets (GSM7) or 16-bit units (UCS2)."""
    segments: int
    units_left: int
    """The units that fit before one more segment is billed."""
    costly: tuple[CostlyCharacter, ...]
    cannot_go: str | None
    """The reason why these channels cannot send it, or None."""


@dataclass(frozen=True, slots=True)
class PreviewedScreen:
    """One USSD screen as a phone shows it."""

    text: str
    encoding: str
    units: int
    units_max: int
    """The most units of a screen on these networks, in this encoding."""


@dataclass(frozen=True, slots=True)
class ShownScreens:
    """The screens of one question on networks with equal limits."""

    channels: tuple[str, ...]
    networks: tuple[str, ...]
    """The codes of the networks; `default` stands for all that are not listed."""
    input_characters: int
    """The longest input that these networks carry whole."""
    screens: tuple[PreviewedScreen, ...]


@dataclass(frozen=True, slots=True)
class ShownQuestion:
    """One task as workers of one language receive it."""

    task: str
    sms: tuple[ShownSms, ...]
    screens: tuple[ShownScreens, ...]


@dataclass(frozen=True, slots=True)
class ShownReplies:
    """The replies of a worker, as the gateway's own reader understands them."""

    how: str
    """The line that tells workers how to reply."""
    means: dict[str, tuple[str, ...]]
    """The replies that are understood, by the value that is stored. Typed answers have none."""
    skip: tuple[str, ...]
    """The words that leave a question out."""


@dataclass(frozen=True, slots=True)
class ShownLanguage:
    """The preview in one language."""

    language: str
    questions: tuple[ShownQuestion, ...]
    several: tuple[ShownSms, ...]
    """The SMS with several of these questions; empty where they are asked one by one."""
    replies: ShownReplies


@dataclass(frozen=True, slots=True)
class SegmentPriceShown:
    """The price of one SMS segment to a worker, in millionths of a major unit."""

    channel: str
    country: str
    currency: str
    micro: int


@dataclass(frozen=True, slots=True)
class ShownPrice:
    """The price of the previewed tasks, in minor units, without messages."""

    currency: str
    price_minor: int
    partner_price_minor: int
    answers_least: int
    answers_most: int
    least_minor: int
    most_minor: int
    segments: tuple[SegmentPriceShown, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview of a batch."""

    languages: tuple[ShownLanguage, ...]
    rotates: bool
    """True if each worker sees the options in an order of her own; the preview shows one."""
    price: ShownPrice
    warned: int
    warnings: list[dict[str, object]]
    """The advice on texts, as in the quote."""
