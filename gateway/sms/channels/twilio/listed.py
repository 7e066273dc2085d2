"""Twilio's own list of messages.

It shows the outcome of a message whose answer was lost, and the messages whose webhook never came.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.base.forms import stamp
from gateway.sms.port import OutboundSms, SendStatus, Sent

ASKED_MAX = 50
_CLOCKS = timedelta(minutes=2)


class _Message(BaseModel):
    """One message of Twilio's list."""

    model_config = ConfigDict(coerce_numbers_to_str=True)
    sid: str
    sender: str = Field(default="", alias="from")
    to: str = ""
    body: str = ""
    direction: str = ""
    date_created: str = ""


class _Messages(BaseModel):
    """One page of Twilio's list."""

    messages: list[_Message]
    next_page_uri: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of incoming messages, newest first."""

    came: list[tuple[dict[str, str], datetime]]
    """Each message as the form that its webhook would have had, with the time at which Twilio took
    it.
    """
    more: str | None
    """The path of the next page; None on the last page."""


def page(body: bytes) -> Page:
    """Read a page of the list. Raises ValueError where the body is none."""
    read = _Messages.model_validate_json(body)
    came = [
        ({"MessageSid": one.sid, "From": one.sender, "To": one.to, "Body": one.body}, _created(one.date_created))
        for one in read.messages
        if one.direction == "inbound"
    ]  # fmt: skip
    more = read.next_page_uri
    return Page(came, more if more and more.startswith("/") else None)


def found(
    message: OutboundSms, status: int, body: bytes, since: datetime, known: Collection[str]
) -> Sent:
    """Return the outcome of a message whose answer was lost, by Twilio's list of messages."""
    try:
        listed = _Messages.model_validate_json(body).messages
        made = [(one, _created(one.date_created)) for one in listed]
    except (ValidationError, ValueError):
        return Sent(message.key, SendStatus.UNKNOWN, reason=f"asked: HTTP {status}")
    if status != 200:  # noqa: PLR2004
        return Sent(message.key, SendStatus.UNKNOWN, reason=f"asked: HTTP {status}")
    # Twilio's clock and the gateway's may differ by some seconds.
    begun = since - _CLOCKS
    for one, at in made:
        ours = one.direction.startswith("outbound") and one.body == message.text
        if ours and at >= begun and one.sid not in known:
            return Sent(message.key, SendStatus.ACCEPTED, one.sid)
    if len(listed) >= ASKED_MAX and all(at >= begun for _, at in made):
        return Sent(message.key, SendStatus.UNKNOWN, reason="asked: too many messages since then")
    return Sent(message.key, SendStatus.RETRY, reason="asked: Twilio does not have it")


def _created(written: str) -> datetime:
    """Return the time at which Twilio took a message, like `Thu, 24 Aug 2023 05:01:45 +0000`.

    Raises ValueError when the text is not a date.
    """
    found = stamp(written)
    if found is None:
        raise ValueError("no date")
    return found.at
