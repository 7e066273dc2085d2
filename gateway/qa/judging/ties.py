"""The test for a tie: the most frequent answer to a task is not alone."""

from collections import Counter
from collections.abc import Sequence

from gateway.qa.answers.port import AnswerForm


def tied(values: Sequence[str], form: AnswerForm, language: str = "") -> bool:
    """Return True when no answer was given more often than every other one.

    Answers of one group count as one. `language` is the tag by which typed answers are compared.

    >>> from gateway.qa.answers import choice
    >>> tied(["yes", "no"], choice), tied(["yes", "no", "yes"], choice)
    (True, False)
    >>> tied(["yes"], choice)
    False
    """
    if len(values) < 2:  # noqa: PLR2004
        return False
    groups = form.grouped(values, language)
    if groups.count(groups[0]) == len(groups):  # Most tasks: all agree.
        return False
    *_, second, first = sorted(Counter(groups).values())
    return first == second
