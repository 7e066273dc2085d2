"""The effect of one answer on its task: the next paid slot, the verdict, the earning.

It is pure except for the shape of its inputs.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache

from gateway.base.ids import AccountId, AssignmentId, TaskId
from gateway.conversation.facts import Answered
from gateway.payments.ledger import postings
from gateway.qa.judging.overlap import (
    CONFIDENCE,
    DEFAULT_PRICES,
    AnswerPrices,
    FixedOverlap,
    Policy,
    judge,
    parse_policy,
)
from gateway.qa.judging.verdict_effect import (
    AnswerCounts,
    Judgement,
    TaskEffect,
    effect_of,
    judgement_record,
)
from gateway.qa.skills.skill import Skill
from gateway.steps.quality.answer_price import Better, market
from gateway.steps.quality.comparison import compared_as
from gateway.steps.quality.rulings import version_of
from gateway.steps.runtime import Runtime
from gateway.store.batches.batches import Batch
from gateway.store.db import Write
from gateway.store.turns import turns
from gateway.store.turns.situation import TurnRow


def answer_part(rt: Runtime, row: TurnRow, batch: Batch, fact: Answered, via: str) -> Write:
    """Return the row changes of an answer to the question that was read in `row`."""
    worker = row.worker
    gold = row.held_gold
    value = batch.handling.same.get(fact.value, fact.value)
    answered = turns.AnswerRow(
        assignment=AssignmentId(fact.assignment),
        assignment_was=row.held_state,
        task=TaskId(fact.task),
        answered=row.held_answered,
        wanted=row.held_wanted,
        worker=worker,
        gold_kind=batch.kind if batch.gold_rate else None,
        via=via,
        said=fact.said,
        value=value,
        right=None if gold is None else is_right(rt, batch, value, gold),
        capped=batch.capped,
    )
    after = _after(rt, row, batch, value, via)
    if batch.handling.min_skill and gold is None and after.state == "open":
        # The task stays closed to other workers, whatever a verdict says about better ones.
        after = replace(after, skill_wanted=batch.handling.min_skill, better_until=None)
    price_minor = batch.told_price_minor(row.record["held"] if row.record else None)
    earning = postings.earn(answered.assignment, batch.id, worker, price_minor, batch.currency)
    return turns.record_answer(
        answered,
        after,
        earning,
        batch.hold_account,
        AccountId(row.account_id),
    )


def _after(rt: Runtime, row: TurnRow, batch: Batch, value: str, via: str) -> TaskEffect:
    given = row.held_answered + 1
    wanted = row.held_wanted
    if given < wanted:
        return TaskEffect("open", wanted)
    if row.held_gold is not None:
        return TaskEffect("decided", wanted, row.held_gold, 1.0, "gold")
    votes = [*(row.vote_values or ()), value]
    if isinstance(policy_of(batch, row.held_maximum), FixedOverlap):
        offers = DEFAULT_PRICES  # A fixed number of answers is asked for at any price.
    else:
        offers = market(rt, batch, row.held_text, via, _better(row))
    judgement = judged(rt, batch, votes, _skills(row, batch), row.held_maximum, offers)
    # The worker of this answer held the last of the wanted questions, so that no other is held.
    after = effect_of(judgement, AnswerCounts(given, given - len(votes), 0, row.held_maximum))
    if after.state == "open" and weighs_predictions(batch):
        # A job looks whether the prediction makes it sure, before any other worker is asked.
        return replace(after, wanted=given, skill_wanted=None, better_until=None)
    return after


def weighs_predictions(batch: Batch) -> bool:
    """Return True if the batch's predictions are weighed before another worker is asked."""
    return batch.handling.use_predictions and batch.policy == "dynamic"


def judged(
    rt: Runtime,
    batch: Batch,
    values: Sequence[str],
    skills: Sequence[Skill],
    available: int,
    offers: AnswerPrices,
    beside: Sequence[float] = (),
) -> Judgement:
    """Judge the answers of a task of this batch by its current ruling.

    `available` is the number of answers for which the task has paid slots. `beside` is
    what a prediction says of each option.
    """
    verdict = judge(
        rt.kind_of(batch.kind).ANSWERS,
        values,
        skills,
        batch.option_ids,
        policy_of(batch, available),
        language=compared_as(rt.kind_of, batch),
        market=offers,
        beside=beside,
    )
    now, ruling = rt.clock.now(), version_of(batch)
    return Judgement(
        verdict,
        ruling,
        judgement_record(now, ruling, skills, verdict),
        now + timedelta(seconds=batch.lease_s) if verdict.skill_wanted else None,
    )


def _skills(row: TurnRow, batch: Batch) -> list[Skill]:
    """Return the skills of the workers who answered, in the order of their answers.

    The skill of the worker of this answer is last.
    """
    rights, wrongs = row.vote_rights or (), row.vote_wrongs or ()
    skills = [Skill(right, wrong) for right, wrong in zip(rights, wrongs, strict=True)]
    return [*skills, row.skill_at(batch.kind).skill]


def _better(row: TurnRow) -> Better | None:
    found = row.held_better
    return None if found is None else Better(found, row.held_better_by_sms)


@lru_cache(maxsize=256)
def policy_of(batch: Batch, available: int) -> Policy:
    """Return the batch's overlap policy for a task that may have `available` paid answers."""
    return parse_policy(
        batch.policy, available=available, confidence=batch.confidence or CONFIDENCE
    )


def is_right(rt: Runtime, batch: Batch, value: str, truth: str) -> bool:
    """Return True if an answer agrees with the known truth.

    A typed answer may differ from it by a typing error.
    """
    return rt.kind_of(batch.kind).ANSWERS.same(value, truth, compared_as(rt.kind_of, batch))
