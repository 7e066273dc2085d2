"""The detection of a worker who is getting worse.

It is a running sum that forgets good days and adds up bad ones: Page's CUSUM ("Continuous
inspection schemes", 1954). It is the log-likelihood ratio of "has fallen by `FALL`" against "is as
good as ever", never below zero. There is one number per worker and kind, kept with the skill. Each
gold or well-settled answer moves it.
"""

from math import log

from gateway.qa.skills.skill import Skill

FALL = 0.25  # The decline to be noticed, in the share of right answers.
# A steady worker of .85 reaches it once in a thousand gold answers. One that fell to .6 reaches it
# after 23.
ALARM = 4.0
RIGHT_MIN, RIGHT_MAX = 0.05, 0.97


def drift_after(drift: float, skill: Skill, *, right: bool, weight: float = 1.0) -> float:
    """Return the sum after one more answer of a worker whose skill was `skill` before it.

    `weight` is 1 for gold. It is less for an answer that only other answers show to be right or
    wrong.

    >>> drift_after(0.0, Skill(), right=True), round(drift_after(0.0, Skill(), right=False), 2)
    (0.0, 0.69)
    """
    usual = min(max(skill.mean, FALL + RIGHT_MIN), RIGHT_MAX)
    fallen = usual - FALL
    step = log(fallen / usual) if right else log((1.0 - fallen) / (1.0 - usual))
    return max(0.0, drift + weight * step)


def drifting(drift: float) -> bool:
    """Return True when the decline is beyond bad luck.

    The worker then receives more gold, and an operator of the gateway may want to ask why.
    """
    return drift >= ALARM
