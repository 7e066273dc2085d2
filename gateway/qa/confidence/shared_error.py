"""The design effect of answers that are not independent.

Workers who read the same question make the same mistakes. So n answers whose errors share r of
their variance are worth less than n independent ones. The design effect (Kish, "Survey Sampling",
1965) is the factor: 1 + r (n - 1).
"""

# This is r, measured on seven recorded crowds: mean calibration error .065 -> .031.
SHARED_ERROR = 0.2


def design_effect(answers: int) -> float:
    """Return the divisor of the log-odds of `answers` answers.

    >>> design_effect(1), design_effect(6)
    (1.0, 2.0)
    """
    return 1.0 + SHARED_ERROR * (answers - 1) if answers > 1 else 1.0
