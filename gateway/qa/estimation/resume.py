"""The repeated estimation of a batch while answers come in, which starts at the last estimate.

A few hundred new answers among thousands move little, so the rules settle in a few rounds instead
of dozens. The estimate that closes a batch starts afresh, because it must not depend on when the
results were read before.
"""

import numpy as np

from gateway.qa.estimation.em import shares
from gateway.qa.estimation.sums import sums_of
from gateway.qa.port import UNKNOWN, Answers, Estimate, Floats


def start(answers: Answers, before: Answers, estimate: Estimate) -> Floats:
    """Return a posterior to begin from.

    It is `estimate`'s for known tasks and options, and votes for the rest. Pass it to a rule as
    `start`.
    """
    unknown = np.full(len(answers.tasks), UNKNOWN, np.intp)
    begin = shares(sums_of(answers), unknown)
    columns = [
        answers.options.index(option) for option in before.options if option in answers.options
    ]
    if len(columns) < len(answers.options):
        return begin  # There is a new option, which the earlier beliefs left out.
    place = {task: row for row, task in enumerate(before.tasks)}
    known = [row for row, task in enumerate(answers.tasks) if task in place]
    old = [place[answers.tasks[row]] for row in known]
    kept = [n for n, option in enumerate(before.options) if option in answers.options]
    believed = estimate.posterior[old][:, kept] + 1e-12
    begin[np.ix_(known, columns)] = believed / believed.sum(1, keepdims=True)
    return begin
