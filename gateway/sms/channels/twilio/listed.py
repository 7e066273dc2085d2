"""Twilio's own list of messages: it tells what became of one whose answer was lost, and which of ours never came."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.forms import stamp
from gateway.sms.port import OutboundSms, Outcome, Sent

ASKED_MAX = 50
_CLOCKS = timedelta(minutes=2)


class _Message(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)
    sid: str
    sender: str = Field(default="", alias="from")
    to: str = ""
    body: str = ""
    direction: str = ""
    date_created: str = ""


class _Messages(BaseModel):
    messages: list[_Message]
    next_page_uri: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Messages that came in, newest first, each with the form its webhook would have had.

    `more`: the next page's path.
    """

    came: list[tuple[dict[str, str], datetime]]
    more: str | None


def page(body: bytes) -> Page:
    """A page of the list; raises ValueError where it is none."""
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
    """What Twilio's list of messages says about one whose answer was lost."""
    try:
        listed = _Messages.model_validate_json(body).messages
        made = [(one, _created(one.date_created)) for one in listed]
    except (ValidationError, ValueError):
        return Sent(message.key, Outcome.UNKNOWN, reason=f"asked: HTTP {status}")
    if status != 200:  # noqa: PLR2004
        return Sent(message.key, Outcome.UNKNOWN, reason=f"asked: HTTP {status}")
    # Its clock and ours may differ by some seconds.
    begun = since - _CLOCKS
    for one, at in made:
        ours = one.direction.startswith("outbound") and one.body == message.text
        if ours and at >= begun and one.sid not in known:
            return Sent(message.key, Outcome.ACCEPTED, one.sid)
    if len(listed) >= ASKED_MAX and all(at >= begun for _, at in made):
        return Sent(message.key, Outcome.UNKNOWN, reason="asked: too many messages since then")
    return Sent(message.key, Outcome.RETRY, reason="asked: Twilio does not have it")


def _created(written: str) -> datetime:
    """Return when Twilio took a message: `Thu, 24 Aug 2023 05:01:45 +0000`. Raises ValueError for no date."""
    found = stamp(written)
    if found is None:
        raise ValueError("no date")
    return found.at
