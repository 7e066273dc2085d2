"""The format of a screen for a provider: templates of the settings, filled with screen and call."""

import re
from collections.abc import Callable, Mapping
from typing import cast
from xml.sax.saxutils import escape

import orjson
from pydantic import Field, model_validator

from gateway.base.options import Options
from gateway.ussd.port import PLAIN, UssdReply

_PLACE = re.compile(r"\{(text|state|call\.[^{}]+)\}")
_ANY_PLACE = re.compile(r"\{([^{}\s]*)\}")
_JSON_TYPE = "application/json"
Json = object
StateValue = bool | int | str


class Replies(Options):
    """The format in which the provider wants a screen.

    `body` or `json` is the template. `{text}` is the screen, `{state}` is `continues` or `ends`,
    and `{call.x}` is the field x of the call that is answered. A JSON value that is `{state}` alone
    keeps its type.
    """

    body: str | None = None
    json_body: dict[str, Json] | None = Field(default=None, alias="json")
    headers: dict[str, str] = Field(default={})
    continues: StateValue = "CON"
    ends: StateValue = "END"
    content_type: str | None = Field(
        default=None, pattern=r"^[\w.+-]+/[\w.+-]+(?:; ?charset=[\w-]+)?$"
    )

    @model_validator(mode="after")
    def _can_work(self) -> "Replies":
        if self.body is not None and self.json_body is not None:
            raise ValueError("body and json exclude each other")
        found = [*_strings(self._template), *self.headers.values()]
        for written in found:
            for place in _ANY_PLACE.findall(written):
                if not _PLACE.fullmatch(f"{{{place}}}"):
                    raise ValueError(f"{{{place}}} is not defined; use text, state or call.x")
        if not any("{text}" in written for written in _strings(self._template)):
            raise ValueError("the screen is missing: write {text} into body or json")
        if not any("{state}" in written for written in found):
            raise ValueError("the state of the session is missing: write {state} into a template")
        return self

    @property
    def _template(self) -> Json:
        if self.json_body is not None:
            return self.json_body
        return "{state} {text}" if self.body is None else self.body

    def render(self, text: str, *, end: bool, form: Mapping[str, str]) -> UssdReply:
        """Return the reply for a screen."""
        state = self.ends if end else self.continues
        values = {f"call.{name}": value for name, value in form.items()}
        values |= {"text": text.strip() or ".", "state": _word(state)}
        headers = {name: _filled(one, values, _one_line) for name, one in self.headers.items()}
        if self.json_body is not None:
            body = orjson.dumps(_filled_json(self.json_body, values, state))
            return UssdReply(body, self.content_type or _JSON_TYPE, headers)
        kind = self.content_type or PLAIN
        written = _filled(cast("str", self._template), values, escape if "xml" in kind else str)
        return UssdReply(written.encode(errors="replace"), kind, headers)


def _word(state: StateValue) -> str:
    return str(state).lower() if isinstance(state, bool) else str(state)


def _one_line(value: str) -> str:
    """Return a value as a header can hold it: one line of ASCII."""
    written = " ".join(value.split()).encode("ascii", "replace").decode()
    return "".join(ch for ch in written if ch.isprintable())


def _filled(template: str, values: Mapping[str, str], written: Callable[[str], str]) -> str:
    """Fill a template in one pass, so that a value is never read as a template."""
    return _PLACE.sub(lambda place: written(_storable(values.get(place[1], ""))), template)


def _storable(value: str) -> str:
    return value.encode(errors="replace").decode()


def _filled_json(template: Json, values: Mapping[str, str], state: StateValue) -> Json:
    if template == "{state}":
        return state
    if isinstance(template, str):
        return _filled(template, values, str)
    if isinstance(template, dict):
        inner = cast("dict[str, Json]", template)
        return {name: _filled_json(one, values, state) for name, one in inner.items()}
    if isinstance(template, list):
        return [_filled_json(one, values, state) for one in cast("list[Json]", template)]
    return template


def _strings(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(cast("dict[str, Json]", value).values())
    if isinstance(value, list):
        return [text for one in cast("list[Json]", value) for text in _strings(one)]
    return []
