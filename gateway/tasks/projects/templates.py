"""Texts with placeholders: `{column}` stands for a parameter, a cell or the text of a part."""

import re
from collections.abc import Mapping

_PLACE = re.compile(r"\{([^{}\n]{1,100})\}")


def placeholders(template: str) -> list[str]:
    """Return the names in a template, in order.

    >>> placeholders("Is {name} in {Town }?")
    ['name', 'Town']
    """
    return [found.strip() for found in _PLACE.findall(template)]


def filled_in(template: str, values: Mapping[str, str]) -> str:
    """Return the template with the known names replaced; other names stay.

    A value is never read as a template itself.

    >>> filled_in("Is {name} in {town}?", {"name": "{town}"})
    'Is {town} in {town}?'
    """
    return _PLACE.sub(lambda found: values.get(found[1].strip(), found[0]), template)
