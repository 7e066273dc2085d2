"""The rule EBCC: every option has kinds of questions, and workers err by kind.

It is classifier combination with correlated errors: Li, Rubinstein and Cohn, "Exploiting worker
correlation for label aggregation in crowdsourcing" (ICML 2019), by variational Bayes. Questions
with the same true option fall into a few kinds (easy ones, ones that look like another option).
Workers who read the same kind make the same mistakes. So answers are independent only within a
kind. A shared mistake is not taken for agreement, nor for another class.

At first the kinds of a task are drawn from a hash of its name. The mean over several such starts is
returned: neither the order of the answers nor the workers' names matter.
"""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gateway.qa.estimation.draws import uniform
from gateway.qa.estimation.em import shares
from gateway.qa.estimation.sums import AnswerSums, sums_of
from gateway.qa.port import (
    UNKNOWN,
    Answers,
    Codes,
    Estimate,
    Flags,
    Floats,
    gold_codes,
    read_posterior,
)
from gateway.qa.rules.ibcc import digamma

Halves: TypeAlias = NDArray[np.float32]
KINDS = 8  # The number of kinds of questions in all, spread evenly over the options and rounded up.
# The number of imaginary answers of every worker to every kind: right four times of five.
PRIOR_RIGHT, PRIOR_WRONG = 4.0, 1.0
# The number of imaginary tasks per option, spread over its kinds: few kinds explain most.
PRIOR_KIND = 0.1
PRIOR_CLASS = 1.0
BEGINNINGS, MANY_ANSWERS = 3, 50_000  # One start is enough where there are many answers.
ROUNDS_MAX = 60
CONTENT = 2e-3  # The loop stops when no chance of an option moves by more.
CONTENT_MEAN = 6e-5  # It also stops when all move by less on average.


def aggregate(
    answers: Answers, gold: Mapping[str, str] | None = None, start: Floats | None = None
) -> Estimate:
    """Learn kinds and matrices by variational Bayes.

    See `gateway.qa.port.Rule`.
    """
    sums = sums_of(answers)
    truth = gold_codes(answers, gold)
    begin = shares(sums, truth) if start is None else start
    # With one answer per task, nothing is known of any worker or kind.
    if len(answers) == sums.tasks:
        return read_posterior(answers, begin, _unlearnt(sums))
    beginnings = BEGINNINGS if len(answers) < MANY_ANSWERS else 1
    found = [_learnt(sums, truth, begin, _kinds(answers, number)) for number in range(beginnings)]
    posterior, confusion = (
        np.mean([one[part] for one in found], axis=0) for part in range(len(found[0]))
    )
    return read_posterior(answers, posterior, confusion)


def _prior(options: int) -> Floats:
    """Return the imaginary answers of every worker, `[k, o]`."""
    same = np.eye(options)
    return PRIOR_RIGHT * same + PRIOR_WRONG / max(1, options - 1) * (1.0 - same)


def _unlearnt(sums: AnswerSums) -> Floats:
    """Return the matrices of unknown workers, `[w, k, o]`."""
    prior = _prior(sums.options)
    return np.tile(prior / prior.sum(1, keepdims=True), (sums.workers, 1, 1))


def _kinds(answers: Answers, beginning: int) -> Floats:
    """Return the first shares of the kinds per task, evenly drawn, `[t, 1, m]`.

    They are alike for all options, whatever their names.
    """
    kinds = -(-KINDS // len(answers.options))
    drawn = -np.log(uniform(answers.tasks, beginning, kinds))
    return (drawn / drawn.sum(1, keepdims=True))[:, None, :]


def _learnt(sums: AnswerSums, truth: Codes, begin: Floats, kinds: Floats) -> tuple[Floats, Floats]:
    """Return the posterior `[t, k]`, and the matrices `[w, k, o]` with the kinds averaged out."""
    options, known, of_option = sums.options, truth != UNKNOWN, kinds.shape[2]
    # Half of the digits are enough: chances are compared to a thousandth, and the sums over answers
    # take all the time.
    chances = _certain((begin[:, :, None] * kinds).astype(np.float32), truth, known)
    prior = _prior(options)
    of_kinds = np.repeat(np.eye(options, dtype=np.float32), of_option, axis=0)
    posterior = _rows(chances, sums.tasks) @ of_kinds
    counts = np.empty(0)
    for _ in range(ROUNDS_MAX):
        # `[w, o, k, m]` has a row of the sums per worker and answer, as `AnswerSums` groups them.
        said = sums.said(_rows(chances, sums.tasks)).astype(np.float64)
        counts = said.reshape(sums.workers, options, options, of_option) + prior.T[None, :, :, None]
        evidence = digamma(counts) - digamma(counts.sum(1))[:, None]
        heard = sums.heard(_rows(evidence.astype(np.float32), sums.workers * options))
        heard += _log_shares(chances).astype(np.float32).reshape(1, heard.shape[1])
        chances = _certain(_chances(heard).reshape(chances.shape), truth, known)
        before, posterior = posterior, _rows(chances, sums.tasks) @ of_kinds
        moved = np.abs(before - posterior)
        if moved.max() < CONTENT or moved.mean() < CONTENT_MEAN:
            break
    share = chances.sum(0, dtype=np.float64) + PRIOR_KIND / of_option
    share /= share.sum(1, keepdims=True)
    rows = counts / counts.sum(1, keepdims=True)
    posterior = posterior.astype(np.float64)
    posterior /= posterior.sum(1, keepdims=True)
    return posterior, np.einsum("wokm,km->wko", rows, share)


def _chances(log_weights: Halves) -> Halves:
    """Return rows of log weights as chances that sum to 1."""
    # The table is transposed, because NumPy reduces a long axis several times faster than a short
    # one.
    weights = np.ascontiguousarray(log_weights.T)
    weights -= weights.max(0)
    np.exp(weights, out=weights)
    weights /= weights.sum(0)
    return np.ascontiguousarray(weights.T)


def _rows(table: Halves, rows: int) -> Halves:
    return table.reshape(rows, table.size // rows)


def _log_shares(chances: Halves) -> Floats:
    """Return the expected logarithms of the shares of options and of their kinds, `[k, m]`."""
    of_class = chances.sum(0, dtype=np.float64)
    log_class = digamma(of_class.sum(1) + PRIOR_CLASS)
    in_class = of_class + PRIOR_KIND / chances.shape[2]
    log_kind = digamma(in_class) - digamma(in_class.sum(1))[:, None]
    return log_class[:, None] + log_kind


def _certain(chances: Halves, truth: Codes, known: Flags) -> Halves:
    """Return the chances with those of gold tasks moved to their truth.

    The shares of its kinds are kept.
    """
    if known.any():
        rows = np.flatnonzero(known)
        kept = chances[rows, truth[rows]]
        kept = np.maximum(kept, 1e-12)
        chances[rows] = 0.0
        chances[rows, truth[rows]] = kept / kept.sum(1, keepdims=True)
    return chances
