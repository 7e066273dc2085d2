"""A channel for any aggregator with an HTTP interface, described in the settings.

The settings hold templates of the requests and maps of the provider's words.

Outgoing: `url`, `headers`, and `form` or `json` hold `{to}` (+2547...), `{msisdn}` (2547...),
`{text}`, `{sender}`, `{key}` (the gateway's id of the message) and the names of `secrets`. A value
is escaped for the position it stands in. The host of the address is fixed.

Incoming: `incoming`, `receipt` and `opt_out` name the provider's fields (of a JSON body by their
path, `message.from`), and the list of events that a call may hold.

The address must be https unless `insecure` is set. The HTTP session reaches no private address that
is not permitted, and follows no redirect.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal, cast
from urllib.parse import quote, urlencode

import aiohttp
import orjson
from pydantic import Field, SecretStr, model_validator

from gateway.base import forms as fields
from gateway.base.errors import Refused
from gateway.base.forms import names
from gateway.base.net.outbound import TIMEOUT, read_limited
from gateway.base.options import Options, read_options
from gateway.base.plugins import DashboardHooks
from gateway.gsm.segments import PARTS_USUAL, Capacity
from gateway.sms import provider_names as named
from gateway.sms.lost import each_alone
from gateway.sms.port import (
    Acknowledgement,
    Delivery,
    Hint,
    InboundSms,
    OptOut,
    OutboundSms,
    Receipt,
    SendStatus,
    Sent,
    Webhook,
)

_PLACE = re.compile(r"\{(\w+)\}")
_OURS = {"to", "msisdn", "text", "sender", "key"}
_ANSWER_BYTES_MAX = 8192
_LATER = {404, 425, 429, 503}
_REASON_CHARS_MAX = 120
Json = object


class HttpOptions(Options):
    """The options of an HTTP channel.

    - `accepted`, `refused`, `retry` and `pause` are patterns in the answer to a send. They mean:
      the provider took it; it
      never will; it may later; the account is to blame.
    - `max_parts`, `max_characters` and `alphabet` say how much one message can hold.
    - `message_id` is a pattern with one group, the provider's id. Without it receipts name the
      gateway's `{key}`.
    - `statuses` maps the provider's words to those of the gateway (sent, buffered, away, failed,
      delivered).
    - `insecure` permits http.
    """

    sender: str = Field(min_length=1)
    url: str = Field(pattern=r"^https?://[^\s{}/?#@]+(?:[/?]\S*)?$")
    method: str = Field(default="POST", pattern=r"^(GET|POST|PUT)$")
    headers: dict[str, str] = Field(default={})
    form: dict[str, str] | None = None
    json_body: dict[str, Json] | None = Field(default=None, alias="json")
    secrets: dict[str, SecretStr] = Field(default={})
    accepted_status: tuple[int, ...] = (200, 201, 202)
    accepted: re.Pattern[str] | None = None
    refused: re.Pattern[str] | None = None
    retry: re.Pattern[str] | None = None
    message_id: re.Pattern[str] | None = None
    incoming: named.Incoming = named.Incoming()
    receipt: named.ReceiptFields = named.ReceiptFields()
    statuses: dict[str, Delivery] = Field(default={})
    opt_out: str | None = None
    max_parts: int = Field(default=PARTS_USUAL, ge=1, le=255)
    max_characters: int | None = Field(default=None, ge=70)
    alphabet: Literal["any", "gsm7"] = "any"
    pause: re.Pattern[str] | None = None
    thanks: str = ""
    thanks_type: str = "text/plain"
    insecure: bool = False

    @model_validator(mode="before")
    @classmethod
    def _moved(cls, given: object) -> object:
        if isinstance(given, dict) and "private_networks" in given:
            raise ValueError(
                "private_networks is now the setting `private_addresses`, which holds for every channel and provider"
            )
        return cast("object", given)

    @model_validator(mode="after")
    def _can_work(self) -> "HttpOptions":
        if not self.insecure and not self.url.startswith("https:"):
            raise ValueError("url is not https; `insecure = true` allows it")
        if self.form is not None and self.json_body is not None:
            raise ValueError("form and json exclude each other")
        if self.message_id is not None and self.message_id.groups != 1:
            raise ValueError("message_id needs one group, the id itself")
        known = _OURS | self.secrets.keys()
        for template in _strings([self.url, self.headers, self.form, self.json_body]):
            for place in _PLACE.findall(template):
                if place not in known:
                    raise ValueError(f"{{{place}}} is not defined")
        return self


EXAMPLE: Mapping[str, object] = {
    "sender": "21512",
    "url": "http://127.0.0.1:1",
    "insecure": True,
    "secrets": {"password": "k-secret"},
    "form": {"to": "{to}", "text": "{text}", "p": "{password}"},
}
"""Options with which a channel of this kind can be made. Every secret in them is `k-secret`."""


def hooks(options: Mapping[str, object]) -> DashboardHooks:
    """Return the address for opt-outs, where the options say how a call names its subscriber."""
    return (("opt-out", "opt-outs"),) if "opt_out" in options else ()


def make(name: str, options: Mapping[str, object]) -> "Http":
    return Http(name, read_options(HttpOptions, name, options))


class Http:
    """A channel for an aggregator with an HTTP interface."""

    takes_get = True

    def __init__(self, name: str, options: HttpOptions) -> None:
        self.name = name
        self.sender = options.sender
        self.thanks = Acknowledgement(
            options.thanks.encode(), options.thanks_type if options.thanks else None
        )
        self.capacity = Capacity(options.max_parts, options.max_characters, options.alphabet)
        self._options = options
        self._statuses = {word.casefold(): ours for word, ours in options.statuses.items()}

    def authentic(self, call: Webhook) -> bool:
        return True

    def events(
        self, kind: str, pairs: Sequence[tuple[str, str]]
    ) -> list[tuple[str, Sequence[tuple[str, str]]]]:
        """Return the events in one call, each as the message or the report that it is."""
        incoming, receipt = self._options.incoming, self._options.receipt
        first, second = incoming.messages, receipt.reports
        if kind == "receipt":
            first, second = second, first
        found = named.items(pairs, first)
        if len(found) == 1 and found[0] is pairs:
            found = named.items(pairs, second)
        return [(self._kind(kind, dict(item)), item) for item in found]

    def _kind(self, address: str, form: Mapping[str, str]) -> str:
        """Return the kind of an item, told by its fields or else by the address it came to."""
        incoming, receipt = self._options.incoming, self._options.receipt
        if receipt.when:
            told = (p.search(form.get(name, "")) is not None for name, p in receipt.when.items())
            return "receipt" if all(told) else "sms"
        message = names.has(form, incoming.sender) and names.has(form, incoming.text)
        report = names.has(form, receipt.id) and names.has(form, receipt.status)
        if message == report:
            return address
        return "sms" if message else "receipt"

    def parse_sms(self, form: Mapping[str, str]) -> InboundSms:
        at = self._options.incoming
        return InboundSms(
            provider_id=names.event_id(form, at.id),
            sender=names.number(form, at.sender),
            to=names.optional(form, at.to).strip().removeprefix("tel:") or self.sender,
            text=names.optional(form, at.text),
            stamp=fields.stamp(names.optional(form, at.date), at.zone),
        )

    def parse_receipt(self, form: Mapping[str, str]) -> Receipt:
        at = self._options.receipt
        status = names.needed(form, at.status)
        reason = names.optional(form, at.reason).strip()[:_REASON_CHARS_MAX]
        delivery = self._statuses.get(status.casefold())
        return Receipt(names.needed(form, at.id), delivery, status, reason or None)

    def parse_opt_out(self, form: Mapping[str, str]) -> OptOut:
        if self._options.opt_out is None:
            raise Refused(f"channel {self.name!r} names no opt_out field", status=400)
        return OptOut(fields.number(form, self._options.opt_out), self.sender)

    async def send(
        self, http: aiohttp.ClientSession, messages: Sequence[OutboundSms]
    ) -> list[Sent]:
        return await each_alone(messages, partial(self._one, http))

    async def _one(self, http: aiohttp.ClientSession, message: OutboundSms) -> Sent:
        url, headers, body = self.request(message)
        async with http.request(
            self._options.method,
            url,
            headers=headers,
            data=body,
            timeout=TIMEOUT,
            allow_redirects=False,
        ) as response:
            answer = await read_limited(response.content, _ANSWER_BYTES_MAX)
            return self.understood(message, response.status, answer)

    def request(self, message: OutboundSms) -> tuple[str, dict[str, str], bytes | None]:
        """Return the address, the headers and the body that send one message."""
        options = self._options
        values = {name: secret.get_secret_value() for name, secret in options.secrets.items()} | {
            "to": message.to,
            "msisdn": message.to.lstrip("+"),
            "text": message.text,
            "sender": self.sender,
            "key": message.key,
        }
        headers = {
            name: _filled(template, values, lambda v: " ".join(v.split()))
            for name, template in options.headers.items()
        }
        body: bytes | None = None
        if options.form is not None:
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
            body = urlencode({n: _filled(t, values, str) for n, t in options.form.items()}).encode()
        elif options.json_body is not None:
            headers.setdefault("Content-Type", "application/json")
            body = orjson.dumps(_filled_json(options.json_body, values))
        url = _filled(options.url, values, lambda v: quote(v, safe=""))
        return url, headers, body

    def understood(self, message: OutboundSms, status: int, body: bytes) -> Sent:
        """Read the provider's answer to one message."""
        options, said = self._options, body.decode(errors="replace")
        if status in options.accepted_status and _matches(options.accepted, said, unset=True):
            given = options.message_id.search(said) if options.message_id else None
            return Sent(message.key, SendStatus.ACCEPTED, given[1] if given else message.key)
        outcome, hint = self._outcome(status, said)
        # Only the status is kept: the provider's words may hold the number or one of the gateway's
        # passwords.
        return Sent(message.key, outcome, reason=f"HTTP {status}", hint=hint)

    def _outcome(self, status: int, said: str) -> tuple[SendStatus, Hint | None]:
        """Return the outcome and the hint of an answer that is not an acceptance.

        The patterns of the settings come first, because they know the words of this provider.
        """
        options = self._options
        if _matches(options.refused, said):
            return SendStatus.REFUSED, None
        if _matches(options.pause, said):
            return SendStatus.RETRY, Hint.PAUSE
        if _matches(options.retry, said) or status in _LATER or 300 <= status < 400:  # noqa: PLR2004
            return SendStatus.RETRY, None
        if status in {401, 402, 403}:
            return SendStatus.RETRY, Hint.PAUSE
        if 400 <= status < 500 and status != 408:  # noqa: PLR2004
            return SendStatus.REFUSED, None
        return SendStatus.UNKNOWN, None


def _matches(pattern: re.Pattern[str] | None, said: str, *, unset: bool = False) -> bool:
    return unset if pattern is None else pattern.search(said) is not None


def _filled(template: str, values: Mapping[str, str], escape: Callable[[str], str]) -> str:
    """Fill a template in one pass, so that a value is never read as a template."""
    return _PLACE.sub(lambda place: escape(values[place[1]]), template)


def _filled_json(template: Json, values: Mapping[str, str]) -> Json:
    if isinstance(template, str):
        return _filled(template, values, str)
    if isinstance(template, dict):
        inner = cast("dict[str, Json]", template)
        return {name: _filled_json(one, values) for name, one in inner.items()}
    if isinstance(template, list):
        return [_filled_json(one, values) for one in cast("list[Json]", template)]
    return template


def _strings(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(cast("dict[str, Json]", value).values())
    if isinstance(value, list):
        return [text for one in cast("list[Json]", value) for text in _strings(one)]
    return []
