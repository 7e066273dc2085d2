"""The errors of the gateway. Each says which side has to act.

`Refused` is the caller's: the input or the request cannot be accepted, and the message says what to
change. `Failed` is the outside world's: something there did not work, and `retryable` says whether
trying again may help.
"""

from dataclasses import dataclass
from functools import partial

from gateway.base.errors.problem_codes import FaultRule, ProblemCode, code_of_status


class GatewayError(Exception):
    """An error that the gateway raises on purpose.

    Its message is one line that its reader can act on.
    """


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault in an input: its row (1 = first data row), its field, and the rule that it breaks.

    `message` says the rule in words, and `rule` is its kind, for programs.
    """

    message: str
    field: str | None = None
    row: int | None = None
    rule: FaultRule = FaultRule.NOT_ALLOWED


class Refused(GatewayError):
    """A request that cannot be accepted as it is.

    `status` is the HTTP status of the answer, and `code` names the error for programs. `faults` are
    the first faults, and `wrong` is the number of all rows with a fault.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 422,
        field: str | None = None,
        row: int | None = None,
        faults: tuple[Fault, ...] = (),
        code: ProblemCode | None = None,
        rule: FaultRule = FaultRule.NOT_ALLOWED,
        wrong: int = 0,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.wrong = wrong
        self.code = code or code_of_status(status)
        self.faults = faults or ((Fault(message, field, row, rule),) if field or row else ())


class Unclear(Refused):
    """An event that any phone can send and that needs no action.

    It is kept, and raises no alarm.
    """


class Failed(GatewayError):
    """A failure of the outside world (network, provider, disk).

    `retryable` says that the same call may succeed later.
    """

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """Let a helper process return the failure."""
        return partial(Failed, retryable=self.retryable), (str(self),)


class Conflict(GatewayError):
    """A change of the rows that a decision was based on, so they must be read and decided again.

    It is never shown to a person.
    """


class SettingsError(GatewayError):
    """A configuration that the gateway cannot run with.

    The message names the setting and the cure.
    """


class OtherKey(SettingsError):
    """A row whose content was sealed with another secret key.

    The row waits for that key, but other rows need not.
    """
