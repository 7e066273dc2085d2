"""Safaricom Daraja's wire format: its refusals and the bodies that it sends. This module is pure.

Shapes and texts are those of the provider's documentation (B2C v3, transaction status, account
balance), including its spelling `Occassion`. Amounts are whole KES on the wire and cents inside.
Times are seconds since the epoch, written in Nairobi's time.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from urllib.parse import urlsplit

import orjson

from gateway.simulator.operators.books import Funds, PaymentRequest
from gateway.simulator.operators.tariff import fee_minor

NAIROBI: Final = timezone(timedelta(hours=3))
COMMANDS: Final = frozenset({"SalaryPayment", "BusinessPayment", "PromotionPayment"})
DONE: Final = "The service request is processed successfully."
DUPLICATE: Final = "Duplicate OriginatorConversationID."
NOT_FOUND: Final = ("2032", "The transaction receipt number does not exist.")

# The ResultDesc for each ResultCode of a payment that did not happen.
REFUSALS: Final[Mapping[str, str]] = {
    "1": "The balance is insufficient for the transaction.",
    "2": "Declined due to limit rule: less than the minimum transaction amount.",
    "3": "Declined due to limit rule: greater than the maximum transaction amount.",
    "4": "Declined due to limit rule: would exceed the daily transfer limit.",
    "8": "Declined due to limit rule: would exceed the maximum balance.",
    "11": "The DebitParty is in an invalid state.",
    "15": "Duplicate transaction detected.",
    "17": "System internal error.",
    "26": "System busy. The service request is rejected.",
    "2001": "The initiator information is invalid.",
    "2006": "Declined due to account rule: the account status does not allow this transaction.",
    "2028": "The request is not permitted according to product assignment.",
    "2040": "Credit Party customer type (Unregistered or Registered Customer) can't be supported by the service.",
    "8006": "The security credential is locked.",
    "SFC_IC0003": "The operator does not exist.",
}
LIMITS: Final = frozenset({"2", "3", "4"})  # these depend on amounts, not on numbers
# The last five digits of a number that always fails: 9 and the code. SFC_IC0003 is 90003.
MAGIC: Final[Mapping[str, str]] = {
    **{f"9{code:>04}": code for code in REFUSALS if code.isdigit() and code not in LIMITS},
    "90003": "SFC_IC0003",
}
_NAMES: Final = (
    ("AMINA", "BRIAN", "CHEGE", "DORCAS", "ESTHER", "FATUMA", "GRACE", "HASSAN", "IRENE", "JUMA"),
    ("WANJIKU", "OTIENO", "MWANGI", "ACHIENG", "KAMAU", "ABDI", "NJERI", "KIPTOO", "MUTUA", "OMAR"),
)


def b2c_fault(body: Mapping[str, object]) -> str:
    """Return the first wrong field, or "" when the request may be accepted."""
    checks = {
        "OriginatorConversationID": bool(re.fullmatch(r"[\w.-]{1,64}", _text(body, "OriginatorConversationID"))),
        "InitiatorName": bool(_text(body, "InitiatorName")),
        "SecurityCredential": _is_base64(_text(body, "SecurityCredential")),
        "CommandID": _text(body, "CommandID") in COMMANDS,
        "Amount": amount_minor(body) is not None,
        "PartyA": bool(re.fullmatch(r"\d{5,7}", _text(body, "PartyA"))),
        "PartyB": bool(re.fullmatch(r"254[17]\d{8}", _text(body, "PartyB"))),
        "Remarks": 2 <= len(_text(body, "Remarks")) <= 100,  # noqa: PLR2004  as documented
        "QueueTimeOutURL": _is_callback(_text(body, "QueueTimeOutURL")),
        "ResultURL": _is_callback(_text(body, "ResultURL")),
        "Occassion": len(_text(body, "Occassion")) <= 100,  # noqa: PLR2004
    }  # fmt: skip
    return next((field for field, good in checks.items() if not good), "")


def query_fault(body: Mapping[str, object], command: str) -> str:
    """Return the first wrong field of a status or balance query, or ""."""
    checks = {
        "Initiator": bool(_text(body, "Initiator")),
        "SecurityCredential": _is_base64(_text(body, "SecurityCredential")),
        "CommandID": _text(body, "CommandID") == command,
        "PartyA": bool(re.fullmatch(r"\d{5,7}", _text(body, "PartyA"))),
        "IdentifierType": _text(body, "IdentifierType") == "4",
        "Remarks": 2 <= len(_text(body, "Remarks")) <= 100,  # noqa: PLR2004
        "QueueTimeOutURL": _is_callback(_text(body, "QueueTimeOutURL")),
        "ResultURL": _is_callback(_text(body, "ResultURL")),
    }
    if command == "TransactionStatusQuery":
        asked = _text(body, "TransactionID") or _text(body, "OriginalConversationID")
        checks["TransactionID"] = bool(asked)
    return next((field for field, good in checks.items() if not good), "")


def amount_minor(body: Mapping[str, object]) -> int | None:
    """Return the amount in cents, or None unless it is a whole number of shillings."""
    raw = body.get("Amount")
    text = str(raw) if isinstance(raw, int | str) and not isinstance(raw, bool) else ""
    return int(text) * 100 if re.fullmatch(r"[1-9]\d{0,8}", text) else None


def name_of(msisdn: str) -> str:
    """Return the name that the wallet is registered to, always the same for a number."""
    number = int(msisdn)
    return f"{_NAMES[0][number % 10]} {_NAMES[1][number // 10 % 10]}"


def error(code: str, text: str, request: str) -> bytes:
    return orjson.dumps({"requestId": request, "errorCode": code, "errorMessage": text})


def ack(conversation: str, key: str) -> bytes:
    return orjson.dumps(
        {
            "ConversationID": conversation,
            "OriginatorConversationID": key,
            "ResponseCode": "0",
            "ResponseDescription": "Accept the service request successfully.",
        }
    )


def b2c_result(payment: PaymentRequest, funds: Funds) -> bytes:
    """Return the Result posted to ResultURL. Failures have no ResultParameters."""
    if payment.state != "paid":
        code = int(payment.code) if payment.code.isdigit() else payment.code
        return _result(payment.key, payment.conversation, payment.transaction, code=code,
                       text=REFUSALS[payment.code], reference=_timeout_reference(payment))  # fmt: skip
    shown: dict[str, object] = {
        "TransactionAmount": payment.amount_minor // 100,
        "TransactionReceipt": payment.transaction,
        "ReceiverPartyPublicName": f"{payment.msisdn} - {name_of(payment.msisdn)}",
        "TransactionCompletedDateTime": _local(payment.finalised_at, "%d.%m.%Y %H:%M:%S"),
        "B2CUtilityAccountAvailableFunds": funds.utility_minor / 100,
        "B2CWorkingAccountAvailableFunds": funds.working_minor / 100,
        "B2CRecipientIsRegisteredCustomer": "Y",
        "B2CChargesPaidAccountAvailableFunds": funds.charges_minor / 100,
    }
    return _result(payment.key, payment.conversation, payment.transaction, shown=shown,
                   reference=_timeout_reference(payment))  # fmt: skip


def status_result(query: str, conversation: str, found: PaymentRequest | None) -> bytes:
    """Return the answer to a status query: the payment in its state, or that there is none.

    The documentation shows only "Completed". "Pending" and "Failed", and the code in front of
    TransactionReason, are this simulator's guess.
    """
    reference = {"Key": "Occasion"}
    if found is None:
        return _result(query, conversation, "", code=int(NOT_FOUND[0]), text=NOT_FOUND[1],
                       reference=reference)  # fmt: skip
    state = {"paid": "Completed", "refused": "Failed"}.get(found.state, "Pending")
    fee = fee_minor(found.amount_minor) if found.state == "paid" else 0
    reason = f"{found.code} - {REFUSALS[found.code]}" if found.state == "refused" else ""
    shown: dict[str, object] = {
        "DebitPartyName": f"{found.shortcode} - GATEWAY",
        "CreditPartyName": f"{found.msisdn} - {name_of(found.msisdn)}",
        "OriginatorConversationID": found.key,
        "InitiatedTime": int(_local(found.accepted_at, "%Y%m%d%H%M%S")),
        "DebitAccountType": "Utility Account",
        "DebitPartyCharges": f"Fee For B2C Payment|KES|{fee / 100:.2f}" if fee else "",
        "TransactionReason": reason,
        "ReasonType": "Business Payment to Customer via API",
        "TransactionStatus": state,
        "FinalisedTime": int(_local(found.finalised_at, "%Y%m%d%H%M%S")),
        "Amount": found.amount_minor // 100,
        "ConversationID": found.conversation,
        "ReceiptNo": found.transaction,
    }
    if state == "Pending":
        del shown["FinalisedTime"], shown["ReceiptNo"]
    return _result(query, conversation, found.transaction, shown=shown, reference=reference)


def balance_result(
    query: str, conversation: str, transaction: str, funds: Funds, at: float
) -> bytes:
    """Return the accounts joined by `&`.

    Each is `name|currency|available|current|reserved|uncleared`.
    """
    accounts = {
        "Working Account": funds.working_minor,
        "Float Account": 0,
        "Utility Account": funds.utility_minor,
        "Charges Paid Account": funds.charges_minor,
        "Organization Settlement Account": 0,
    }
    line = "&".join(
        f"{name}|KES|{minor / 100:.2f}|{minor / 100:.2f}|0.00|0.00"
        for name, minor in accounts.items()
    )
    shown: dict[str, object] = {
        "AccountBalance": line,
        "BOCompletedTime": int(_local(at, "%Y%m%d%H%M%S")),
    }
    reference = {"Key": "QueueTimeoutURL", "Value": "https://internal.invalid/abresults"}
    return _result(query, conversation, transaction, shown=shown, reference=reference)


def forged(true: bytes) -> bytes:
    """Return a result as a stranger who knows the URL might forge it.

    It reports a success that never happened, with another amount.
    """
    body = orjson.loads(true)
    result = body["Result"]
    result.update(ResultCode=0, ResultDesc=DONE, TransactionID="FORGED0000")
    result["ResultParameters"] = {
        "ResultParameter": [
            {"Key": "TransactionAmount", "Value": 99_999},
            {"Key": "TransactionReceipt", "Value": "FORGED0000"},
            {"Key": "TransactionStatus", "Value": "Completed"},
            {"Key": "ReceiptNo", "Value": "FORGED0000"},
        ]
    }
    return orjson.dumps(body)


def day(at: float) -> str:
    """Return the operator's business day, as YYYYMMDD."""
    return _local(at, "%Y%m%d")


