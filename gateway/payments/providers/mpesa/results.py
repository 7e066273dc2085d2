"""The reader of what Daraja posts to the gateway's URLs.

These are the Results of payouts, of status queries and of balance queries, and echoed requests.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.base.net.outbound import TEXT_MAX
from gateway.payments.port import PaymentStatus, Status
from gateway.payments.providers.mpesa.tables import (
    EMPTY,
    RESULTS,
    STATUSES,
    TABLE,
    ResultMeaning,
    meaning_of_code,
)
from gateway.payments.wire import as_list, as_minor, as_object, as_text, json_object

CURRENCY = "KES"
# The form is "254705912645 - FULL NAME". A shortcode has 5 to 7 digits.
_PARTY = re.compile(r"\s*\+?([\d*xX]{9,15})\s*-")
_TAIL = re.compile(r"\d{2,12}$")
_FEE = re.compile(r"\|KES\|(\d+(?:\.\d+)?)")


def read_callback(body: bytes) -> Status:
    """Read any body that came to one of the gateway's URLs, without raising."""
    told = json_object(body)
    result = as_object(told.get("Result")) or told
    if "ResultCode" in result:
        return _read_result(result)
    if "CommandID" in told:
        # The gateway's own request comes back: the provider gave up waiting, which does not mean
        # unpaid.
        key = as_text(told.get("OriginatorConversationID") or told.get("OriginalConversationID"))
        return Status(
            PaymentStatus.NO_ANSWER, key or None, code="timeout", text="request echoed", table=TABLE
        )
    return _no_answer("", body[:TEXT_MAX].decode("utf-8", "replace"))


def _no_answer(code: str, text: str, *, pause: bool = False) -> Status:
    return Status(PaymentStatus.NO_ANSWER, code=code, text=text, pause_provider=pause, table=TABLE)


@dataclass(frozen=True, slots=True)
class _Result:
    """A `Result` in one uniform shape: parameter names without spaces, each with all its values."""

    code: str
    text: str
    outer_key: str | None
    params: Mapping[str, list[object]]
    is_answer_to_query: bool

    def first(self, *names: str) -> object:
        return next((v for n in names for v in self.params.get(n, [])), None)


def _read_result(result: Mapping[str, object]) -> Status:
    """Read a Result of any of the three APIs."""
    seen = _Result(
        as_text(result.get("ResultCode")),
        as_text(result.get("ResultDesc")),
        as_text(result.get("OriginatorConversationID")) or None,
        _params(result.get("ResultParameters"), "ResultParameter"),
        # Only queries carry an Occasion back. It tells a failed question from a failed payment.
        "Occasion" in _params(result.get("ReferenceData"), "ReferenceItem"),
    )
    if as_text(result.get("ResultType")) not in ("", "0"):
        return _no_answer(seen.code, seen.text)
    if "AccountBalance" in seen.params:
        return _balance(seen)
    if "TransactionStatus" in seen.params:
        return _transaction_status(seen)
    return _payment(seen, as_text(result.get("TransactionID")))


def _params(holder: object, item: str) -> dict[str, list[object]]:
    # The documented list stands within an object. Some answers have a bare list, and one object
    # when there is only one parameter.
    inner = as_object(holder).get(item, holder)
    found: dict[str, list[object]] = {}
    for pair in map(as_object, as_list(inner)):
        name = as_text(pair.get("Key")).replace(" ", "")
        values = found.setdefault(name, [])
        if pair.get("Value") is not None:
            values.append(pair["Value"])
    return found


