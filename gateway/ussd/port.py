"""The port of a USSD channel.

Each channel is one file in `ussd/channels/`; the provider's words stay inside that file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol, cast, runtime_checkable

from gateway.ussd.networks import Network


@dataclass(frozen=True, slots=True)
class UssdStep:
    """One key press as the provider reports it.

    `transcript` holds all inputs of the session so far, joined by `*` ("" at the start). Such a
    step is unique by (session, number, transcript), since these providers give it no id.

    `newest` is the newest input, where the provider sends only that. The transcript is then ""
    until the session is known. Such a step is unique by (session, number, `id`).
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
    """The provider's notice that a session is over.

    `completed` is False where the session was dropped or timed out.
    """

    session: str
    msisdn: str
    completed: bool
    cost_minor: int | None = None


@dataclass(frozen=True, slots=True)
class ShownScreen:
    """The output on a phone: a screen, and whether the session ends with it."""

    text: str
    end: bool


PLAIN = "text/plain; charset=utf-8"
STEP_ID = "gateway.step"
"""The field under which the gateway numbers a step whose provider does not."""


@dataclass(frozen=True, slots=True)
class UssdReply:
    """A screen in the format of its provider."""

    body: bytes
    media_type: str = PLAIN
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class UssdChannel(Protocol):
    """A USSD channel, made by its module's `make(name, options)`."""

    name: str
    service_code: str

    def parse_step(self, form: Mapping[str, str]) -> UssdStep:
        """Read a step. Raises `Refused` when the form is not a step of this provider."""
        ...

    def parse_end(self, form: Mapping[str, str]) -> SessionEnd:
        """Read the end of a session. Raises `Refused` when the form is none of this provider's."""
        ...

    def render(self, text: str, *, end: bool, form: Mapping[str, str]) -> UssdReply:
        """Return the response for a screen.

        `form` is the call that is answered, where it could be read.
        """
        ...

    def network(self, code: str | None) -> Network:
        """Return the limits of screens, inputs and sessions on that network."""
        ...


@runtime_checkable
class TakesGetSteps(Protocol):
    """A channel whose provider may send a step in the address of a GET; all others only post."""

    takes_get: bool


@runtime_checkable
class EndsAmongSteps(Protocol):
    """A channel whose provider reports the end of a session at the address of the steps."""

    def is_end(self, form: Mapping[str, str]) -> bool:
        """Return True if a call reports that the session is over, so that no screen is wanted."""
        ...


@runtime_checkable
class TellsInput(Protocol):
    """A channel that names the fields of a call which hold the worker's input."""

    typed_in: tuple[str, ...]


@cache
def tells_ends_among_steps(kind: type[UssdChannel]) -> bool:
    """Return True if channels of this class are `EndsAmongSteps`.

    The result is cached, because checking each call costs 50 us.
    """
    return issubclass(kind, EndsAmongSteps)


def is_end(ussd: UssdChannel, form: Mapping[str, str]) -> bool:
    """Return True if a call at the address of the steps reports that its session is over."""
    return tells_ends_among_steps(type(ussd)) and cast("EndsAmongSteps", ussd).is_end(form)
