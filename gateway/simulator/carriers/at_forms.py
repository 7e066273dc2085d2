"""Africa's Talking's wire format: the bodies that it sends and the answers that it gives.

Source: the provider's pages and its Python SDK 2.0.3 (fields, status codes, and spellings kept as
they are, including `NotNetworkSubcriber`). Times are seconds since the epoch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

import orjson

# The status word for each statusCode of a recipient.
STATUSES: Final[Mapping[int, str]] = {
    100: "Processed",
    101: "Success",  # The documentation's table says Sent, but every sample body says Success.
    102: "Queued",
    401: "RiskHold",
    402: "InvalidSenderId",
    403: "InvalidPhoneNumber",
    404: "UnsupportedNumberType",
    405: "InsufficientBalance",
    406: "UserInBlacklist",
    407: "CouldNotRoute",
    409: "DoNotDisturbRejection",
    500: "InternalServerError",
    501: "GatewayError",
    502: "RejectedByGateway",
}
QUEUED: Final = 102
ACCEPTED: Final = frozenset({100, 101, QUEUED})
BAD_KEY: Final = "The supplied authentication is invalid"

# A number that ends in 98 and a status code is always answered with that code: +2547xx98406 is
# blacklisted. A number that ends in 970 and two digits is accepted, and its receipt follows the
# table. None means no receipt at all, and the second word is the failureReason.
MAGIC_STATUS: Final = "98"
MAGIC_RECEIPT: Final[Mapping[str, tuple[str, str] | None]] = {
    "97001": ("Failed", "DeliveryFailure"),
    "97002": ("AbsentSubscriber", ""),
    "97003": ("Expired", ""),
    "97004": ("Rejected", "UserInBlackList"),
    "97005": None,
    "97006": ("Failed", "UserDoesNotExist"),
    "97007": ("Buffered", ""),
}
MAGIC_DIGITS: Final = 5

# A simulator may derive the network of a Kenyan number from its prefix.
NETWORKS: Final[Mapping[str, str]] = {
    "+25473": "63903",
    "+25478": "63903",
    "+25477": "63907",
    "+25476": "63999",
    "+254": "63902",
    "+23480": "62130",
    "+234": "62120",
    "+25675": "64101",
    "+256": "64110",
    "+250": "63510",
    "+255": "64004",
    "+265": "65001",
}


class RecipientStatus(NamedTuple):
    """The outcome for one recipient of a send request."""

    number: str
    status_code: int
    message_id: str
    cost_minor: int


@dataclass(frozen=True, slots=True)
class SessionEndForm:
    """The end of a USSD session, posted to a URL of its own."""

    at: float
    session: str
    service: str
    network: str
    msisdn: str
    status: str  # Incomplete | Success | Failed
    cost_minor: int
    currency: str
    duration_s: float
    hops: int
    metadata: str
    transcript: str
    last_screen: str
    error: str = ""


def magic_status(number: str) -> int:
    """Return the status code that a magic number requests, or 101 for every other number.

    >>> magic_status("+254700098406"), magic_status("+254711000001")
    (406, 101)
    """
    tail = number[-MAGIC_DIGITS:]
    if tail.startswith(MAGIC_STATUS) and tail[2:].isdigit() and int(tail[2:]) in STATUSES:
        return int(tail[2:])
    return 101


def network_of(number: str) -> str:
    """Return the networkCode of a number. 99999 is the provider's sandbox."""
    fits = (prefix for prefix in NETWORKS if number.startswith(prefix))
    return NETWORKS.get(max(fits, key=len, default=""), "99999")


def money(currency: str, minor: int) -> str:
    """Return an amount as Africa's Talking writes it, with four decimals.

    >>> money("KES", 80), money("KES", 0)
    ('KES 0.8000', '0')
    """
    return f"{currency} {minor // 100}.{minor % 100:02d}00" if minor else "0"


def reply(currency: str, fates: Sequence[RecipientStatus]) -> bytes:
    """Return the 201 body of a send: one summary line, and one entry per recipient."""
    taken = sum(fate.status_code in ACCEPTED for fate in fates)
    total = money(currency, sum(fate.cost_minor for fate in fates))
    return orjson.dumps(
        {
            "SMSMessageData": {
                "Message": f"Sent to {taken}/{len(fates)} Total Cost: {total}",
                "Recipients": [
                    {
                        "statusCode": fate.status_code,
                        "number": fate.number,
                        "status": STATUSES[fate.status_code],
                        "cost": money(currency, fate.cost_minor),
                        "messageId": fate.message_id,
                    }
                    for fate in fates
                ],
            }
        }
    )


def refusal(reason: str) -> bytes:
    """Return the answer to a refused batch: no recipients, and the reason in Message."""
    return orjson.dumps({"SMSMessageData": {"Message": reason, "Recipients": []}})


def inbound(number: str, to: str, text: str, ref: str, at: float) -> dict[str, str]:
    """Return the form of an SMS from a phone."""
    return {
        "linkId": "",
        "text": text,
        "to": to,
        "id": ref,
        "date": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
        "from": number,
        "cost": "None",
        "networkCode": network_of(number),
    }


def receipt(ref: str, number: str, status: str, reason: str = "") -> dict[str, str]:
    """Return the form of a delivery report."""
    form = {
        "id": ref,
        "status": status,
        "phoneNumber": number,
        "networkCode": network_of(number),
    }
    return {**form, "failureReason": reason, "retryCount": "0"} if reason else form


def hop(session: str, number: str, network: str, service: str, text: str) -> dict[str, str]:
    """Return the form of one USSD step. `text` holds all inputs so far, joined by `*`."""
    return {
        "sessionId": session,
        "phoneNumber": number,
        "networkCode": network,
        "serviceCode": service,
        "text": text,
    }


def session_end(end: SessionEndForm) -> dict[str, str]:
    form = {
        "date": datetime.fromtimestamp(end.at, UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "sessionId": end.session,
        "serviceCode": end.service,
        "networkCode": end.network,
        "phoneNumber": end.msisdn,
        "status": end.status,
        "cost": money(end.currency, end.cost_minor),
        "durationInMillis": str(round(end.duration_s * 1000)),
        "hopsCount": str(end.hops),
        "hopsMetadata": end.metadata,
        "input": end.transcript,
        "lastAppResponse": end.last_screen,
    }
    return {**form, "errorMessage": end.error} if end.error else form
