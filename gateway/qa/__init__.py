"""The quality of answers: the right value, its confidence, the need of one more answer, and skill.

Everything here is a pure function over values. The modules that aggregate a batch import NumPy. The
modules that judge one answer (`overlap`, `skill`, `gold`) run inside a database transaction without
it.
"""

from typing import TYPE_CHECKING, cast

from gateway.base import plugins
from gateway.qa import rules

if TYPE_CHECKING:
    from gateway.qa.port import Rule


def rule_names() -> list[str]:
    """Return the names of all aggregation rules, sorted."""
    return plugins.kinds(rules)


def rule(name: str) -> "Rule":
    """Return the rule of that name.

    Raises SettingsError, which lists the existing names.
    """
    return cast("Rule", cast("object", plugins.load(rules, name)))
