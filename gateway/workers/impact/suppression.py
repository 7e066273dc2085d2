"""The suppression of small groups in published totals. Pure.

A count below `LEAST` could reveal who stated what. It is left out. A reader who knows the total
must not be able to compute it by subtraction, so further groups are left out until those left out
hold at least `LEAST` persons together, and are at least two groups.
"""

from collections.abc import Mapping
from typing import Final

LEAST: Final = 10


def suppressed(groups: Mapping[str, int]) -> dict[str, int | None]:
    """Return the groups of one partition with None for each that must not be published.

    >>> suppressed({"women": 40, "men": 30, "not stated": 12})
    {'women': 40, 'men': 30, 'not stated': 12}
    >>> suppressed({"women": 40, "men": 30, "other": 3})
    {'women': 40, 'men': None, 'other': None}
    >>> suppressed({"women": 40, "men": 4, "other": 3})
    {'women': None, 'men': None, 'other': None}
    >>> suppressed({"refugees": 9, "not stated": 0})
    {'refugees': None, 'not stated': None}
    """
    hidden = {name for name, count in groups.items() if 0 < count < LEAST}
    if hidden:
        for name in sorted(groups, key=lambda name: (groups[name] == 0, groups[name], name)):
            together = sum(groups[one] for one in hidden)
            shown = [groups[one] for one in groups if one not in hidden and groups[one]]
            # An empty group beside one that is left out would show its whole count.
            if together >= LEAST and len([one for one in hidden if groups[one]]) > 1:
                break
            if name not in hidden and (groups[name] or not shown):
                hidden.add(name)
    return {name: None if name in hidden else count for name, count in groups.items()}