def _payment(seen: _Result, transaction: str) -> Status:
    """Read the Result of a payout or of a question that itself failed. Both have the same shape."""
    verdict = RESULTS.get(seen.code)
    pause = verdict is ResultMeaning.OURS
    if verdict is ResultMeaning.NOT_KNOWN:
        return Status(PaymentStatus.NOT_FOUND, code=seen.code, text=seen.text, table=TABLE)
    if seen.is_answer_to_query or verdict in (None, ResultMeaning.OPEN):
        return _no_answer(seen.code, seen.text, pause=pause)
    amount_minor = as_minor(seen.first("TransactionAmount"), CURRENCY)
    if verdict is ResultMeaning.DONE and amount_minor is None:
        return _no_answer(seen.code, seen.text)
    return Status(
        PaymentStatus.PAID if verdict is ResultMeaning.DONE else PaymentStatus.FAILED,
        seen.outer_key,
        receipt=as_text(seen.first("TransactionReceipt")) or transaction or None,
        amount_minor=amount_minor,
        msisdn_tail=_tail(seen.params.get("ReceiverPartyPublicName", [])),
        code=seen.code,
        text=seen.text,
        float_minor=_float(seen),
        pause_provider=pause,
        table=TABLE,
    )


def _float(seen: _Result) -> int | None:
    """Return the remaining float where the Result contains it.

    It is 0 where an empty account was the reason of the failure.
    """
    if seen.code == EMPTY:
        return 0
    return as_minor(seen.first("B2CUtilityAccountAvailableFunds"), CURRENCY)


def _transaction_status(seen: _Result) -> Status:
    """Read the Result of a status query.

    The payout's key is among the parameters. The outer one is the question's.
    """
    word = as_text(seen.first("TransactionStatus"))
    found = STATUSES.get(word.casefold(), PaymentStatus.NO_ANSWER)
    if found is PaymentStatus.PAID and seen.code != "0":
        return _no_answer(seen.code, f"{word}: {seen.text}")
    fee = _FEE.search(as_text(seen.first("DebitPartyCharges")))
    names = seen.params.get("CreditPartyName", []) + seen.params.get("DebitPartyName", [])
    return Status(
        found,
        as_text(seen.first("OriginatorConversationID")) or None,
        receipt=as_text(seen.first("ReceiptNo")) or None,
        amount_minor=as_minor(seen.first("Amount"), CURRENCY),
        msisdn_tail=_tail(names),
        fee_minor=as_minor(fee[1], CURRENCY) if fee else None,
        code=_cause(seen) if found is PaymentStatus.FAILED else seen.code,
        text=f"{word}: {seen.text}",
        float_minor=0 if found is PaymentStatus.FAILED and _cause(seen) == EMPTY else None,
        pause_provider=found is PaymentStatus.FAILED and meaning_of_code(_cause(seen)),
        table=TABLE,
    )


def _cause(seen: _Result) -> str:
    """Return the code of a failed payment, or "" where there is none.

    It is the Result's own code, or the one before the reason ("2040 - ..."). Safaricom prints no
    sample of a failed payment's status, so neither place is certain.
    """
    reason = as_text(seen.first("TransactionReason")).partition(" - ")[0]
    if RESULTS.get(reason) in (ResultMeaning.WORKER, ResultMeaning.OURS):
        return reason
    return "" if seen.code == "0" else seen.code


def _balance(seen: _Result) -> Status:
    """Read the Result of a balance query: `Name|CUR|available|...` joined by `&`.

    Payouts come out of the Utility account. Their charges are counted in a separate account, below
    zero, until they are taken out of the Utility account.
    """
    available = {
        fields[0].strip(): fields[2].strip()
        for line in as_text(seen.first("AccountBalance")).split("&")
        if len(fields := line.split("|")) > 2 and fields[1] == CURRENCY  # noqa: PLR2004
    }
    float_minor = as_minor(available.get("Utility Account"), CURRENCY)
    charges = available.get("Charges Paid Account", "")
    if seen.code != "0" or float_minor is None:
        return _no_answer(seen.code, seen.text)
    return Status(
        PaymentStatus.NO_ANSWER,
        code=seen.code,
        text=seen.text,
        float_minor=float_minor,
        owed_minor=as_minor(charges.removeprefix("-"), CURRENCY) or 0 if charges[:1] == "-" else 0,
        table=TABLE,
    )


def _tail(names: list[object]) -> str | None:
    """Return the last digits of the phone number in "2547... - NAME".

    Numbers whose middle digits are masked are common.
    """
    for name in names:
        party = _PARTY.match(as_text(name))
        digits = _TAIL.search(party[1]) if party else None
        if digits:
            return digits[0]
    return None
