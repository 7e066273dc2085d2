"""The reading of Twilio's answers to a send: outcome, cost, hint and fault."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.base.money import MINOR_DIGITS
from gateway.sms.port import Hint, OutboundSms, RefusalReason, SendStatus, Sent

# These errors say more than their HTTP status. Twilio splits and adds codes; any other 4xx is
# final.
OPTED_OUT = 21610
RETRY_CODES = {
    20003,
    20005,
    20429,
    21611,
    30001,
    30002,
    30022,
    30023,
    30032,
    30034,
    14107,
    63018,
    63038,
}
# PAUSE: the account's key is wrong (20003), it is not active (20005) or suspended (30002), or the
# sender is not registered (30032, 30034). REROUTE: there is no permission for the region, or no
# route from this sender.
PAUSE_CODES = {20003, 20005, 30002, 30032, 30034}
REROUTE_CODES = {21408, 21612}
# The fault of the message itself, by error code.
FAULTS = {
    21211: RefusalReason.NUMBER, 21214: RefusalReason.NUMBER, 21217: RefusalReason.NUMBER, 21614: RefusalReason.NUMBER, 21265: RefusalReason.NUMBER,
    21408: RefusalReason.NUMBER, 21612: RefusalReason.NUMBER, 30006: RefusalReason.NUMBER, 21617: RefusalReason.LENGTH, 21605: RefusalReason.LENGTH,
    30007: RefusalReason.CONTENT, 30044: RefusalReason.LENGTH, 21610: RefusalReason.BLOCKED, 30004: RefusalReason.BLOCKED,
}  # fmt: skip


class _Reply(BaseModel):
    """A message resource or an error, with the fields of both."""

    model_config = ConfigDict(coerce_numbers_to_str=True)
    sid: str | None = None
    status: str | None = None
    code: int | None = None
    error_code: int | None = None
    message: str | None = None
    price: str | None = None
    price_unit: str | None = None


def understood(message: OutboundSms, status: int, body: bytes) -> Sent:
    """Read the API's answer to one message."""
    try:
        reply = _Reply.model_validate_json(body)
    except ValidationError:
        reply = _Reply()
    if 200 <= status < 300 and reply.sid:  # noqa: PLR2004
        cost_micro, currency = cost(reply.price, reply.price_unit)
        return Sent(message.key, SendStatus.ACCEPTED, reply.sid, None, cost_micro, currency)
    code = reply.code or reply.error_code or 0
    # The message of an error contains the phone number, so only the code is kept.
    reason = f"Twilio error {code}" if code else f"HTTP {status}"
    return Sent(
        message.key,
        _outcome(status, code),
        reason=reason,
        opted_out=code == OPTED_OUT,
        hint=_hint(status, code),
        fault=FAULTS.get(code),
    )


def _hint(status: int, code: int) -> Hint | None:
    if code in REROUTE_CODES:
        return Hint.REROUTE
    return Hint.PAUSE if code in PAUSE_CODES or (not code and status in {401, 403}) else None


def _outcome(status: int, code: int) -> SendStatus:
    if code in RETRY_CODES or status in {401, 403, 404, 429} or 300 <= status < 400:  # noqa: PLR2004
        return SendStatus.RETRY
    return SendStatus.REFUSED if 400 <= status < 500 and status != 408 else SendStatus.UNKNOWN  # noqa: PLR2004


def cost(price: str | None, unit: str | None) -> tuple[int | None, str | None]:
    """Return the cost in millionths of a major unit, and its currency.

    Twilio's price is negative, in major units, and null until it is known.

    >>> cost("-0.0750", "USD"), cost(None, "USD")
    ((75000, 'USD'), (None, None))
    """
    try:
        major = abs(Decimal(price or ""))
        micro = int((major * 1_000_000).quantize(Decimal(1), ROUND_HALF_UP))
    except (InvalidOperation, OverflowError, ValueError):
        return None, None
    return (micro, unit) if unit in MINOR_DIGITS else (None, None)
