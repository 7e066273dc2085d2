"""The model by which an accuracy is promised: the answers of a crowd to questions it has not seen.

The questions of a batch are simulated. Workers are drawn from the crowd by the answers they can be
expected to give. How often a worker is right is drawn from what is known of her, which is a Beta
distribution (`gateway.qa.skills.skill`). A question is easier or harder for all its workers: the
log-odds of being right are shifted by a normal variable, as in the model of Rasch (1960). Its
spread follows from the share of variance that errors have in common (`shared_error`, the
intra-class correlation). Among several wrong options one is preferred by all. The answers of a
question come one after the other and are judged as the online judge does.

Several such batches are simulated, each with its own draw of skills and of the shared error, since
neither is known exactly. A crowd of which little was measured may be better or worse than crowds
usually are, so all of its skills are shifted together by a draw. The spread of the accuracies is
the uncertainty of the prediction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, pi, sqrt

import numpy as np

from gateway.qa.checks.promise import (
    ANSWERS_MAX,
    SHARED_MAX,
    SHARED_MIN,
    CrowdSkill,
    SharedWrong,
)
from gateway.qa.port import Flags, Floats
from gateway.qa.skills.skill import PRIOR_RIGHT, PRIOR_WRONG, SKILL_MAX

DRAWS, QUESTIONS = 40, 400
"""The simulated batches, and the questions of each."""
WORKERS_MAX = 300
"""The simulated workers of one batch. A larger crowd is drawn from."""
PREFERRED_WRONG = 0.75
"""The share of wrong answers that go to the wrong option which most workers prefer."""
CROWD_DEVIATION, CROWD_WORTH = 0.45, 60.0
"""The standard deviation of the log-odds of whole crowds, and the answers that weigh as much.

Published crowds have median workers who are right in 61 to 92 % of their answers.
"""
_CHANCE_MIN = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedAnswers:
    """The simulated state of each question after each answer.

    The arrays have the axes batch, question and answer.
    """

    confidence: Floats
    """The posterior of the leading option, as the online judge computes it."""
    right: Flags
    """True where the leading option is right."""


def simulated(
    crowd: Sequence[CrowdSkill],
    options: int,
    shared: SharedWrong,
    *,
    seed: int = 0,
    answers: int = ANSWERS_MAX,
) -> SimulatedAnswers:
    """Return the simulated questions of `DRAWS` batches. Equal arguments give equal results."""
    random = np.random.default_rng(seed)
    weights = np.array([one.workers for one in crowd], np.float64)
    known = np.array([(one.skill.right, one.skill.wrong) for one in crowd], np.float64)
    confidence = np.empty((DRAWS, QUESTIONS, answers))
    right = np.empty((DRAWS, QUESTIONS, answers), np.bool_)
    total: float = sum(one.workers for one in crowd)
    people = int(min(WORKERS_MAX, max(1.0, total)))
    evidence_all = float((known.sum(1) * weights).sum() / weights.sum()) * people
    unknown = CROWD_DEVIATION / sqrt(1.0 + evidence_all / CROWD_WORTH)
    for draw in range(DRAWS):
        drawn = random.choice(len(crowd), people, p=weights / weights.sum())
        evidence: Floats = known[drawn] + np.array((PRIOR_RIGHT, PRIOR_WRONG))
        shift = float(random.normal(0.0, unknown))
        skill = _chance(_logit(random.beta(evidence[:, 0], evidence[:, 1])) + shift)
        error = shared.shared_error * np.exp(random.normal(0.0, shared.deviation))
        spread = _spread(min(max(float(error), SHARED_MIN), SHARED_MAX), float(skill.mean()))
        who = random.integers(people, size=(QUESTIONS, answers))
        harder = random.normal(0.0, spread, (QUESTIONS, 1))
        # The shift widens the distribution, so the mean is stretched to stay where it was.
        odds = _logit(skill[who]) * np.sqrt(1.0 + spread * spread * 3.0 / (pi * pi)) + harder
        is_right = random.random((QUESTIONS, answers)) < _chance(odds)
        option = _options(random, is_right, options)
        weight = _weights(evidence[:, 0] / evidence[:, 1], options)[who]
        confidence[draw], right[draw] = _judged(option, weight, options)
    return SimulatedAnswers(confidence, right)


def _spread(shared_error: float, skill: float) -> float:
    """Return the standard deviation of the difficulty on the scale of log-odds.

    A spread of s moves the chance p of a question by about s p (1 - p), the slope of the logistic
    curve. So the errors of two workers share r = v / (1 + v) of their variance, with
    v = s^2 p (1 - p) (Goldstein, Browne and Rasbash 2002, method of the Taylor series).
    """
    variance = max(skill * (1.0 - skill), 0.05)
    return float(np.sqrt(shared_error / ((1.0 - shared_error) * variance)))


def _logit(chance: Floats) -> Floats:
    held = np.clip(chance, _CHANCE_MIN, 1.0 - _CHANCE_MIN)
    return np.log(held / (1.0 - held))


def _chance(odds: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-odds))


def _options(random: np.random.Generator, is_right: Flags, options: int) -> Floats:
    """Return the chosen option of each answer: 0 is right, 1 is the preferred wrong one."""
    if options <= 2:  # noqa: PLR2004  # yes or no
        return np.where(is_right, 0, 1)
    others = random.integers(2, options, is_right.shape)
    preferred = random.random(is_right.shape) < PREFERRED_WRONG
    return np.where(is_right, 0, np.where(preferred, 1, others))


def _weights(odds: Floats, options: int) -> Floats:
    """Return the log-odds that the judge gives to each worker's answer (`option_belief`)."""
    most = SKILL_MAX / (1.0 - SKILL_MAX)
    return np.maximum(0.0, np.log(np.minimum(odds, most)) + log(max(1, options - 1)))


def _judged(option: Floats, weight: Floats, options: int) -> tuple[Floats, Flags]:
    """Return the confidence and the rightness of the leading option after each answer."""
    chosen = option[:, :, None] == np.arange(max(2, options))[None, None, :]
    scores = np.cumsum(chosen * weight[:, :, None], axis=1)
    top = scores.max(2)
    chances = np.exp(scores - top[:, :, None])
    # The first of equal options wins a tie at random: the right one in half of the cases.
    best = scores[:, :, 0] - scores[:, :, 1:].max(2)
    even = (np.arange(len(option)) % 2 == 0)[:, None]
    return 1.0 / chances.sum(2), (best > 0.0) | ((best == 0.0) & even)
