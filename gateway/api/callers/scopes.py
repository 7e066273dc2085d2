"""The scope that each address of the client API asks of a key.

The first rule that fits an address counts. An address without a rule is closed to every key that
does not hold all scopes, so a new address is never open by mistake.
"""

import re
from dataclasses import dataclass

from gateway.base.errors import Refused
from gateway.base.errors.problem_codes import ProblemCode
from gateway.base.scopes import ALL, KeyScope

_ROOT = "/api/v1/"
_READING = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """The scopes for reading and for changing what a pattern of addresses names."""

    pattern: re.Pattern[str]
    read: KeyScope
    write: KeyScope


def _rule(pattern: str, read: KeyScope, write: KeyScope) -> ScopeRule:
    return ScopeRule(re.compile(f"{pattern}(?:[./].*)?/?"), read, write)


_BATCH, _PROJECT = "batches/[^/]+", "projects/[^/]+"
_S = KeyScope
_RULES = (
    _rule("account", _S.MONEY_READ, _S.MONEY_WRITE),
    _rule(f"{_BATCH}/(?:start|resume|bonuses|extend|reopen|price)", _S.MONEY_READ, _S.MONEY_WRITE),
    _rule(f"{_PROJECT}/start", _S.MONEY_READ, _S.MONEY_WRITE),
    _rule(f"{_BATCH}/(?:results|answers|proof|fields)", _S.RESULTS_READ, _S.QUALITY_WRITE),
    # An export reads, although it is made by a POST.
    _rule(f"{_BATCH}/exports", _S.RESULTS_READ, _S.RESULTS_READ),
    _rule(f"{_BATCH}/preview", _S.BATCHES_READ, _S.BATCHES_READ),
    _rule("preview", _S.BATCHES_READ, _S.BATCHES_READ),
    _rule(f"{_BATCH}/tasks/[^/]+/decision", _S.QUALITY_READ, _S.QUALITY_WRITE),
    _rule(
        f"{_BATCH}/(?:quality|audit|accept|refuse|gold|options|rules|predictions)",
        _S.QUALITY_READ,
        _S.QUALITY_WRITE,
    ),
    _rule("batches", _S.BATCHES_READ, _S.BATCHES_WRITE),
    _rule("(?:projects|recipes)", _S.PROJECTS_READ, _S.PROJECTS_WRITE),
    _rule("webhooks", _S.WEBHOOKS_READ, _S.WEBHOOKS_WRITE),
    _rule("audience", _S.AUDIENCE_READ, _S.AUDIENCE_READ),
)


def scope_of(method: str, path: str) -> KeyScope | None:
    """Return the scope that a request needs, or None for an address without a rule.

    >>> str(scope_of("POST", "/api/v1/batches/b_1/start")), str(scope_of("GET", "/api/v1/batches"))
    ('money:write', 'batches:read')
    >>> scope_of("GET", "/api/v1/nothing") is None
    True
    """
    if not path.startswith(_ROOT):
        return None
    inner = path.removeprefix(_ROOT)
    for rule in _RULES:
        if rule.pattern.fullmatch(inner):
            return rule.read if method in _READING else rule.write
    return None


def check_scope(held: frozenset[str], method: str, path: str) -> None:
    """Raise Refused with 403 for a key without the scope that the request needs."""
    if ALL in held:
        return
    needed = scope_of(method, path)
    if needed is None:
        raise Refused(f"there is nothing at {path}; /docs lists what there is", status=404)
    check_held(held, needed)


def check_held(held: frozenset[str], needed: KeyScope) -> None:
    """Raise Refused with 403 for a key without this scope."""
    if ALL not in held and needed not in held:
        raise Refused(
            f"this API key has not the scope {needed}; it has: {', '.join(sorted(held))}",
            status=403,
            code=ProblemCode.SCOPE_MISSING,
        )
