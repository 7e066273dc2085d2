"""Quality: who is right, how sure we are, whether to ask one more, and how good a worker is.

Everything here is a pure function over values. NumPy is imported by those who aggregate a batch;
judging one answer (`overlap`, `skill`, `gold`) runs inside a database transaction without it.
"""

from typing import TYPE_CHECKING, cast

from gateway import plugins
from gateway.qa import rules

if TYPE_CHECKING:
    from gateway.qa.port import Rule


def rule_names() -> list[str]:
    """Names of the aggregation rules there are, sorted."""
    return plugins.kinds(rules)


def rule(name: str) -> "Rule":
    """Open the rule of that name; raises SettingsError with the names there are."""
    return cast("Rule", cast("object", plugins.load(rules, name)))
