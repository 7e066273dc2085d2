"""What a USSD channel must do.

One channel a file in `ussd/channels/`; provider words stop at that file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol, cast, runtime_checkable

from gateway.ussd.networks import Network


@dataclass(frozen=True, slots=True)
class UssdStep:
    """One key press as the provider tells it.

    `transcript`: all inputs of the session so far, joined by `*` ("" at the start). (session,
    number, transcript) is what makes such a step unique, since these providers give it no id.
    `newest`: the newest input, where the provider tells that alone; the transcript is then "" until
    the session is known. Such a step is unique by (session, number, `id`).
    """

    session: str
    msisdn: str
    service_code: str
    transcript: str
    network: str | None = None
    newest: str | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """The provider's notice that a session is over. `completed` False: dropped or timed out."""

    session: str
    msisdn: str
    completed: bool
    cost_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What a phone shows: a screen, and whether the session is over with it."""

    text: str
    end: bool


PLAIN = "text/plain; charset=utf-8"
STEP_ID = "gateway.step"
"""The field under which the gateway numbers a step whose provider does not."""


@dataclass(frozen=True, slots=True)
class UssdReply:
    """A screen as its provider wants to read it."""

    body: bytes
    media_type: str = PLAIN
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class UssdChannel(Protocol):
    """Made by the channel module's `make(name, options)`."""

    name: str
    service_code: str

    def parse_step(self, form: Mapping[str, str]) -> UssdStep:
        """Raises `Refused` when it is not a step of this provider at all."""
        ...

    def parse_end(self, form: Mapping[str, str]) -> SessionEnd: ...

    def render(self, text: str, *, end: bool, form: Mapping[str, str]) -> UssdReply:
        """Return the response for a screen.

        `form`: the call that is answered, where it could be read.
        """
        ...

    def network(self, code: str | None) -> Network:
        """How long screens, inputs and sessions may be on that network."""
        ...


@runtime_checkable
class TakesGet(Protocol):
    """A channel whose provider may bring a step in the address of a GET; all others only post."""

    takes_get: bool


@runtime_checkable
class EndsAmongSteps(Protocol):
    """A channel whose provider tells the end of a session at the address of the steps."""

    def is_end(self, form: Mapping[str, str]) -> bool:
        """Return whether a call tells that the session is over, so that no screen is wanted."""
        ...


@runtime_checkable
class TellsInput(Protocol):
    """A channel that knows which fields of a call hold what was typed."""

    typed_in: tuple[str, ...]


@cache
def tells_ends_among_steps(kind: type[UssdChannel]) -> bool:
    """Return whether channels of this class are `EndsAmongSteps`; asking that of each call costs 50 us."""
    return issubclass(kind, EndsAmongSteps)


def is_end(ussd: UssdChannel, form: Mapping[str, str]) -> bool:
    """Return whether a call at the address of the steps tells that its session is over."""
    return tells_ends_among_steps(type(ussd)) and cast("EndsAmongSteps", ussd).is_end(form)
