"""The built-in phone: USSD sessions that never leave the machine, for trials and tests.

A step is a plain form {session, from, text}, with all inputs so far in `text`, joined by `*`. The
answer is `CON ...` or `END ...` as with Africa's Talking. The end of a session is {session, from,
completed=yes|no}.
"""

from collections.abc import Mapping

from pydantic import Field

from gateway.base import forms as fields
from gateway.base.options import read_options
from gateway.ussd.networks import Network
from gateway.ussd.options import UssdOptions
from gateway.ussd.port import SessionEnd, UssdReply, UssdStep


class PhoneUssdOptions(UssdOptions):
    """The options of the built-in phone."""

    service_code: str = Field(default="*384*20880#", min_length=1)


EXAMPLE: Mapping[str, object] = {}
"""Options with which a channel of this kind can be made. Every secret in them is `k-secret`."""


def make(name: str, options: Mapping[str, object]) -> "PhoneUssd":
    return PhoneUssd(name, read_options(PhoneUssdOptions, name, options))


class PhoneUssd:
    """The USSD channel of the built-in phone."""

    def __init__(self, name: str, options: PhoneUssdOptions) -> None:
        self.name = name
        self.service_code = options.service_code
        self._options = options

    def parse_step(self, form: Mapping[str, str]) -> UssdStep:
        return UssdStep(
            session=fields.need(form, "session"),
            msisdn=fields.number(form, "from"),
            service_code=fields.text_of(form, "service_code").strip() or self.service_code,
            transcript=fields.text_of(form, "text"),
            network=fields.text_of(form, "network").strip() or None,
        )

    def parse_end(self, form: Mapping[str, str]) -> SessionEnd:
        return SessionEnd(
            session=fields.need(form, "session"),
            msisdn=fields.number(form, "from"),
            completed=fields.text_of(form, "completed") == "yes",
        )

    def render(self, text: str, *, end: bool, form: Mapping[str, str]) -> UssdReply:
        return UssdReply(f"{'END' if end else 'CON'} {text.strip() or '.'}".encode())

    def network(self, code: str | None) -> Network:
        return self._options.network(code)
