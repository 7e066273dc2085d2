"""The test for a tie: the most frequent answer to a task is not alone."""

from collections import Counter
from collections.abc import Sequence


def tied(values: Sequence[str], *, is_text: bool, language: str = "") -> bool:
    """Return True when no answer was given more often than every other one.

    Near-equal texts are one answer. `language` is the tag by which typed answers are compared.

    >>> tied(["yes", "no"], is_text=False), tied(["yes", "no", "yes"], is_text=False)
    (True, False)
    >>> tied(["yes"], is_text=False)
    False
    """
    if len(values) < 2:  # noqa: PLR2004
        return False
    if is_text:
        from gateway.qa.typed.near import grouped  # noqa: PLC0415  # rapidfuzz, for text only

        values = grouped(values, language)
    counts = Counter(values).most_common(2)
    return len(counts) > 1 and counts[0][1] == counts[1][1]
