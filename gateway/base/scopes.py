"""The scopes of API keys: what a program that holds the key may do."""

from enum import StrEnum
from typing import Final

from gateway.base.errors import Refused

ALL: Final = "*"
"""The mark of a key with every scope, those to come included."""


class KeyScope(StrEnum):
    """One permission of an API key."""

    BATCHES_READ = "batches:read"
    BATCHES_WRITE = "batches:write"
    RESULTS_READ = "results:read"
    QUALITY_READ = "quality:read"
    QUALITY_WRITE = "quality:write"
    MONEY_READ = "money:read"
    MONEY_WRITE = "money:write"
    PROJECTS_READ = "projects:read"
    PROJECTS_WRITE = "projects:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    AUDIENCE_READ = "audience:read"


MEANINGS: Final[dict[KeyScope, str]] = {
    KeyScope.BATCHES_READ: "see batches, tasks, quotes and progress",
    KeyScope.BATCHES_WRITE: "make, fill, change, pause and cancel batches",
    KeyScope.RESULTS_READ: "read results, answers and proofs",
    KeyScope.QUALITY_READ: "see quality reports, audits, rules and how a result came about",
    KeyScope.QUALITY_WRITE: "decide and correct tasks, audit, accept and refuse",
    KeyScope.MONEY_READ: "see the account and the bonuses",
    KeyScope.MONEY_WRITE: "start, extend and reopen batches, add tasks to one that runs, pay bonuses: what commits money",
    KeyScope.PROJECTS_READ: "see projects, their quotes, results and reports",
    KeyScope.PROJECTS_WRITE: "make, fill, pause and cancel projects",
    KeyScope.WEBHOOKS_READ: "see webhooks and their deliveries",
    KeyScope.WEBHOOKS_WRITE: "add, change and delete webhooks, and send calls again",
    KeyScope.AUDIENCE_READ: "list the ids of workers and partners",
}


def scopes_named(written: str) -> tuple[str, ...]:
    """Return the scopes of a text like `batches:read,results:read`; an empty text means all.

    Raises Refused for a scope that does not exist.

    >>> scopes_named("batches:read, money:read"), scopes_named("")
    (('batches:read', 'money:read'), ('*',))
    """
    names = [one.strip() for one in written.split(",") if one.strip()]
    if not names or names in (["all"], [ALL]):
        return (ALL,)
    if unknown := [name for name in names if name not in set(KeyScope)]:
        raise Refused(
            f"there is no scope {unknown[0]!r}; there are: {', '.join(KeyScope)}", field="scopes"
        )
    return tuple(dict.fromkeys(names))
