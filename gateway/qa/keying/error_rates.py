"""The error rate of a worker who keys fields, from her counts of right and wrong fields.

The counts are those of a `Skill` at data entry, in fields and not in records: gold counts in full,
and a field that other workers keyed too counts as consensus does.
"""

from math import sqrt

from gateway.qa.skills.skill import Skill

PRIOR_RIGHT, PRIOR_WRONG = 18.0, 2.0
"""The counts of a worker of whom nothing is known: one field in ten is wrong.

MobileWorks found 11 % with one entry, and Patnaik et al. (2009) 4.5 to 4.8 % by SMS. A new worker
is taken for no better than the worse of both.
"""
Z_UPPER = 1.96
"""The quantile of the upper limit: 97.5 % one-sided."""


def error_rate(skill: Skill) -> float:
    """Return the expected share of wrong fields.

    >>> error_rate(Skill()), round(error_rate(Skill(right=180)), 3)
    (0.1, 0.01)
    """
    wrong = skill.wrong + PRIOR_WRONG
    return wrong / (skill.right + PRIOR_RIGHT + wrong)


def error_limit(right: float, wrong: float) -> float:
    """Return the upper limit of an error rate (Wilson 1927); 1 where nothing was counted.

    >>> error_limit(0, 0), round(error_limit(400, 0), 4), round(error_limit(95, 5), 3)
    (1.0, 0.0095, 0.112)
    """
    seen = right + wrong
    if seen <= 0:
        return 1.0
    share, z2 = wrong / seen, Z_UPPER * Z_UPPER
    spread = Z_UPPER * sqrt(share * (1.0 - share) / seen + z2 / (4.0 * seen * seen))
    return min(1.0, (share + z2 / (2.0 * seen) + spread) / (1.0 + z2 / seen))
