"""The meaning of Safaricom's codes for the gateway's money, as versioned tables.

A code that is in no table is AMBIGUOUS.
"""

from collections.abc import Mapping
from enum import Enum, auto
from http import HTTPStatus

from gateway.base.net.outbound import HttpReply, LostCall
from gateway.payments.port import PaymentStatus, SubmitAnswer, SubmitOutcome
from gateway.payments.wire import as_text, json_object

TABLE = "mpesa 2026-11-21"
"""The version of the tables below. Raise it with every change, because old decisions are explained
by it.
"""


class ResultMeaning(Enum):
    """The meaning of a result code for a payment."""

    DONE = auto()
    WORKER = auto()  # It will never be paid, for a reason on the worker's side.
    # It was not paid, and the next will not be either: float, credentials or the gateway's account.
    OURS = auto()
    NOT_KNOWN = auto()  # The provider has no such transaction.
    OPEN = auto()  # It says nothing final, whatever its text.


EMPTY = "1"
RESULTS: Mapping[str, ResultMeaning] = {
    "0": ResultMeaning.DONE,
    EMPTY: ResultMeaning.OURS,  # The gateway's utility account is empty.
    "2": ResultMeaning.WORKER,  # below the minimum
    "3": ResultMeaning.WORKER,  # above the maximum
    "4": ResultMeaning.WORKER,  # daily limit
    "8": ResultMeaning.WORKER,  # the wallet would be too full
    "11": ResultMeaning.OURS,  # debit party in an invalid state
    # A duplicate was detected, but the code does not say of what, or what the outcome of that was.
    "15": ResultMeaning.OPEN,
    "17": ResultMeaning.OPEN,  # internal failure
    "20": ResultMeaning.OURS,
    "21": ResultMeaning.OURS,  # The initiator is not allowed to.
    "26": ResultMeaning.OPEN,  # busy
    "2001": ResultMeaning.OURS,  # initiator or credential wrong
    "2006": ResultMeaning.OURS,
    "2028": ResultMeaning.OURS,  # product not assigned
    # This answers a status query. It was seen in production logs and is not in the printed tables.
    "2032": ResultMeaning.NOT_KNOWN,
    "2040": ResultMeaning.WORKER,  # not an M-PESA customer
    "8006": ResultMeaning.OURS,  # credential locked
    "SFC_IC0003": ResultMeaning.WORKER,  # no such number
    "100000000": ResultMeaning.OPEN,  # "cached, waiting for resending"
    "100000001": ResultMeaning.OPEN,
    "100000002": ResultMeaning.OPEN,
    "100000011": ResultMeaning.OPEN,
}

# These are the values of TransactionStatus in the Result of a status query. The final ones are as
# Safaricom prints them, and "failed" was seen.
STATUSES: Mapping[str, PaymentStatus] = {
    "completed": PaymentStatus.PAID,
    "cancelled": PaymentStatus.FAILED,
    "declined": PaymentStatus.FAILED,
    "expired": PaymentStatus.FAILED,
    "failed": PaymentStatus.FAILED,
    "initiated": PaymentStatus.PENDING,
    "authorized": PaymentStatus.PENDING,
    "pending authorized": PaymentStatus.PENDING,
    "pending": PaymentStatus.PENDING,
}

TOKEN_ERRORS = frozenset({"401.002.01", "404.001.03"})
# These are HTTP errors of the API proxy. The payment system behind it has seen nothing. True means
# that the gateway's operator must repair something, so the provider pauses.
NOT_TAKEN: Mapping[str, bool] = {
    "400.008.01": True,
    "400.008.02": True,
    "404.001.01": True,
    "404.001.04": True,
    "405.001": True,
    "500.003.02": False,  # spike arrest
    "500.003.03": False,  # quota
}
_BAD_FIELD = "400.002.02"
_WORKERS_FIELDS = ("partyb", "amount")
# The token was refused twice, or a firewall answered with a block page (HTML). The payment system
# was never reached.
_TURNED_AWAY = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def token_refused(reply: HttpReply) -> bool:
    code = as_text(json_object(reply.body).get("errorCode"))
    return reply.status == HTTPStatus.UNAUTHORIZED or code in TOKEN_ERRORS


def result_of_answer(reply: HttpReply | LostCall) -> SubmitAnswer:
    """Return the outcome of an HTTP answer.

    An answer that is in no table is AMBIGUOUS.
    """
    if isinstance(reply, LostCall):
        outcome = SubmitOutcome.AMBIGUOUS if reply.maybe_taken else SubmitOutcome.NOT_SENT
        return SubmitAnswer(outcome, code="no answer", text=reply.text)
    told = json_object(reply.body)
    code = as_text(told.get("ResponseCode"))
    if reply.status == HTTPStatus.OK and code:
        return SubmitAnswer(_response(code), code, reply.text, pause_provider=meaning_of_code(code))
    error, text = as_text(told.get("errorCode")), as_text(told.get("errorMessage"))
    outcome, pause = _error(reply.status, error, text.casefold())
    return SubmitAnswer(outcome, error or f"HTTP {reply.status}", text or reply.text, "", pause)


def _response(code: str) -> SubmitOutcome:
    match RESULTS.get(code):
        case ResultMeaning.DONE:
            return SubmitOutcome.ACCEPTED
        case ResultMeaning.WORKER | ResultMeaning.OURS:
            return SubmitOutcome.REJECTED
        case _:
            return SubmitOutcome.AMBIGUOUS


def _error(status: int, error: str, text: str) -> tuple[SubmitOutcome, bool]:
    """Return the outcome, and True when the provider must pause."""
    if error == _BAD_FIELD and "invalid" in text:
        theirs = any(field in text for field in _WORKERS_FIELDS)
        # Any other field comes from the settings. Nothing was taken, and nothing will be until they
        # are repaired.
        return (SubmitOutcome.REJECTED, False) if theirs else (SubmitOutcome.NOT_SENT, True)
    if error in NOT_TAKEN:
        return SubmitOutcome.NOT_SENT, NOT_TAKEN[error]
    if error in TOKEN_ERRORS or status in _TURNED_AWAY:
        return SubmitOutcome.NOT_SENT, True
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return SubmitOutcome.NOT_SENT, False
    # 500.002.1001 also says "System internal error" and "under maintenance". Only this text means
    # that the request was taken before.
    if "duplicate" in text and "conversationid" in text.replace(" ", ""):
        return SubmitOutcome.DUPLICATE, False
    return SubmitOutcome.AMBIGUOUS, False


def meaning_of_code(code: str) -> bool:
    return RESULTS.get(code) is ResultMeaning.OURS
