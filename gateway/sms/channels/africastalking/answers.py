"""The reading of Africa's Talking's answers to a send: outcome, cost and hint per recipient."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from gateway.base.money import MINOR_DIGITS
from gateway.sms.lost import without_numbers
from gateway.sms.port import Hint, OutboundSms, RefusalReason, SendStatus, Sent

# The name is read before the number: the documents and the clients in use disagree on some numbers
# (409 above all).
OUTCOMES = {
    "processed": SendStatus.ACCEPTED,
    "sent": SendStatus.ACCEPTED,
    "success": SendStatus.ACCEPTED,
    "queued": SendStatus.ACCEPTED,
    "riskhold": SendStatus.REFUSED,
    "invalidsenderid": SendStatus.REFUSED,
    "invalidphonenumber": SendStatus.REFUSED,
    "unsupportednumbertype": SendStatus.REFUSED,
    "insufficientbalance": SendStatus.RETRY,  # possible after a top-up
    "userinblacklist": SendStatus.REFUSED,
    "couldnotroute": SendStatus.REFUSED,  # another channel may reach it
    "donotdisturbrejection": SendStatus.RETRY,  # Nigeria, promotional senders, 20:00-08:00
    "duplicaterequest": SendStatus.UNKNOWN,  # an earlier copy may have gone out
    "internalservererror": SendStatus.UNKNOWN,
    "gatewayerror": SendStatus.UNKNOWN,
    "rejectedbygateway": SendStatus.REFUSED,
}
HINTS = {
    "insufficientbalance": Hint.PAUSE,
    "couldnotroute": Hint.REROUTE,
    "donotdisturbrejection": Hint.MORNING,
}
FAULTS = {
    "invalidphonenumber": RefusalReason.NUMBER,
    "unsupportednumbertype": RefusalReason.NUMBER,
    "couldnotroute": RefusalReason.NUMBER,
    "riskhold": RefusalReason.CONTENT,
    "userinblacklist": RefusalReason.BLOCKED,
}
NAMES = {
    100: "Processed", 101: "Sent", 102: "Queued", 401: "RiskHold", 402: "InvalidSenderId", 403: "InvalidPhoneNumber",
    404: "UnsupportedNumberType", 405: "InsufficientBalance", 406: "UserInBlacklist", 407: "CouldNotRoute",
    409: "DoNotDisturbRejection", 500: "InternalServerError", 501: "GatewayError", 502: "RejectedByGateway",
}  # fmt: skip


_COST = re.compile(r"\s*([A-Z]{3})\s+(\d{1,9}(?:\.\d{1,9})?)\s*", re.ASCII)
_REASON_CHARS_MAX = 120


class _Recipient(BaseModel):
    """The answer for one recipient."""

    model_config = ConfigDict(alias_generator=to_camel, coerce_numbers_to_str=True)
    number: str = ""
    status: str = ""
    status_code: int = 0
    message_id: str | None = None
    cost: str | None = None


class _Data(BaseModel):
    """The part of an answer that lists the recipients."""

    model_config = ConfigDict(alias_generator=to_camel, coerce_numbers_to_str=True)
    message: str = Field(default="", alias="Message")
    recipients: list[_Recipient] = Field(default=[], alias="Recipients")


class _Reply(BaseModel):
    """The answer to one call."""

    data: _Data = Field(alias="SMSMessageData")


def understood(call: Sequence[OutboundSms], status: int, body: bytes) -> list[Sent]:
    """Return one `Sent` per message of a call, read from the HTTP status and the body."""
    try:
        reply = _Reply.model_validate_json(body).data
    except ValidationError:
        outcome, hint = _outcome_of_status(status), _hint_of_status(status)
        reason = _reason(f"HTTP {status}", body)
        return [Sent(m.key, outcome, reason=reason, hint=hint) for m in call]
    if not reply.recipients:  # The whole call was refused, and Message holds the reason.
        said_nothing_known = _outcome_of_status(status) if status >= 400 else SendStatus.RETRY  # noqa: PLR2004
        name = reply.message.strip().casefold()
        outcome = OUTCOMES.get(name, said_nothing_known)
        hint = HINTS.get(name, _hint_of_status(status))
        return [Sent(m.key, outcome, reason=_reason(reply.message), hint=hint) for m in call]
    answers = {_digits(each.number): each for each in reply.recipients}
    if len(call) == len(reply.recipients) == 1:
        answers = {_digits(call[0].to): reply.recipients[0]}
    return [_sent(message, answers.get(_digits(message.to))) for message in call]


def _sent(message: OutboundSms, answer: _Recipient | None) -> Sent:
    if answer is None:
        return Sent(message.key, SendStatus.UNKNOWN, reason="the answer does not name this number")
    name = answer.status.strip().casefold()
    if name not in OUTCOMES:
        name = NAMES.get(answer.status_code, "").casefold()
    outcome = OUTCOMES.get(name, SendStatus.UNKNOWN)
    cost_micro, currency = cost(answer.cost or "")
    return Sent(
        key=message.key,
        outcome=outcome,
        provider_id=answer.message_id if answer.message_id not in {None, "", "None"} else None,
        reason=None
        if outcome is SendStatus.ACCEPTED
        else _reason(answer.status or f"statusCode {answer.status_code}"),
        cost_micro=cost_micro,
        currency=currency,
        opted_out=name == "userinblacklist",
        hint=HINTS.get(name),
        fault=FAULTS.get(name) if outcome is SendStatus.REFUSED else None,
    )


def cost(written: str) -> tuple[int | None, str | None]:
    """Return the cost in millionths and the currency, read from a text like `KES 0.8000`.

    A bare `0` has no currency. Both are None for a text that cannot be read.

    >>> cost("KES 0.8000"), cost("UGX 35.0000"), cost("0"), cost("free")
    ((800000, 'KES'), (35000000, 'UGX'), (0, None), (None, None))
    """
    found = _COST.fullmatch(written)
    if not found or found[1] not in MINOR_DIGITS:
        return (0 if written.strip() == "0" else None), None
    return int((Decimal(found[2]) * 1_000_000).quantize(Decimal(1), ROUND_HALF_UP)), found[1]


def _outcome_of_status(status: int) -> SendStatus:
    """Return the outcome that an answer without a list of recipients means."""
    if status in {401, 403, 404, 429} or 300 <= status < 400:  # noqa: PLR2004
        return (
            SendStatus.RETRY
            # The key, the address or the pace is wrong: nothing was sent, and the message is not to
            # blame.
        )
    if 400 <= status < 500 and status != 408:  # noqa: PLR2004
        return SendStatus.REFUSED
    return SendStatus.UNKNOWN


def _hint_of_status(status: int) -> Hint | None:
    return Hint.PAUSE if status in {401, 403} else None  # the API key is refused


def _reason(said: str, body: bytes = b"") -> str:
    """Return the provider's words, shortened and without whole phone numbers.

    Reasons are stored and shown.
    """
    text = f"{said}: {body.decode(errors='replace')}" if body else said
    return without_numbers(" ".join(text.split()))[:_REASON_CHARS_MAX]


def _digits(number: str) -> str:
    return "".join(ch for ch in number if ch.isdigit())
