"""The share of mistakes that go to one wrong option, and how much less agreement then means.

With more than two options, the rules take any wrong option as equally likely for a mistake. Then
two answers that agree are strong evidence. Recorded crowds do not err like that. Most questions
have one tempting wrong option, and workers agree on it. The votes show how far, without any truth:
how often do two of the answers that are not for the leading option of a task agree? Where mistakes
spread evenly over the K - 1 wrong options, that is 1 / (K - 1). Where they all go to one option, it
is 1.

Of two options one is right, and nothing can be read: the temperature is then 1.
"""

import numpy as np

from gateway.qa.port import Floats

TWO = 2
# Before any votes are seen, mistakes are taken to go to one option in this share of the cases. It
# counts as much as `PAIRS` pairs of mistakes that were seen. Halves or doubles of either change the
# error by .001.
TEMPTED, PAIRS = 0.5, 20.0
AGREEMENT_MAX, ABOVE_CHANCE_MIN = 0.97, 0.05
HOTTEST = 3.0


def agreement_of_mistakes(votes: Floats) -> float:
    """Return the chance that two answers besides the leading option of a task agree.

    `votes[t, k]` are the votes of task `t` for option `k`.
    """
    evenly = 1.0 / max(1, votes.shape[1] - 1)
    ordered = np.sort(votes, 1)
    # Only tasks count where all mistakes could be alike without leading. Otherwise those that agree
    # would be missing.
    others = ordered[ordered[:, :-1].sum(1) <= ordered[:, -1], :-1]
    mistakes = others.sum(1)
    agreeing = float((others * (others - 1.0)).sum())
    seen = float((mistakes * (mistakes - 1.0)).sum())
    before = evenly + TEMPTED * (1.0 - evenly)
    return max(evenly, (agreeing + PAIRS * before) / (seen + PAIRS))


def shared_wrong_temperature(votes: Floats, agreement: float) -> float:
    """Return the divisor of log-odds that take mistakes as evenly spread, from 1 to `HOTTEST`.

    `agreement` is the share of all answers that are for the value of their task. The temperature is
    the evidence of one answer where mistakes spread evenly, over its evidence where they agree as
    these do.
    """
    options = votes.shape[1]
    if options <= TWO:
        return 1.0
    right = min(max(agreement, 1.0 / options + ABOVE_CHANCE_MIN), AGREEMENT_MAX)
    odds = right / (1.0 - right)
    taken = np.log(odds * (options - 1))
    meant = np.log(odds / agreement_of_mistakes(votes))
    return float(min(max(1.0, taken / max(meant, taken / HOTTEST)), HOTTEST))
