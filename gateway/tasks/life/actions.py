"""The table of a batch's states and of the changes that are allowed in each.

A refusal names the state and says what the client can do instead.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.base.errors import Refused

DRAFT, RUNNING, PAUSED, DONE, CANCELLED = "draft", "running", "paused", "done", "cancelled"
STATES: Final = (DRAFT, RUNNING, PAUSED, DONE, CANCELLED)
_GOING_ON: Final = (RUNNING, PAUSED)

ALLOWED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "edit": (DRAFT,),
        "delete": (DRAFT,),
        "label": STATES,
        "copy": STATES,
        "extend": _GOING_ON,
        "price": _GOING_ON,
        "cancel_tasks": _GOING_ON,
        "finish": _GOING_ON,
        "reopen": (RUNNING, PAUSED, DONE),
    }
)
"""The states of a batch in which its client may make each change."""

_INSTEAD: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "edit": {
            RUNNING: "POST /price, /extend or /finish change it now, and only its labels may be edited",
            PAUSED: "POST /price, /extend or /finish change it now, and only its labels may be edited",
            DONE: "POST /copy makes a draft of the same settings, and only its labels may be edited",
            CANCELLED: "POST /copy makes a draft of the same settings, and only its labels may be edited",
        },
        "delete": {
            RUNNING: "only a draft can be deleted; POST /cancel ends it",
            PAUSED: "only a draft can be deleted; POST /cancel ends it",
            DONE: "only a draft can be deleted; what was answered and paid is kept",
            CANCELLED: "only a draft can be deleted; what was answered and paid is kept",
        },
        "extend": {
            DRAFT: "PATCH it instead, with another policy or deadline",
            DONE: "POST /reopen opens chosen tasks for more answers",
            CANCELLED: "POST /copy makes a draft of the same settings",
        },
        "price": {
            DRAFT: "PATCH it with another price instead",
            DONE: "no worker is asked any more; POST /bonuses thanks a worker",
            CANCELLED: "no worker is asked any more; POST /bonuses thanks a worker",
        },
        "cancel_tasks": {
            DRAFT: "no worker is asked yet; delete the draft, or upload other tasks to a copy",
            DONE: "no worker is asked any more",
            CANCELLED: "no worker is asked any more",
        },
        "finish": {
            DRAFT: "PATCH it with open: false instead",
            DONE: "it has finished already",
            CANCELLED: "it has ended already",
        },
        "reopen": {
            DRAFT: "no task of it is decided yet",
            CANCELLED: "POST /copy with tasks: true makes a draft of the same tasks",
        },
    }
)


def check_allowed(change: str, state: str) -> None:
    """Raise Refused where the change is not allowed in this state.

    >>> check_allowed("delete", "draft")
    """
    if state not in ALLOWED[change]:
        raise Refused(f"the batch is {state}: {_INSTEAD[change][state]}", status=409)
