"""A channel for any provider of USSD over HTTP, described in the settings.

Each key press is one call, answered by the next screen. A provider sends either all inputs of the
session so far (`input = "all"`) or the newest alone (`"last"`). The settings of six providers, as
their documentation describes them, stand in docs/operators/http.md and are tested with a simulator
of each.
"""

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from gateway.base.forms import names
from gateway.base.forms.names import Names
from gateway.base.options import Options, read_options
from gateway.ussd.networks import Network
from gateway.ussd.options import UssdOptions
from gateway.ussd.port import STEP_ID, SessionEnd, UssdReply, UssdStep
from gateway.ussd.replies import Replies
from gateway.ussd.transcript import behind_code

Patterns = dict[str, re.Pattern[str]]


class Fields(Options):
    """The provider's names of the fields of a step.

    `ahead` holds the input dialled behind the code, where that has a field of its own. `step` holds
    the number of the step in its session; it is only of use with `input = "last"`.
    """

    session: Names = ("sessionId", "session_id", "sessionid", "session")
    number: Names = ("phoneNumber", "msisdn", "from")
    text: Names = ("text", "input", "message")
    service_code: Names | None = None
    network: Names | None = None
    ahead: Names | None = None
    step: Names | None = None


class HttpUssdOptions(UssdOptions):
    """The options of a USSD channel over HTTP.

    `begins`, `ends` and `completed` map fields of a call to regular expressions. They match, in
    this order, the call that begins a session, the call that reports its end, and the report of a
    session that was completed and not dropped.
    """

    input: Literal["all", "last"]
    fields: Fields = Fields()
    begins: Patterns = Field(default={})
    ends: Patterns = Field(default={})
    completed: Patterns = Field(default={})
    reply: Replies = Replies()
    get: bool = False

    @model_validator(mode="after")
    def _fit_together(self) -> "HttpUssdOptions":
        if self.input == "all" and (self.fields.step or self.fields.ahead):
            raise ValueError('fields.step and fields.ahead are for input = "last"')
        return self


EXAMPLE: Mapping[str, object] = {
    "service_code": "*384*123#",
    "input": "last",
    "fields": {"session": ["session", "sessionId"], "number": ["from", "phoneNumber"]},
}
"""Options with which a channel of this kind can be made. Every secret in them is `k-secret`."""


def make(name: str, options: Mapping[str, object]) -> "HttpUssd":
    return HttpUssd(name, read_options(HttpUssdOptions, name, options))


class HttpUssd:
    """A USSD channel that the settings describe."""

    def __init__(self, name: str, options: HttpUssdOptions) -> None:
        self.name = name
        self.service_code = options.service_code
        self.takes_get = options.get
        self.typed_in = (*options.fields.text, *(options.fields.ahead or ()))
        self._options = options

    def parse_step(self, form: Mapping[str, str]) -> UssdStep:
        at = self._options.fields
        code = self._told(form, at.service_code) or self.service_code
        newest, transcript = None, names.optional(form, at.text)
        if self._options.input == "last":
            newest, transcript = transcript, ""
            if self._options.begins and _match(self._options.begins, form):
                newest, transcript = None, self._ahead(form, newest, code)
        return UssdStep(
            session=names.needed(form, at.session),
            msisdn=names.number(form, at.number),
            service_code=code,
            transcript=transcript,
            network=self._told(form, at.network) or None,
            newest=newest,
            id=self._id(form),
        )

    def parse_end(self, form: Mapping[str, str]) -> SessionEnd:
        at, completed = self._options.fields, self._options.completed
        return SessionEnd(
            session=names.needed(form, at.session),
            msisdn=names.number(form, at.number),
            completed=bool(completed) and _match(completed, form),
        )

    def is_end(self, form: Mapping[str, str]) -> bool:
        return bool(self._options.ends) and _match(self._options.ends, form)

    def render(self, text: str, *, end: bool, form: Mapping[str, str]) -> UssdReply:
        return self._options.reply.render(text, end=end, form=form)

    def network(self, code: str | None) -> Network:
        return self._options.network(code)

    def _ahead(self, form: Mapping[str, str], dialled: str, code: str) -> str:
        """Return the input that was dialled behind the code.

        A text that does not begin with the code is no input.
        """
        if self._options.fields.ahead:
            return self._told(form, self._options.fields.ahead).strip("*#")
        rest = behind_code(dialled, code)
        return "" if rest == dialled else rest

    def _id(self, form: Mapping[str, str]) -> str:
        """Return the number of a step.

        It is the provider's field, or else the number that the gateway gave the step.
        """
        for at in (self._options.fields.step, (STEP_ID,)):
            if self._told(form, at):
                return names.needed(form, at or ())
        return ""

    @staticmethod
    def _told(form: Mapping[str, str], at: Names | None) -> str:
        return names.optional(form, at).strip() if at else ""


def _match(patterns: Patterns, form: Mapping[str, str]) -> bool:
    return all(pattern.search(form.get(name, "")) for name, pattern in patterns.items())
