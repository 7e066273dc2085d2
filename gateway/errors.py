"""The errors of the house. Each answers one question: whose turn is it to act?

`Refused` is the asker's: the input or the request cannot be accepted, and the message says what to
change. `Failed` is the world's: something outside did not work, and `retryable` says whether trying
again may help.
"""

from dataclasses import dataclass


class GatewayError(Exception):
    """Anything this product raises on purpose; its message is one line a person can act on."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong thing in an input: which row (1 = first data row), which field, which rule it breaks."""

    message: str
    field: str | None = None
    row: int | None = None


class Refused(GatewayError):
    """The request cannot be accepted as it is. `status` is the HTTP status it becomes."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 422,
        field: str | None = None,
        row: int | None = None,
        faults: tuple[Fault, ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.faults = faults or ((Fault(message, field, row),) if field or row else ())


class Unclear(Refused):
    """Something that any phone can send and that nobody can act on: kept for a look, and no alarm."""


class Failed(GatewayError):
    """The world outside failed (network, provider, disk).

    `retryable`: the same call may succeed later.
    """

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


class Conflict(GatewayError):
    """What was read is no longer so: read again and decide again. Never shown to a person."""


class SettingsError(GatewayError):
    """The gateway is set up in a way it cannot run with; the message names the setting and the cure."""


class OtherKey(SettingsError):
    """What is stored in this row was sealed with another secret key.

    The row waits for that key; other rows need not.
    """
