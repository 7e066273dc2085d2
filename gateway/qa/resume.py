"""Estimating a batch again while answers come in: begin where the last estimate stood.

A few hundred new answers among thousands move little, so the rules settle in a few rounds instead
of dozens. What a batch is closed with starts afresh, since it must not depend on when somebody
looked.
"""

import numpy as np

from gateway.qa.em import shares
from gateway.qa.port import UNKNOWN, Answers, Estimate, Floats
from gateway.qa.sums import sums_of


def start(answers: Answers, before: Answers, estimate: Estimate) -> Floats:
    """A posterior to begin from: `estimate`'s for tasks and options it knew, votes for the rest.

    Pass it to a rule as `start`.
    """
    unknown = np.full(len(answers.tasks), UNKNOWN, np.intp)
    begin = shares(sums_of(answers), unknown)
    columns = [
        answers.options.index(option) for option in before.options if option in answers.options
    ]
    if len(columns) < len(answers.options):
        return begin  # a new option: what was believed before left it out
    place = {task: row for row, task in enumerate(before.tasks)}
    known = [row for row, task in enumerate(answers.tasks) if task in place]
    old = [place[answers.tasks[row]] for row in known]
    kept = [n for n, option in enumerate(before.options) if option in answers.options]
    believed = estimate.posterior[old][:, kept] + 1e-12
    begin[np.ix_(known, columns)] = believed / believed.sum(1, keepdims=True)
    return begin
