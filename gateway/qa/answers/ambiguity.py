"""The chance that workers are split because the task has no single answer.

Two explanations of the same answers are compared. Clear: one option is true, and every worker says
it with their skill. Ambiguous: two options are equally good answers, and good workers split between
them. Many good workers who split evenly are hard to explain by mistakes.
"""

from collections.abc import Sequence

# The share of such tasks before anything is known. Reviewers of recorded sets find about as many.
AMBIGUOUS = 0.1
STRAY = 0.1  # The chance that an answer to an ambiguous task is neither of its two.
SKILL_MIN, SKILL_MAX = 0.01, 0.99


def ambiguity(
    values: Sequence[str], rights: Sequence[float], options: Sequence[str], *, unseen: int = 0
) -> float:
    """Return the chance that the task is ambiguous.

    `rights` are the workers' chances to be right. `unseen` more answers were possible beside the
    options: typed texts that no worker happened to give.

    >>> good = [0.9] * 6
    >>> ambiguity(["a", "b"] * 3, good, ["a", "b"]) > 0.6
    True
    >>> ambiguity(["a"] * 6, good, ["a", "b"]) < 0.01
    True
    """
    known = list(dict.fromkeys((*options, *values)))
    count = max(2, len(known) + unseen)
    clear = dict.fromkeys(known, 1.0 / count)
    for value, right in zip(values, rights, strict=True):
        sure = min(max(right, SKILL_MIN), SKILL_MAX)
        slip = (1.0 - sure) / (count - 1)
        for option in known:
            clear[option] *= sure if option == value else slip
    pairs = count * (count - 1) / 2
    stray = STRAY / (count - 2) if count > 2 else 0.0  # noqa: PLR2004  # two options leave no third
    of_pair = (1.0 - (STRAY if count > 2 else 0.0)) / 2  # noqa: PLR2004
    given = [values.count(option) for option in known]
    split = 0.0
    for one in range(len(known)):
        for other in range(one):
            among = given[one] + given[other]
            split += of_pair**among * stray ** (len(values) - among) / pairs
    ambiguous = AMBIGUOUS * split
    return ambiguous / (ambiguous + (1.0 - AMBIGUOUS) * sum(clear.values()))
