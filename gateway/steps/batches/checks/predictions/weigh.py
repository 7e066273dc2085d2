"""The weighing of predictions: tasks with enough answers so far are judged with the model's one.

An answer turn reads no prediction. Where its judge would ask one more worker, it leaves the task
parked: open, with as many answers as it wants. This job judges parked tasks with the prediction,
and either decides them or lets the next worker be asked.
"""

from collections.abc import Sequence

import numpy as np

from gateway.qa.judging.verdict_effect import AnswerCounts, TaskEffect, effect_of
from gateway.qa.port import Floats
from gateway.qa.skills.model_trust import (
    ModelTrust,
    code_of,
    learned,
    predicted_codes,
    untrusted,
)
from gateway.qa.skills.skill import SKILL_MAX, Skill
from gateway.steps.quality.answer_price import market
from gateway.steps.quality.judge import judged, weighs_predictions
from gateway.steps.quality.rulings import version_of
from gateway.steps.retry import until_settled
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.quality import predictions, rejudging
from gateway.store.quality.predictions import AnsweredTask, ParkedTask

SLICE = 500
_SLICES_MAX = 40
_SAYS_SOMETHING = 0.01
"""The least log likelihood at which a prediction counts as used."""


async def weigh(rt: Runtime, batch_id: str) -> int:
    """Judge the parked tasks of a batch with their predictions; return how many that were."""
    batch = await rt.batches.fresh(batch_id)
    trust = await learn_trust(rt, batch)
    done = 0
    for _ in range(_SLICES_MAX):
        some = await until_settled(lambda: _slice(rt, batch, trust))
        done += some
        if some < SLICE:
            break
    return done


async def learn_trust(rt: Runtime, batch: Batch) -> ModelTrust:
    """Return the trust in the batch's model, learned again where enough has come since."""
    options, now = batch.option_ids, rt.clock.now()
    known = await predictions.trust(rt.db, batch.id, options)
    if known is not None:
        since = now - predictions.relearn_after(known.tasks)
        if await predictions.is_learned_since(rt.db, batch.id, options, since):
            return known
    tasks = await predictions.answered_tasks(rt.db, batch.id)
    found = trust_in(tasks, options)
    async with rt.db.transaction() as db:
        await predictions.keep_trust(db, batch.id, options, found, now)
    return found


def trust_in(tasks: Sequence[AnsweredTask], options: Sequence[str]) -> ModelTrust:
    """Return the trust that predictions of these tasks have earned."""
    if not tasks:
        return untrusted(len(options))
    said = {str(n): one.predicted for n, one in enumerate(tasks)}
    workers = np.array([_believed(one, options) for one in tasks])
    return learned(workers, predicted_codes(list(said), options, said))


def _believed(task: AnsweredTask, options: Sequence[str]) -> Floats:
    """Return the chance of each option by the answers alone, or by the gold."""
    if task.gold is not None:
        return np.array([float(option == task.gold) for option in options])
    scores = np.zeros(len(options))
    for value, right, wrong in zip(task.values, task.rights, task.wrongs, strict=True):
        if value in options:
            sure = min(Skill(right, wrong).mean, SKILL_MAX)
            odds = max(1.0, sure / (1.0 - sure) * max(1, len(options) - 1))
            scores[options.index(value)] += np.log(odds)
    chances = np.exp(scores - scores.max())
    return chances / chances.sum()


async def _slice(rt: Runtime, batch: Batch, trust: ModelTrust) -> int:
    async with rt.db.transaction() as db:
        rows = await predictions.lock_parked(db, batch.id, SLICE)
        after = [(task.id, *_after(rt, batch, task, trust)) for task in rows]
        outcomes = [(task, effect) for task, effect, _ in after]
        least = batch.handling.min_skill or None
        await rejudging.write_outcomes(db, outcomes, version_of(batch), least)
        used = [task for task, effect, says in after if says and effect.state != "open"]
        await predictions.mark_used(db, used)
    return len(rows)


def _after(
    rt: Runtime, batch: Batch, task: ParkedTask, trust: ModelTrust
) -> tuple[TaskEffect, bool]:
    """Return the state of a parked task, and whether its prediction said something."""
    beside = evidence_of(batch, trust, task.predicted)
    skills = [Skill(right, wrong) for right, wrong in zip(task.rights, task.wrongs, strict=True)]
    offers = market(rt, batch, task.text, task.via)
    judgement = judged(rt, batch, task.values, skills, task.maximum, offers, beside)
    void = task.answered - len(task.values)
    counts = AnswerCounts(task.answered, void, 0, task.maximum)
    return effect_of(judgement, counts), any(abs(one) > _SAYS_SOMETHING for one in beside)


def evidence_of(batch: Batch, trust: ModelTrust, predicted: str | None) -> tuple[float, ...]:
    """Return what a prediction says of each option of the batch; nothing without one."""
    code = code_of(predicted, batch.option_ids)
    if code is None or not weighs_predictions(batch):
        return ()
    return tuple(trust.evidence(np.array([code]))[0].tolist())
