"""The states of a worker and the acts that change them.

The ledger of consent keeps both beside each other.
"""

from typing import Literal

WorkerState = Literal["invited", "active", "stopped", "removed"]
Act = Literal["asked", "invited", "joined", "agreed", "stopped", "restarted", "removed"]

# The state after each act, whatever the state before. Only the worker's own word makes her active:
# `joined` is said with a partner's code, `agreed` is her YES, and `restarted` is her START. A
# coordinator can invite and remove a worker, but never consent for her.
BECOMES: dict[Act, WorkerState] = {
    "asked": "invited",
    "invited": "invited",
    "joined": "active",
    "agreed": "active",
    "restarted": "active",
    "stopped": "stopped",
    "removed": "removed",
}
