"""The codes of the client API's errors: one list, for programs that must tell errors apart.

A code stays what it is: programs compare it. A new kind of error gets a new code, its line here,
and its line on the page of errors (tests/api/test_problem_codes.py compares them).
"""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus


class ProblemCode(StrEnum):
    """The machine-readable name of an error, `code` of its problem document."""

    BAD_REQUEST = "bad_request"
    KEY_MISSING = "key_missing"
    KEY_UNKNOWN = "key_unknown"
    KEY_EXPIRED = "key_expired"
    NOT_ENOUGH_MONEY = "not_enough_money"
    SCOPE_MISSING = "scope_missing"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    TOO_SLOW = "too_slow"
    WRONG_STATE = "wrong_state"
    ALREADY_EXISTS = "already_exists"
    LIMIT_REACHED = "limit_reached"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    GONE = "gone"
    TOO_LARGE = "too_large"
    MEDIA_TYPE = "media_type"
    RANGE = "range"
    UNKNOWN_HOST = "unknown_host"
    NOT_VALID = "not_valid"
    RATE_LIMITED = "rate_limited"
    HEADERS_TOO_LARGE = "headers_too_large"
    INTERNAL = "internal"
    PROVIDER_FAILED = "provider_failed"
    BUSY = "busy"
    PHONES_FIRST = "phones_first"
    DATABASE_AWAY = "database_away"


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """The meaning of a code: its HTTP status, its title, and what the caller does about it."""

    code: ProblemCode
    status: int
    title: str
    cure: str


_C = ProblemCode
PROBLEM_KINDS: tuple[ProblemKind, ...] = (
    ProblemKind(_C.BAD_REQUEST, 400, "Bad request", "Send HTTP, JSON or a form that can be read."),
    ProblemKind(
        _C.KEY_MISSING, 401, "Not signed in", "Send the header `Authorization: Bearer <key>`."
    ),
    ProblemKind(
        _C.KEY_UNKNOWN, 401, "Unknown key",
        "Check the key. It may have been revoked: ask the operator for a new one.",
    ),
    ProblemKind(_C.KEY_EXPIRED, 401, "Key expired", "Ask the operator for a new key."),
    ProblemKind(
        _C.NOT_ENOUGH_MONEY, 402, "Not enough money", "Top up, or lower the price or the number of tasks."
    ),
    ProblemKind(
        _C.SCOPE_MISSING, 403, "Not allowed",
        "Use a key with the scope that `detail` names, or ask the operator for one.",
    ),
    ProblemKind(
        _C.NOT_FOUND, 404, "Not found", "Check the id: there is no such thing among yours."
    ),
    ProblemKind(_C.METHOD_NOT_ALLOWED, 405, "Method not allowed", "Use a method of the header `Allow`."),
    ProblemKind(_C.TOO_SLOW, 408, "Too slow", "Send the body again, faster or in smaller parts."),
    ProblemKind(
        _C.WRONG_STATE, 409, "Conflict", "Read the object again: its state does not allow this call."
    ),
    ProblemKind(
        _C.ALREADY_EXISTS, 409, "Exists already", "Nothing, if this is a repetition. Else use another id."
    ),
    ProblemKind(_C.LIMIT_REACHED, 409, "Limit reached", "Remove one of these objects first."),
    ProblemKind(
        _C.IDEMPOTENCY_KEY_REUSED, 409, "Idempotency-Key used", "Use a new `Idempotency-Key` for another request."
    ),
    ProblemKind(_C.GONE, 410, "Gone", "It was removed when its time ended: make it again."),
    ProblemKind(_C.TOO_LARGE, 413, "Too large", "Send it in several requests."),
    ProblemKind(_C.MEDIA_TYPE, 415, "Unknown media type", "Send a `Content-Type` that is listed."),
    ProblemKind(_C.RANGE, 416, "Range not satisfiable", "Ask for bytes that the file has."),
    ProblemKind(_C.UNKNOWN_HOST, 421, "Unknown host name", "Call the gateway by its own name."),
    ProblemKind(
        _C.NOT_VALID, 422, "Not valid", "Change what `errors` names: each entry has a field, a row and a rule."
    ),
    ProblemKind(
        _C.RATE_LIMITED, 429, "Too often", "Wait for the seconds in `Retry-After`, then send it again."
    ),
    ProblemKind(_C.HEADERS_TOO_LARGE, 431, "Headers too large", "Shorten the address or the headers."),
    ProblemKind(
        _C.INTERNAL, 500, "Internal error", "Tell the operator the `request_id`: it is in the log."
    ),
    ProblemKind(_C.PROVIDER_FAILED, 502, "Bad gateway", "Send it again later: a provider failed."),
    ProblemKind(
        _C.BUSY, 503, "Try again later", "Send it again after the seconds in `Retry-After`."
    ),
    ProblemKind(
        _C.PHONES_FIRST, 503, "Phones come first", "Send it again after the seconds in `Retry-After`."
    ),
    ProblemKind(
        _C.DATABASE_AWAY, 503, "Database away",
        "Read first whether a change was made, or send it again with the same `Idempotency-Key`.",
    ),
)  # fmt: skip
"""Every code, in the order of the statuses."""
KIND_OF: dict[ProblemCode, ProblemKind] = {kind.code: kind for kind in PROBLEM_KINDS}
_DEFAULTS: dict[int, ProblemCode] = {
    401: ProblemCode.KEY_MISSING,
    409: ProblemCode.WRONG_STATE,
    503: ProblemCode.BUSY,
}


def code_of_status(status: int) -> ProblemCode:
    """Return the code of an error that has no more precise one than its HTTP status.

    >>> code_of_status(422), code_of_status(418)
    (<ProblemCode.NOT_VALID: 'not_valid'>, <ProblemCode.BAD_REQUEST: 'bad_request'>)
    """
    if status in _DEFAULTS:
        return _DEFAULTS[status]
    found = next((kind.code for kind in PROBLEM_KINDS if kind.status == status), None)
    if found is not None:
        return found
    is_ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return ProblemCode.INTERNAL if is_ours else ProblemCode.BAD_REQUEST


class FaultRule(StrEnum):
    """The kind of rule that one fault of a request breaks, `rule` of an entry of `errors`."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    WRONG_TYPE = "wrong_type"
    NOT_LISTED = "not_listed"
    OUT_OF_RANGE = "out_of_range"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    FORM = "form"
    GIVEN_TWICE = "given_twice"
    NOT_ALLOWED = "not_allowed"
