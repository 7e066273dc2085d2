"""The workers' skills as a whole batch shows them.

The judge of single answers starts from them.
"""

import numpy as np

from gateway.qa.port import Answers, Estimate
from gateway.qa.skills.skill import CONSENSUS_WEIGHT, Skill


def relearned(answers: Answers, estimate: Estimate) -> dict[str, Skill]:
    """Return every worker's skill from the batch's posteriors, at the weight of a consensus.

    This is the whole evidence of the batch. It replaces what its answers taught one by one.
    """
    workers = len(answers.workers)
    agreement = estimate.posterior[answers.task, answers.option]
    given = np.bincount(answers.worker, minlength=workers) * CONSENSUS_WEIGHT
    right = np.bincount(answers.worker, agreement, workers) * CONSENSUS_WEIGHT
    return {
        worker: Skill(float(right[code]), float(given[code] - right[code]))
        for code, worker in enumerate(answers.workers)
    }
