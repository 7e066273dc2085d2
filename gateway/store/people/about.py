"""The optional statements of workers about themselves."""

from gateway.base.ids import WorkerId
from gateway.conversation.facts import AboutTold
from gateway.store.db import Write


def tell(worker: WorkerId, told: AboutTold, via: str, channel: str) -> Write:
    """Return the part that keeps a statement, in place of the one before."""
    return Write(
        "tell_about",
        {
            "worker": worker,
            "gender": told.gender,
            "birth_year": told.birth_year,
            "refugee": told.refugee,
            "dependents": told.dependents,
            "via": via,
            "channel": channel,
        },
    )


def withdraw(worker: WorkerId, via: str, channel: str) -> Write:
    """Return the part that deletes a statement."""
    return Write("withdraw_about", {"worker": worker, "via": via, "channel": channel})
