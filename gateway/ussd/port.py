"""What a USSD channel must do. One channel a file in `ussd/channels/`; provider words stop at that file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from gateway.ussd.networks import Network


@dataclass(frozen=True, slots=True)
class UssdStep:
    """One key press as the provider tells it. `transcript`: all inputs of the session so far, joined by `*`
    ("" at the start); (session, transcript) is what makes a step unique, providers give no better id."""

    session: str
    msisdn: str
    service_code: str
    transcript: str
    network: str | None = None


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """The provider's notice that a session is over. `completed` False: dropped or timed out."""

    session: str
    msisdn: str
    completed: bool
    cost_minor: int | None = None


class UssdChannel(Protocol):
    """Made by the channel module's `make(name, options)`."""

    name: str
    service_code: str

    def parse_step(self, form: Mapping[str, str]) -> UssdStep:
        """Raises `Refused` when it is not a step of this provider at all."""
        ...

    def parse_end(self, form: Mapping[str, str]) -> SessionEnd: ...

    def render(self, text: str, *, end: bool) -> bytes:
        """The response body for a screen."""
        ...

    def network(self, code: str | None) -> Network:
        """How long screens, inputs and sessions may be on that network."""
        ...
