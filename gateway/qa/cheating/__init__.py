"""The signs of cheating: one rule per file, which returns findings with their evidence.

An operator of the gateway judges them: no worker is banned by a formula. A rule is a file with
`look(observed)`. Each rule corrects its findings for the number of workers that it examined. The
speed of answers is never a finding: in recorded crowds the quickest workers are often the best.
"""

from typing import TYPE_CHECKING, cast

from gateway.base import plugins

if TYPE_CHECKING:
    from gateway.qa.observed import CheatingRule, Finding, Observed


def findings(observed: "Observed") -> "list[Finding]":
    """Return the findings of all rules, the least likely luck first."""
    from gateway.qa import cheating  # noqa: PLC0415  # the package itself, as its shelf

    found: list[Finding] = []
    for name in plugins.kinds(cheating):
        found += cast("CheatingRule", cast("object", plugins.load(cheating, name))).look(observed)
    return sorted(found, key=lambda one: (one.chance, one.rule, one.workers))
