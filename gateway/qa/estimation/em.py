"""The loop that the learning rules share: guess the truths, learn the workers, guess again."""

from collections.abc import Callable, Mapping

import numpy as np

from gateway.qa.estimation.sums import AnswerSums, sums_of
from gateway.qa.port import UNKNOWN, Answers, Codes, Estimate, Floats, gold_codes, read_posterior

CLASS_PRIOR = 1.0  # The number of imaginary tasks of every class.
ROUNDS_MAX = 50
CONTENT = 1e-3  # The loop stops when no posterior moves by more.
# It also stops when all move by less on average: one that wavers need not delay 20,000.
CONTENT_MEAN = 2e-5
CHANCE_MIN = 1e-300  # It keeps a logarithm finite, and is far below any probability that matters.


def expectation_maximisation(
    answers: Answers,
    gold: Mapping[str, str] | None,
    learn: Callable[[Floats], Floats],
    start: Floats | None = None,
    beside: Floats | None = None,
) -> Estimate:
    """Start from the shares of votes, or `start`, and alternate until the posteriors stand still.

    `learn` turns expected counts into chances of the same shape. `[w, k, o]` is the chance that
    worker `w` says `o` when the truth is `k`. Rows need not sum to 1. `beside` are log likelihoods
    of each task's options from elsewhere, which are not learned here.
    """
    sums = sums_of(answers)
    truth = gold_codes(answers, gold)
    ones = np.ones(len(answers.tasks))
    posterior = shares(sums, truth) if start is None else _certain(start.copy(), truth)
    confusion = learn(sums.counts(posterior))
    for _ in range(ROUNDS_MAX):
        before = posterior
        classes = ones @ posterior + CLASS_PRIOR
        evidence = sums.evidence(logs(confusion))
        if beside is not None:
            evidence = evidence + beside
        posterior = posteriors(evidence, truth, logs(classes / classes.sum()))
        confusion = learn(sums.counts(posterior))
        before -= posterior
        moved = np.abs(before, out=before)
        if moved.max() < CONTENT or moved.mean() < CONTENT_MEAN:
            break
    return read_posterior(answers, posterior, confusion / confusion.sum(2, keepdims=True))


def shares(sums: AnswerSums, truth: Codes) -> Floats:
    """Return the share of the votes per option.

    One more vote is spread over all options first (Laplace).
    """
    votes = sums.votes() + 1.0 / sums.options
    return _certain(votes / votes.sum(1, keepdims=True), truth)


def posteriors(log_weights: Floats, truth: Codes, log_classes: Floats | None = None) -> Floats:
    """Return rows of log weights, plus those of the options themselves, as probabilities.

    Gold becomes certain.
    """
    # The table is transposed, because NumPy reduces a long axis several times faster than a short
    # one.
    weights = np.ascontiguousarray(log_weights.T)
    if log_classes is not None:
        weights += log_classes[:, None]
    weights -= weights.max(0)
    np.exp(weights, out=weights)
    weights /= weights.sum(0)
    return _certain(np.ascontiguousarray(weights.T), truth)


def logs(probabilities: Floats) -> Floats:
    """Return the natural logarithm, finite for zero."""
    return np.log(np.maximum(probabilities, CHANCE_MIN))


def _certain(posterior: Floats, truth: Codes) -> Floats:
    known = np.flatnonzero(truth != UNKNOWN)
    posterior[known] = 0.0
    posterior[known, truth[known]] = 1.0
    return posterior
