"""The forecast of the paid answers of a batch at its close, from its tasks so far. It is pure."""


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
    """Return the expected number of paid answers when the batch closes.

    The result is never below the answers already given and currently wanted. It is never above
    `most`, the number of answers for which money was set aside.

    `given` counts the answers so far, gold included. The `decided` tasks took `decided_answers`.
    The `still_open` tasks have been given `open_given` answers and currently want `open_wanted`
    more. If the tasks of a batch mostly needed three answers, the rest is expected to need three
    too.

    >>> decided = {"given": 30, "decided": 10, "decided_answers": 30}
    >>> answers_at_close(**decided, still_open=20, open_given=0, open_wanted=40, most=210)
    90
    >>> none_decided = {"given": 0, "decided": 0, "decided_answers": 0}
    >>> answers_at_close(**none_decided, still_open=5, open_given=0, open_wanted=15, most=15)
    15
    """
    usual = -(-still_open * decided_answers // decided) - open_given if decided else 0
    return min(max(given, most), given + max(open_wanted, usual))
