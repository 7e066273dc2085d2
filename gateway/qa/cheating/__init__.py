"""Signs of cheating: one rule a file, each gives findings with their evidence, for a person to judge.

Nobody is banned by a formula. A rule is a file with `look(observed)`; what several rules say of many
workers is corrected for how many were looked at, inside each rule. How quickly somebody answers is
never a finding: in recorded crowds the quickest are often the best.
"""

from typing import TYPE_CHECKING, cast

from gateway import plugins

if TYPE_CHECKING:
    from gateway.qa.observed import Finding, Observed, Sign


def findings(observed: "Observed") -> "list[Finding]":
    """What all rules find, the least likely luck first."""
    from gateway.qa import cheating  # noqa: PLC0415  # the package itself, as its shelf

    found: list[Finding] = []
    for name in plugins.kinds(cheating):
        found += cast("Sign", cast("object", plugins.load(cheating, name))).look(observed)
    return sorted(found, key=lambda one: (one.chance, one.rule, one.workers))
