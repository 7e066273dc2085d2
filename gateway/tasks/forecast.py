"""How many paid answers a batch will have when it closes, guessed from how its tasks have gone so far. Pure."""


def answers_at_close(
    *,
    given: int,
    decided: int,
    decided_answers: int,
    still_open: int,
    open_given: int,
    open_wanted: int,
    most: int,
) -> int:
    """Never below what is given already and wanted now, never above `most` (what was set aside for).

    `given`: answers so far, gold included. `decided` tasks took `decided_answers`; `still_open` tasks have been given
    `open_given`, and want `open_wanted` more by now. A batch whose tasks mostly needed three answers will need three for the rest.

    >>> answers_at_close(given=30, decided=10, decided_answers=30, still_open=20, open_given=0, open_wanted=40, most=210)
    90
    >>> answers_at_close(given=0, decided=0, decided_answers=0, still_open=5, open_given=0, open_wanted=15, most=15)
    15
    """
    usual = -(-still_open * decided_answers // decided) - open_given if decided else 0
    return min(max(given, most), given + max(open_wanted, usual))
