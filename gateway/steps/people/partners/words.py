"""The checks of the author and the reason that every change of a partner needs."""

from gateway.base.errors import Refused
from gateway.base.text.strings import line

_NAME_MAX, _REASON_MAX = 100, 500


def author(by: str) -> str:
    """Return the name of the author. Raises Refused without one."""
    if not by.strip():
        raise Refused("say who does this; it is kept with the partner", field="by")
    return line(by, "by", _NAME_MAX)


def reason_given(because: str) -> str:
    """Return the reason of a change. Raises Refused without one."""
    if not because.strip():
        raise Refused("say why; it is kept with the partner", field="because")
    return line(because, "because", _REASON_MAX)
