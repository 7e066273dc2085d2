"""Twilio: sending, incoming messages, status callbacks, and the signature on each of them.

Wire format: www.twilio.com/docs/messaging and the requests of its Python SDK 9.13.0. YES re-opens and END, CANCEL
stop a subscription at Twilio itself: never ask for these words as answers on this channel.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from functools import partial
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from gateway import forms as fields
from gateway.errors import Failed, Refused
from gateway.money import MINOR_DIGITS
from gateway.options import Options, read
from gateway.sms.lost import TIMEOUT, ask, each_alone
from gateway.sms.port import (
    Delivery,
    Hint,
    InboundSms,
    OptOut,
    OutboundSms,
    Outcome,
    Receipt,
    Sent,
    Thanks,
    Webhook,
)

LIVE = "https://api.twilio.com"

DELIVERIES = {
    # Twilio has it, the network may not: the lowest rank.
    "accepted": Delivery.SENT,
    "scheduled": Delivery.SENT,
    "queued": Delivery.SENT,
    "sending": Delivery.SENT,
    "sent": Delivery.SENT,
    "delivered": Delivery.DELIVERED,
    "read": Delivery.DELIVERED,
    "undelivered": Delivery.FAILED,
    "failed": Delivery.FAILED,
    "canceled": Delivery.FAILED,
}
# Errors that say more than their HTTP status. Twilio splits and adds codes; any other 4xx is final.
OPTED_OUT = 21610
UNREACHABLE_NOW = 30003
RETRY_CODES = {20003, 20429, 21611, 30001, 30002, 30022, 30023, 30032, 30034, 63018}
# 20003 the key, 20005 the account is not active, 30002 it is suspended; 21408 no permission for the region, 21612 no
# road from this sender.
PAUSE_CODES, REROUTE_CODES = {20003, 20005, 30002}, {21408, 21612}
_HASHES = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
_BASE64 = re.compile(
    r"(?:[A-Za-z0-9+/]{4}){14,}(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)"
)
_REASON_CHARS_MAX = 120
_ASKED_MAX = 50
_CLOCKS = timedelta(minutes=2)
_MEDIA_MAX = 10  # as many as Twilio takes in one message


class TwilioOptions(Options):
    """`sender` is the number workers text; with `messaging_service_sid` Twilio chooses which one sends.
    `webhook_key`: the shared key of SHA-256 signatures, where you have made one; else the auth token signs."""

    account_sid: str = Field(pattern=r"^AC\w+$")
    auth_token: SecretStr = Field(min_length=1)
    sender: str = Field(min_length=1)
    messaging_service_sid: str | None = Field(default=None, pattern=r"^MG\w+$")
    webhook_key: SecretStr | None = None
    receipt_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    base_url: str = Field(default=LIVE, pattern=r"^https?://\S+$")


class _Message(BaseModel):
    sid: str
    body: str = ""
    direction: str = ""
    date_created: str = ""


class _Messages(BaseModel):
    messages: list[_Message]


class _Reply(BaseModel):
    """A message resource, or an error: the fields of both."""

    model_config = ConfigDict(coerce_numbers_to_str=True)
    sid: str | None = None
    status: str | None = None
    code: int | None = None
    error_code: int | None = None
    message: str | None = None
    price: str | None = None
    price_unit: str | None = None


class _Balance(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)
    currency: str
    balance: str


def make(name: str, options: Mapping[str, object]) -> "Twilio":
    return Twilio(name, read(TwilioOptions, name, options))


class Twilio:
    def __init__(self, name: str, options: TwilioOptions) -> None:
        self.name = name
        self.sender = options.sender
        self.thanks = Thanks(b'<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")
        self._options = options
        account = f"{options.base_url.rstrip('/')}/2010-04-01/Accounts/{options.account_sid}"
        self._url, self._balance_url = f"{account}/Messages.json", f"{account}/Balance.json"

    def authentic(self, call: Webhook) -> bool:
        """Twilio signs the address it calls (sometimes with, sometimes without port) and the sorted fields of a form;
        of any other body, whose digest then stands in the address, the address alone."""
        algorithm = _algorithm(call.headers.get("x-twilio-webhooks-signature-settings", ""))
        signature = call.headers.get("x-twilio-signature", "").encode()
        if algorithm not in _HASHES or not signature:
            return False
        shared = self._options.webhook_key if algorithm == "HMAC_SHA256" else None
        key = (shared or self._options.auth_token).get_secret_value().encode()
        digest = _body_digest(call.url)
        if digest is not None and not hmac.compare_digest(
            hashlib.sha256(call.body).hexdigest().encode(), digest.encode(errors="replace")
        ):
            return False
        # A value that comes twice under one name is signed once, as the SDK does it.
        fields_said = sorted(set(call.pairs)) if digest is None else []
        said = "".join(name + value for name, value in fields_said)
        return any(
            hmac.compare_digest(_sign(key, address + said, _HASHES[algorithm]), signature)
            for address in _with_and_without_port(call.url)
        )

    def parse_sms(self, form: Mapping[str, str]) -> InboundSms:
        """Where Twilio itself took the text for an opt-out word (in any language), that word is the text. But YES,
        which Twilio takes for START, is an answer to us."""
        opt_out_type = fields.text_of(form, "OptOutType").upper()
        if opt_out_type == "START" and fields.text_of(form, "Body").strip().upper() == "YES":
            opt_out_type = ""
        return InboundSms(
            provider_id=fields.need(form, "MessageSid"),
            sender=fields.number(form, "From"),
            to=fields.number(form, "To"),
            text=opt_out_type or _plain(fields.text_of(form, "Body")),
            sent_at=None,
            media=_media(form),
        )

    def parse_receipt(self, form: Mapping[str, str]) -> Receipt:
        status = fields.need(form, "MessageStatus")
        code = fields.text_of(form, "ErrorCode").strip()
        delivery = DELIVERIES.get(status.casefold())
        if delivery is Delivery.FAILED and code == str(UNREACHABLE_NOW):
            delivery = Delivery.AWAY
        return Receipt(
            provider_id=fields.need(form, "MessageSid"),
            delivery=delivery,
            raw_status=status,
            reason=f"Twilio error {code}"[:_REASON_CHARS_MAX] if code else None,
            opted_out=code == str(OPTED_OUT),
        )

    def parse_opt_out(self, form: Mapping[str, str]) -> OptOut:
        raise Refused("Twilio has no opt-out notice; opt-outs come as messages", status=400)

    async def balance(self, http: aiohttp.ClientSession) -> str:
        headers = {name: said for name, said in self.headers().items() if name != "Content-Type"}
        answer = await ask(http, "Twilio", self._balance_url, headers)
        try:
            found = _Balance.model_validate_json(answer)
        except ValidationError as bad:
            raise Failed(f"Twilio: {bad.title} not understood", retryable=True) from bad
        return f"{found.currency} {found.balance}"

    async def send(
        self, http: aiohttp.ClientSession, messages: Sequence[OutboundSms]
    ) -> list[Sent]:
        return await each_alone(messages, partial(self._one, http))

    async def _one(self, http: aiohttp.ClientSession, message: OutboundSms) -> Sent:
        async with http.post(
            self._url,
            data=self.body(message),
            headers=self.headers(),
            timeout=TIMEOUT,
            allow_redirects=False,
        ) as response:
            return understood(message, response.status, await response.read())

    async def ask(
        self,
        http: aiohttp.ClientSession,
        message: OutboundSms,
        since: datetime,
        known: Collection[str],
    ) -> Sent:
        """Twilio takes no id of ours, so the message is looked for among the newest to this number, by its text."""
        url = f"{self._url}?{urlencode({'To': message.to, 'PageSize': _ASKED_MAX})}"
        try:
            async with http.get(
                url, headers=self.headers(), timeout=TIMEOUT, allow_redirects=False
            ) as response:
                body = await response.read()
                return found(message, response.status, body, since, known)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Sent(message.key, Outcome.UNKNOWN, reason=f"no answer: {type(error).__name__}")

    def body(self, message: OutboundSms) -> bytes:
        form = {"To": message.to}
        if self._options.receipt_url:
            form["StatusCallback"] = self._options.receipt_url
        if self._options.messaging_service_sid:
            form["MessagingServiceSid"] = self._options.messaging_service_sid
        else:
            form["From"] = self.sender
        form["Body"] = message.text
        return urlencode(form).encode()

    def headers(self) -> dict[str, str]:
        login = f"{self._options.account_sid}:{self._options.auth_token.get_secret_value()}"
        return {
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": "Basic " + base64.b64encode(login.encode()).decode(),
        }


def understood(message: OutboundSms, status: int, body: bytes) -> Sent:
    """What the API said about one message."""
    try:
        reply = _Reply.model_validate_json(body)
    except ValidationError:
        reply = _Reply()
    if 200 <= status < 300 and reply.sid:  # noqa: PLR2004
        cost_micro, currency = cost(reply.price, reply.price_unit)
        return Sent(message.key, Outcome.ACCEPTED, reply.sid, None, cost_micro, currency)
    code = reply.code or reply.error_code or 0
    # The message of an error names the phone number, so only the code is kept.
    reason = f"Twilio error {code}" if code else f"HTTP {status}"
    return Sent(
        message.key,
        _outcome(status, code),
        reason=reason,
        opted_out=code == OPTED_OUT,
        hint=_hint(status, code),
    )


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
    if len(listed) >= _ASKED_MAX and all(at >= begun for _, at in made):
        return Sent(message.key, Outcome.UNKNOWN, reason="asked: too many messages since then")
    return Sent(message.key, Outcome.RETRY, reason="asked: Twilio does not have it")


def _created(written: str) -> datetime:
    """`Thu, 24 Aug 2023 05:01:45 +0000`; with `-0000` or no zone Python reads no zone: it is UTC."""
    when = parsedate_to_datetime(written)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _hint(status: int, code: int) -> Hint | None:
    if code in REROUTE_CODES:
        return Hint.REROUTE
    return Hint.PAUSE if code in PAUSE_CODES or (not code and status in {401, 403}) else None


def _outcome(status: int, code: int) -> Outcome:
    if code in RETRY_CODES or status in {401, 403, 404, 429} or 300 <= status < 400:  # noqa: PLR2004
        return Outcome.RETRY
    return Outcome.REFUSED if 400 <= status < 500 and status != 408 else Outcome.UNKNOWN  # noqa: PLR2004


def cost(price: str | None, unit: str | None) -> tuple[int | None, str | None]:
    """Twilio's price is negative, in major units, and null until it is known; here millionths of a major unit.

    >>> cost("-0.0750", "USD"), cost(None, "USD")
    ((75000, 'USD'), (None, None))
    """
    try:
        major = abs(Decimal(price or ""))
        micro = int((major * 1_000_000).quantize(Decimal(1), ROUND_HALF_UP))
    except (InvalidOperation, OverflowError, ValueError):
        return None, None
    return (micro, unit) if unit in MINOR_DIGITS else (None, None)


def _algorithm(settings: str) -> str:
    for part in settings.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return value.strip().upper()
    return "HMAC_SHA1"


def _body_digest(url: str) -> str | None:
    """`bodySHA256` of the address: there when the body is no form (JSON)."""
    try:
        query = dict(parse_qsl(urlsplit(url).query))
    except ValueError:
        return None
    return query.get("bodySHA256")


def _sign(key: bytes, said: str, algorithm: str) -> bytes:
    digest = hmac.new(key, said.encode(errors="replace"), getattr(hashlib, algorithm)).digest()
    return base64.b64encode(digest)


def _with_and_without_port(url: str) -> list[str]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return [url]
    host = parts.netloc.rpartition(":")[0] if port else parts.netloc
    given = port or (443 if parts.scheme == "https" else 80)

    def at(netloc: str) -> str:
        return SplitResult(parts.scheme, netloc, parts.path, parts.query, parts.fragment).geturl()

    return [at(host), at(f"{host}:{given}")]


def _media(form: Mapping[str, str]) -> tuple[str, ...]:
    """The pictures of an MMS: addresses at Twilio that need our credentials."""
    count = fields.text_of(form, "NumMedia")
    wanted = min(int(count), _MEDIA_MAX) if count.isascii() and count.isdecimal() else 0
    urls = (fields.text_of(form, f"MediaUrl{n}") for n in range(wanted))
    return tuple(url for url in urls if url)


def _plain(body: str) -> str:
    """Long texts sometimes come in base64; a text of 60 and more such letters without a blank is no sentence."""
    if not _BASE64.fullmatch(body):
        return body
    try:
        text = base64.b64decode(body, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return body
    readable = sum(ch.isprintable() or ch.isspace() for ch in text)
    return text if text and readable == len(text) else body