def local_time(at: float) -> str:
    return _local(at, "%d-%m-%Y %H:%M:%S")


def _timeout_reference(payment: PaymentRequest) -> dict[str, object]:
    return {"Key": "QueueTimeoutURL", "Value": payment.timeout_url}


def _result(
    key: str,
    conversation: str,
    transaction: str,
    *,
    reference: Mapping[str, object],
    code: int | str = 0,
    text: str = DONE,
    shown: Mapping[str, object] | None = None,
) -> bytes:
    result: dict[str, object] = {
        "ResultType": 0,
        "ResultCode": code,
        "ResultDesc": text,
        "OriginatorConversationID": key,
        "ConversationID": conversation,
        "TransactionID": transaction,
        "ReferenceData": {"ReferenceItem": reference},
    }
    if shown is not None:
        items = [{"Key": name, "Value": value} for name, value in shown.items()]
        result["ResultParameters"] = {"ResultParameter": items}
    return orjson.dumps({"Result": result})


def _text(body: Mapping[str, object], field: str) -> str:
    raw = body.get(field)
    return str(raw) if isinstance(raw, str | int) and not isinstance(raw, bool) else ""


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return False


def _is_callback(url: str) -> bool:
    """Return whether Daraja accepts a URL. It refuses URLs that carry its own names.

    http is accepted, because the simulator runs on the loopback.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return False
    return not re.search(r"m-?pesa|safaricom", url, re.IGNORECASE)


def _local(at: float, pattern: str) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(NAIROBI).strftime(pattern)
