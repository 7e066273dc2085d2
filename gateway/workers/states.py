"""The states of a worker and the acts that change them: a table, kept beside each act in the ledger of consent."""

from typing import Literal

State = Literal["invited", "active", "stopped", "removed"]
Act = Literal["asked", "invited", "joined", "agreed", "stopped", "restarted", "removed"]

# What each act makes of a worker, whatever she was before. Only her own word makes her active:
# `joined` is said with a partner's code, `agreed` is her YES, `restarted` her START. A coordinator
# can invite and remove, never consent.
BECOMES: dict[Act, State] = {
    "asked": "invited",
    "invited": "invited",
    "joined": "active",
    "agreed": "active",
    "restarted": "active",
    "stopped": "stopped",
    "removed": "removed",
}
