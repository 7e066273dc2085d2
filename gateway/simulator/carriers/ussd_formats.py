"""The formats in which six aggregators carry USSD over HTTP: key presses and screens.

They are written from the aggregators' documentation, independent of the gateway's own reading:

- Hubtel, Ghana: hubtel.readme.io/reference/sample-general-services-interaction,
  developers.hubtel.com/docs/api-reference-prog-services
- Arkesel, Ghana: developers.arkesel.com (fields as in public applications that answer it)
- Moolre, Ghana: docs.moolre.com/ussd
- Uzo, Ghana: mobiverse-solutions.github.io/uzo-documentation
- HollaTags, Nigeria: docs.hollatags.com/ussd/inbound
- Crossgate, Kenya: docs.vas.crossgatesolutions.co.ke/ussd
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast
from urllib.parse import urlencode

import orjson

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"


class Unreadable(Exception):
    """A screen that the aggregator would not show. The text gives the reason."""


@dataclass(slots=True)
class Dialogue:
    """A USSD session of one phone.

    `typed` holds the inputs so far, and `ahead` those that were dialled behind the code.
    """

    session: str
    msisdn: str
    code: str
    ahead: list[str] = field(default_factory=list[str])
    typed: list[str] = field(default_factory=list[str])
    hops: int = 0

    @property
    def dialled(self) -> str:
        """Return the whole string that was dialled, without its last sign."""
        return "*".join([self.code.removesuffix("#"), *self.ahead])

    @property
    def newest(self) -> str:
        return self.typed[-1] if self.typed else ""


@dataclass(frozen=True, slots=True)
class UssdRequest:
    """A call from the aggregator: a body, or a query for a GET."""

    method: str
    query: str = ""
    body: bytes = b""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class UssdFormat:
    """The format of one aggregator.

    `end` is None if the aggregator does not report the end of a session.
    """

    step: Callable[[Dialogue], UssdRequest]
    end: Callable[[Dialogue], UssdRequest] | None
    read: Callable[[Dialogue, str, str], tuple[str, bool]]
    """Takes the session, content type and body of an answer. Returns the screen, and whether it
    waits for a key.
    """


def _posted(told: Mapping[str, object]) -> UssdRequest:
    return UssdRequest("POST", body=orjson.dumps(told), content_type=JSON)


def _got(told: Mapping[str, str]) -> UssdRequest:
    return UssdRequest("GET", query=urlencode(told))


def _object(content_type: str, body: str) -> dict[str, object]:
    if not content_type.startswith(JSON):
        raise Unreadable(f"the answer is {content_type!r}, not JSON")
    try:
        found = orjson.loads(body)
    except ValueError as bad:
        raise Unreadable(f"the answer is not JSON: {bad}") from bad
    if not isinstance(found, dict):
        raise Unreadable("the answer is no JSON object")
    return cast("dict[str, object]", found)


def _text(told: Mapping[str, object], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Unreadable(f"no text in {name!r}")
    return value


def _one_of(told: Mapping[str, object], name: str, values: Sequence[object]) -> object:
    value = told.get(name)
    # The types must match exactly: True is not 1 in JSON.
    if not any(type(value) is type(one) and value == one for one in values):
        raise Unreadable(f"{name!r} is {value!r}, not one of {values}")
    return value


def _same(told: Mapping[str, object], name: str, value: str) -> None:
    if told.get(name) != value:
        raise Unreadable(f"{name!r} is {told.get(name)!r}, not {value!r} as in the call")


# Hubtel


def _hubtel(dialogue: Dialogue, kind: str) -> UssdRequest:
    first = dialogue.hops == 0
    return _posted(
        {
            "Type": kind,
            "Message": f"{dialogue.dialled}#" if first else dialogue.newest,
            "ServiceCode": dialogue.code.strip("*#"),
            "Operator": "vodafone",
            "ClientState": "",
            "Mobile": dialogue.msisdn.removeprefix("+"),
            "SessionId": dialogue.session,
            "Sequence": dialogue.hops + 1,
            "Platform": "USSD",
        }
    )


def _read_hubtel(dialogue: Dialogue, content_type: str, body: str) -> tuple[str, bool]:
    told = _object(content_type, body)
    _same(told, "SessionId", dialogue.session)
    kind = _one_of(told, "Type", ("response", "release"))
    _one_of(told, "DataType", ("input", "display"))
    _one_of(told, "FieldType", ("text",))
    _text(told, "Label")
    return _text(told, "Message"), kind == "response"


# Arkesel


def _arkesel(dialogue: Dialogue) -> UssdRequest:
    first = dialogue.hops == 0
    return _posted(
        {
            "sessionID": dialogue.session,
            "userID": "GATEWAY_1",
            "newSession": first,
            "msisdn": dialogue.msisdn.removeprefix("+"),
            "userData": f"{dialogue.dialled}#" if first else dialogue.newest,
            "network": "MTN",
        }
    )


def _read_arkesel(dialogue: Dialogue, content_type: str, body: str) -> tuple[str, bool]:
    told = _object(content_type, body)
    _same(told, "sessionID", dialogue.session)
    _same(told, "userID", "GATEWAY_1")
    _same(told, "msisdn", dialogue.msisdn.removeprefix("+"))
    return _text(told, "message"), _one_of(told, "continueSession", (True, False)) is True


# Moolre


def _moolre(dialogue: Dialogue) -> UssdRequest:
    first = dialogue.hops == 0
    return _posted(
        {
            "sessionid": dialogue.session,
            "new": first,
            "msisdn": dialogue.msisdn.removeprefix("+"),
            "network": 3,
            "message": "" if first else dialogue.newest,
            "extension": dialogue.code.strip("*#").rpartition("*")[2],
            "data": "*".join(dialogue.ahead) if first else "",
        }
    )


def _read_moolre(_: Dialogue, content_type: str, body: str) -> tuple[str, bool]:
    told = _object(content_type, body)
    return _text(told, "message"), _one_of(told, "reply", (True, False)) is True


# Uzo


def _uzo(dialogue: Dialogue, operation: str) -> UssdRequest:
    return _posted(
        {
            "ussdString": f"{dialogue.dialled}#" if dialogue.hops == 0 else dialogue.newest,
            "msisdn": dialogue.msisdn,
            "ussdServiceOp": operation,
            "sessionID": dialogue.session,
            "network": "06",
            "code": dialogue.code,
            "country": "GH",
        }
    )


def _read_uzo(_: Dialogue, content_type: str, body: str) -> tuple[str, bool]:
    told = _object(content_type, body)
    return _text(told, "message"), _one_of(told, "ussdServiceOp", (2, 17)) == 2  # noqa: PLR2004


# HollaTags


def _hollatags(dialogue: Dialogue, operation: str) -> UssdRequest:
    return _got(
        {
            "session_msisdn": dialogue.msisdn.removeprefix("+"),
            "session_operation": operation,
            "session_msg": f"{dialogue.dialled}#" if dialogue.hops == 0 else dialogue.newest,
            "session_id": dialogue.session,
            "session_from": dialogue.code,
            "session_type": "4" if operation == "end" else "1",
            "session_mno": "MTN",
        }
    )


def _read_hollatags(dialogue: Dialogue, content_type: str, body: str) -> tuple[str, bool]:
    told = _object(content_type, body)
    _same(told, "session_id", dialogue.session)
    goes_on = _one_of(told, "session_operation", ("continue", "end")) == "continue"
    return _text(told, "session_msg"), goes_on


# Crossgate


def _crossgate(dialogue: Dialogue) -> UssdRequest:
    return _got(
        {
            "network_code": "2541",
            "msisdn": dialogue.msisdn.removeprefix("+"),
            "service_code": dialogue.code.strip("*#"),
            "session_id": dialogue.session,
            "ussd_string": "*".join([*dialogue.ahead, *dialogue.typed]),
        }
    )


def _read_crossgate(_: Dialogue, content_type: str, body: str) -> tuple[str, bool]:
    if not content_type.startswith("text/plain"):
        raise Unreadable(f"the answer is {content_type!r}, not text/plain")
    if body[:4] not in ("CON ", "END ") or not body[4:].strip():
        raise Unreadable("the answer does not begin with CON or END")
    return body[4:], body.startswith("CON ")


FORMATS: Final[Mapping[str, UssdFormat]] = {
    "hubtel": UssdFormat(
        lambda d: _hubtel(d, "response" if d.hops else "initiation"),
        lambda d: _hubtel(d, "release"),
        _read_hubtel,
    ),
    "arkesel": UssdFormat(_arkesel, None, _read_arkesel),
    "moolre": UssdFormat(_moolre, None, _read_moolre),
    "uzo": UssdFormat(
        lambda d: _uzo(d, "18" if d.hops else "1"), lambda d: _uzo(d, "30"), _read_uzo
    ),
    "hollatags": UssdFormat(
        lambda d: _hollatags(d, "continue" if d.hops else "begin"),
        lambda d: _hollatags(d, "end"),
        _read_hollatags,
    ),
    "crossgate": UssdFormat(_crossgate, None, _read_crossgate),
}
