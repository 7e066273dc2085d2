"""Africa's Talking USSD: one POST per key press, answered within 10 s with `CON ...` or `END ...`.

Wire format: developers.africastalking.com/docs/ussd. A turn has no id, and the provider promises no
order. The session and all its inputs so far, joined by `*`, make a step unique.
"""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from gateway.base import forms as fields
from gateway.base.errors import Refused
from gateway.base.money import minor_per_major
from gateway.base.options import read_options
from gateway.ussd.networks import Network
from gateway.ussd.options import UssdOptions
from gateway.ussd.port import SessionEnd, UssdReply, UssdStep

_COST = re.compile(r"\s*([A-Z]{3})\s+(\d{1,9}(?:\.\d{1,9})?)\s*", re.ASCII)


EXAMPLE: Mapping[str, object] = {"service_code": "*384*123#"}
"""Options with which a channel of this kind can be made. Every secret in them is `k-secret`."""


def make(name: str, options: Mapping[str, object]) -> "AfricasTalkingUssd":
    return AfricasTalkingUssd(name, read_options(UssdOptions, name, options))


class AfricasTalkingUssd:
    """A USSD channel for Africa's Talking."""

    def __init__(self, name: str, options: UssdOptions) -> None:
        self.name = name
        self.service_code = options.service_code
        self._options = options

    def parse_step(self, form: Mapping[str, str]) -> UssdStep:
        return UssdStep(
            session=fields.need(form, "sessionId"),
            msisdn=fields.number(form, "phoneNumber"),
            service_code=fields.text_of(form, "serviceCode").strip() or self.service_code,
            transcript=fields.text_of(form, "text"),
            network=fields.text_of(form, "networkCode").strip() or None,
        )

    def parse_end(self, form: Mapping[str, str]) -> SessionEnd:
        """Read the end of a session.

        `Incomplete` means that the worker hung up or the time ran out. `Failed` means that the
        gateway's answer was late or invalid.
        """
        return SessionEnd(
            session=fields.need(form, "sessionId"),
            msisdn=fields.number(form, "phoneNumber"),
            completed=fields.need(form, "status").casefold() == "success",
            cost_minor=_cost_minor(fields.text_of(form, "cost")),
        )

    def render(self, text: str, *, end: bool, form: Mapping[str, str]) -> UssdReply:
        """Return the reply for a screen.

        A leading blank or an empty screen would end the session with an error on the phone.
        """
        return UssdReply(f"{'END' if end else 'CON'} {text.strip() or '.'}".encode())

    def network(self, code: str | None) -> Network:
        return self._options.network(code)


def _cost_minor(written: str) -> int | None:
    """Return the minor units of a text like `KES 0.10` (10), or None for an unreadable text."""
    found = _COST.fullmatch(written)
    if not found:
        return 0 if written.strip() == "0" else None
    try:
        minor = Decimal(found[2]) * minor_per_major(found[1])
    except Refused:
        return None
    return int(minor.quantize(Decimal(1), ROUND_HALF_UP))
